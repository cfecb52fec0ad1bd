"""The quality rules of the registry as asset checks: on what was taken in, and on what is about to be published."""

from collections.abc import Iterator, Sequence

import dagster as dg

from data_quality.results import CheckResult
from pipelines.assets.intake import INTAKE_KEY
from pipelines.build import check_intake, check_marts
from pipelines.progress import Reporter
from pipelines.reference import FindingRule, QualityRule, Registry
from pipelines.resources import WRITER_POOL, Clock, Home

# The last relation of the warehouse that a reader sees: what is wrong with the marts shows there.
MARTS_KEY = dg.AssetKey("fct_indicator_values")


def build_checks(registry: Registry) -> list[dg.AssetChecksDefinition]:
    """Return one check a quality rule; blocking ones stop whatever comes after their asset."""
    rules = registry.quality_rules.values()
    by_stage = {stage: [rule for rule in rules if rule.rule_stage == stage] for stage in ("intake_batch", "published")}

    of_marts: list[QualityRule | FindingRule] = [*by_stage["published"], *registry.finding_rules.values()]

    @dg.multi_asset_check(name="intake_quality", specs=_specs(by_stage["intake_batch"], INTAKE_KEY), pool=WRITER_POOL)
    def intake_quality(home: Home, clock: Clock, progress: dg.ResourceParam[Reporter]) -> Iterator[dg.AssetCheckResult]:
        """Check the batches that are not published yet."""
        yield from _report(check_intake(home.settings(), registry, clock.viet_nam_now(), progress), INTAKE_KEY)

    @dg.multi_asset_check(name="mart_quality", specs=_specs(of_marts, MARTS_KEY), pool=WRITER_POOL)
    def mart_quality(home: Home, clock: Clock, progress: dg.ResourceParam[Reporter]) -> Iterator[dg.AssetCheckResult]:
        """Check the marts, and what models found in them, before they are published."""
        yield from _report(check_marts(home.settings(), registry, clock.viet_nam_now(), progress), MARTS_KEY)

    return [intake_quality, mart_quality]


def _specs(rules: Sequence[QualityRule | FindingRule], key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(
            name=rule.rule_code,
            asset=key,
            blocking=rule.severity == "blocking",
            description=f"{rule.name_vi} / {rule.name_en}",
        )
        for rule in rules
    ]


def _report(results: Sequence[CheckResult], key: dg.AssetKey) -> Iterator[dg.AssetCheckResult]:
    for result in results:
        blocking = result.severity == "blocking"
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=result.rule_code,
            passed=result.status in {"passed", "not_applicable"},
            # Dagster lets a failed blocking check of severity WARN pass; only ERROR stops what follows.
            severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
            metadata={
                "status": result.status,
                "violations": -1 if result.violations is None else result.violations,
                "evaluated": -1 if result.evaluated is None else result.evaluated,
                "scope": result.scope,
            },
            description=f"{result.message_vi} / {result.message_en}",
        )
