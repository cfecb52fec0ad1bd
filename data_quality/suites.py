"""Great Expectations suites built from the rows of `quality_rules`, run on small pandas frames.

A frame is a summary (one row a submission, an area, an indicator), never the rows of children: results hold
counts only.
Great Expectations is imported when the first suite runs; it takes seconds, and nobody else should pay for it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from data_quality.documents import fragments_of
from data_quality.results import CheckResult, Severity, status_of

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult


class ComputedRule(Protocol):
    """A row of `quality_rules` or `finding_rules`, as far as telling its result needs."""

    @property
    def rule_code(self) -> str: ...  # noqa: D102 - named like the columns of the seed
    @property
    def dataset(self) -> str: ...  # noqa: D102
    @property
    def severity(self) -> str: ...  # noqa: D102
    @property
    def threshold(self) -> float | None: ...  # noqa: D102
    @property
    def name_vi(self) -> str: ...  # noqa: D102
    @property
    def name_en(self) -> str: ...  # noqa: D102
    @property
    def action_vi(self) -> str: ...  # noqa: D102
    @property
    def action_en(self) -> str: ...  # noqa: D102


class Rule(ComputedRule, Protocol):
    """One row of the seed `quality_rules`, as far as running it needs."""

    @property
    def column_name(self) -> str | None: ...  # noqa: D102
    @property
    def expectation(self) -> str: ...  # noqa: D102
    @property
    def kwargs_json(self) -> str: ...  # noqa: D102


class DocumentedRule(ComputedRule, Protocol):
    """A rule as its page tells it: with why it is asked."""

    @property
    def rationale_vi(self) -> str: ...  # noqa: D102
    @property
    def rationale_en(self) -> str: ...  # noqa: D102


# Violations, things evaluated (None when the check could not be carried out), and what went wrong.
Counted = tuple[int | None, int | None, str]


class RuleError(Exception):
    """A row of `quality_rules` cannot be run: it names a frame or an expectation that does not exist."""


def run_rules(
    rules: Iterable[Rule],
    frames: Mapping[str, pl.DataFrame],
    scope: str,
    checked_at: datetime,
    documents: dict[str, list[str]] | None = None,
) -> list[CheckResult]:
    """Check every frame with its rules; return one result a rule, in the order of the rules.

    `scope` says which data the frames show (batches, as-of date); what Great Expectations renders of each dataset is
    put into `documents`. Raises RuleError when a rule names a
    dataset that is not among `frames`.
    """
    ordered = list(rules)
    for rule in ordered:
        if rule.dataset not in frames:
            raise RuleError(
                f"Quality rule {rule.rule_code} names the dataset '{rule.dataset}', which does not exist; "
                f"correct quality_rules.csv (there are: {', '.join(sorted(frames))})."
            )
    found: dict[str, CheckResult] = {}
    for dataset in dict.fromkeys(rule.dataset for rule in ordered):
        of_dataset = [rule for rule in ordered if rule.dataset == dataset]
        frame = frames[dataset]
        counts: list[Counted] = (
            [(0, 0, "") for _ in of_dataset] if frame.is_empty() else _validate(dataset, frame, of_dataset, documents)
        )
        for rule, counted in zip(of_dataset, counts, strict=True):
            found[rule.rule_code] = result_of(rule, counted, scope, checked_at)
    return [found[rule.rule_code] for rule in ordered]


def _validate(
    dataset: str, frame: pl.DataFrame, rules: Sequence[Rule], documents: dict[str, list[str]] | None
) -> list[Counted]:
    """Run one suite; return what each rule counted."""
    import great_expectations as gx  # noqa: PLC0415 - seconds to import
    import great_expectations.expectations as gxe  # noqa: PLC0415
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = (
        context.data_sources.add_pandas(dataset)
        .add_dataframe_asset(dataset)
        .add_batch_definition_whole_dataframe(dataset)
    )
    suite = context.suites.add(gx.ExpectationSuite(name=dataset))
    for rule in rules:
        suite.add_expectation(_expectation(gxe, rule))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=dataset, data=batch, suite=suite))
    outcome = definition.run(
        batch_parameters={"dataframe": frame.to_pandas()}, result_format={"result_format": "BASIC"}
    )
    if documents is not None:
        documents[dataset] = fragments_of(outcome)
    by_rule = {_rule_code(result): result for result in outcome.results}
    return [_counts(by_rule[rule.rule_code]) for rule in rules]


def _expectation(expectations: Any, rule: Rule) -> Any:
    """Return the expectation that a rule names in snake case, with its column and arguments."""
    name = "".join(part.capitalize() for part in rule.expectation.split("_"))
    kind = getattr(expectations, name, None)
    if kind is None:
        raise RuleError(
            f"Quality rule {rule.rule_code} names the expectation '{rule.expectation}', "
            "which Great Expectations does not have; correct quality_rules.csv."
        )
    arguments: dict[str, Any] = json.loads(rule.kwargs_json or "{}")
    if rule.column_name:
        arguments["column"] = rule.column_name
    return kind(**arguments, meta={"rule_code": rule.rule_code})


def _rule_code(result: ExpectationValidationResult) -> str:
    configuration = result.expectation_config
    return str(configuration.meta["rule_code"]) if configuration and configuration.meta else ""


def _counts(result: ExpectationValidationResult) -> Counted:
    """Return what an expectation counted; one that looks at the frame as a whole evaluates one thing."""
    exception = result.exception_info or {}
    if exception.get("raised_exception"):
        return None, None, str(exception.get("exception_message", ""))
    nested = [value for value in exception.values() if isinstance(value, dict) and value.get("raised_exception")]
    if nested:
        return None, None, str(nested[0].get("exception_message", ""))
    counted = result.result or {}
    if "unexpected_count" in counted and "element_count" in counted:
        return (
            int(counted["unexpected_count"]),
            int(counted["element_count"] - counted.get("missing_count", 0)),
            "",
        )
    return int(not result.success), 1, ""


def result_of(rule: ComputedRule, counted: Counted, scope: str, checked_at: datetime) -> CheckResult:
    """Return what a rule counted as a result, with its words; a notice is a warning that nobody waits for."""
    violations, evaluated, problem = counted
    status = status_of(violations, evaluated, rule.threshold)
    severity: Severity = "blocking" if rule.severity == "blocking" else "warning"
    if status == "error":
        vi, en = f"không kiểm tra được: {problem}", f"could not be checked: {problem}"
    elif status == "not_applicable":
        vi, en = "không có gì để kiểm tra", "there was nothing to check"
    else:
        vi, en = f"{violations}/{evaluated} vi phạm", f"{violations} of {evaluated} contradict it"
        if violations:
            vi, en = f"{vi}. {rule.action_vi}", f"{en}. {rule.action_en}"
    return CheckResult(
        rule_code=rule.rule_code,
        name_vi=rule.name_vi,
        name_en=rule.name_en,
        dataset=rule.dataset,
        scope=scope,
        violations=violations,
        evaluated=evaluated,
        threshold=rule.threshold,
        status=status,
        severity=severity,
        checked_at=checked_at,
        message_vi=f"{rule.name_vi}: {vi}",
        message_en=f"{rule.name_en}: {en}",
    )
