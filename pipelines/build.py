"""The steps between the lake and a published copy, each under the writer lock; Dagster only calls them.

The state that one step leaves for the next is on the disk (the ledger, `warehouse/build.json`,
`warehouse/checks/`), so a
run that was killed between two steps is taken up by the next one from what is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from data_quality.documents import SiteFacts, load_fragments, save_fragments, write_site
from data_quality.findings import finding_results
from data_quality.frames import intake_frames, mart_frames, rule_totals
from data_quality.results import CheckResult, MissingResultsError, Status, load_results, save_results
from data_quality.suites import run_rules
from pipelines import asof
from pipelines.inbox import writer_lock
from pipelines.lake import Lake
from pipelines.ledger import Ledger
from pipelines.progress import Reporter
from pipelines.publish import Release, current_release, publish
from pipelines.reference import Registry
from pipelines.settings import Settings
from pipelines.stewardship.door import decisions
from pipelines.stewardship.exclusions import exclusions, write_exclusions
from pipelines.transform import (
    BuildMode,
    BuildPlan,
    BuildResult,
    BuiltState,
    NodeResult,
    TransformError,
    build,
    project_version,
    read_state,
)


@dataclass(frozen=True)
class UnbuiltBatches:
    """Batches that the lake holds and no release shows yet."""

    since_batch_no: int
    through_batch_no: int
    first_month: date | None  # of the reports in them; None when nothing was accepted
    last_month: date | None


def unbuilt_batches(settings: Settings) -> UnbuiltBatches | None:
    """Return the batches after the last published one, or None when there are none."""
    if not settings.ledger.exists():
        return None
    ledger = Ledger(settings.ledger)
    since, through = ledger.built_through(), ledger.latest_batch_no()
    if through <= since:
        return None
    first, last = ledger.report_months(since)
    return UnbuiltBatches(since, through, first, last)


def exclusions_waiting(settings: Settings) -> str | None:
    """Return a name for what stewards exclude when the published release leaves out something else, or None."""
    decided = exclusions(decisions(settings).states()).select("reporter_code", "period", "measure_code").rows()
    release = current_release(settings)
    if release is None:
        return None
    with duckdb.connect(str(settings.published / release.release_id / release.file), read_only=True) as connection:
        known = "select 1 from information_schema.tables where table_name = 'rpt_exclusions'"
        published = (
            connection.execute("select reporter_code, period, measure_code from rpt_exclusions").fetchall()
            if connection.execute(known).fetchone()
            else []
        )
    if sorted(published) == decided:
        return None
    return hashlib.sha256(repr(decided).encode()).hexdigest()[:16]


def checks_pending(settings: Settings) -> bool:
    """Say whether the newest batch is still to be checked: never yet, or not with success.

    A batch that failed is checked again by every run, because a rule may have been corrected since.
    """
    batches = unbuilt_batches(settings)
    if batches is None:
        return False
    try:
        results = load_results(checks_folder(settings), "intake_batch", str(batches.through_batch_no))
    except MissingResultsError:
        return True
    return any(result.is_blocking for result in results)


def checks_folder(settings: Settings) -> Path:
    """Return where check results wait for publication."""
    return settings.warehouse.parent / "checks"


def check_intake(settings: Settings, registry: Registry, checked_at: datetime, reporter: Reporter) -> list[CheckResult]:
    """Check every batch that is not published yet, and keep the results for publication."""
    with reporter.step("Kiểm tra lô tiếp nhận / checking what was taken in"), writer_lock(settings):
        ledger = Ledger(settings.ledger)
        since, through = ledger.built_through(), ledger.latest_batch_no()
        rules = [rule for rule in registry.quality_rules.values() if rule.rule_stage == "intake_batch"]
        documents: dict[str, list[str]] = {}
        scope = f"{since + 1}-{through}"
        results = run_rules(rules, intake_frames(settings.lake, since), scope, checked_at, documents)
        save_fragments(checks_folder(settings), "intake_batch", str(through), documents)
        save_results(checks_folder(settings), "intake_batch", str(through), results)
    return results


def build_warehouse(
    settings: Settings,
    registry: Registry,
    *,
    mode: BuildMode,
    months: tuple[str, ...],
    select: tuple[str, ...],
    checked_at: datetime,
    reporter: Reporter,
) -> BuildResult:
    """Build the warehouse from what the lake holds, and keep the results of dbt's tests for publication.

    A warehouse that was built by other SQL or other definitions, or whose last build did not end, is built
    from nothing; so is one of which nothing was published yet, but for the definitions.
    """
    with reporter.step("Dựng kho dữ liệu / building the warehouse") as step, writer_lock(settings):
        Lake(settings).sweep()
        write_exclusions(settings.exclusions, decisions(settings).states())
        result = build(settings, plan_build(settings, mode, months, select), step)
        rows = _row_counts(settings.warehouse)
        results = [
            _test_result(node, rows, result.state.as_of_date, checked_at, registry) for node in _tests(result.nodes)
        ]
        save_results(checks_folder(settings), "dbt", result.state.build_id, results)
    return result


def plan_build(
    settings: Settings, mode: BuildMode, months: tuple[str, ...] = (), select: tuple[str, ...] = ()
) -> BuildPlan:
    """Return what the next build starts from. Raises TransformError when the lake holds nothing to build from."""
    ledger = Ledger(settings.ledger)
    through = ledger.latest_batch_no()
    as_of_date = ledger.as_of_date()
    if through == 0 or as_of_date is None:
        raise TransformError("The lake holds no accepted data yet; submit files (`niis submit`) and run again.")
    state = read_state(settings)
    since = ledger.built_through()
    is_same_project = state is not None and state.project_version == project_version()
    keeps_definitions = is_same_project and mode != "everything"
    # What was built and never published may hold batches already, and which of them nobody wrote down.
    if not is_same_project or since == 0:
        mode = "everything"
    return BuildPlan(
        since_batch_no=since,
        through_batch_no=through,
        as_of_date=as_of_date.isoformat(),
        mode=mode,
        months=months,
        select=() if mode == "everything" else select,
        keeps_definitions=keeps_definitions,
    )


def check_marts(settings: Settings, registry: Registry, checked_at: datetime, reporter: Reporter) -> list[CheckResult]:
    """Check summary frames of the built marts and what models found, and keep the results for publication."""
    with reporter.step("Kiểm tra số liệu trước phát hành / checking the marts"), writer_lock(settings):
        state = _built_state(settings)
        rules = [rule for rule in registry.quality_rules.values() if rule.rule_stage == "published"]
        documents: dict[str, list[str]] = {}
        results = [
            *run_rules(rules, mart_frames(settings.warehouse), state.as_of_date, checked_at, documents),
            *finding_results(
                rule_totals(settings.warehouse), registry.finding_rules.values(), state.as_of_date, checked_at
            ),
        ]
        save_fragments(checks_folder(settings), "published", state.build_id, documents)
        save_results(checks_folder(settings), "published", state.build_id, results)
    return results


def publish_build(settings: Settings, registry: Registry, built_at: datetime, reporter: Reporter) -> Release:
    """Publish the build whose checks were run, then note in the ledger how far the published copy goes.

    Raises MissingResultsError when the warehouse was built again since it was checked,
    PublicationRefusedError when a blocking check failed.
    """
    with reporter.step("Phát hành / publishing"), writer_lock(settings):
        state = _built_state(settings)
        folder = checks_folder(settings)
        checks = [
            *load_results(folder, "intake_batch", str(state.through_batch_no)),
            *load_results(folder, "dbt", state.build_id),
            *load_results(folder, "published", state.build_id),
        ]
        fragments = {
            **load_fragments(folder, "intake_batch", str(state.through_batch_no)),
            **load_fragments(folder, "published", state.build_id),
        }

        def write_documents(pages: Path, release_id: str) -> None:
            facts = SiteFacts(release_id, state.as_of_date)
            write_site(pages, registry.quality_rules.values(), checks, fragments, facts)

        release = publish(
            settings, state, registry.definition_version, checks, built_at=built_at, write_documents=write_documents
        )
        Ledger(settings.ledger).record_build(state.through_batch_no)
        asof.sweep(settings, registry)
    return release


def _built_state(settings: Settings) -> BuiltState:
    state = read_state(settings)
    if state is None:
        raise TransformError("The warehouse has not been built to its end; run `niis run`.")
    return state


def _tests(nodes: Sequence[NodeResult]) -> list[NodeResult]:
    return [node for node in nodes if node.resource_type == "test"]


def _row_counts(warehouse: Path) -> dict[str, int]:
    """Return the rows of every table of the warehouse; a view is not counted."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return dict(connection.execute("select table_name, estimated_size from duckdb_tables()").fetchall())


def _test_result(
    node: NodeResult, rows: dict[str, int], scope: str, checked_at: datetime, registry: Registry
) -> CheckResult:
    """Return a dbt test in the shape of every other check.

    dbt does not say how many rows a test looked at: it is taken to be the rows of the table that it is
    attached to. A test of an empty table has looked at nothing, and has not passed.
    """
    evaluated = rows.get(node.tested_table or "")
    status: Status
    if node.status in {"error", "runtime error"}:
        status = "error"
    elif node.status == "skipped" or evaluated == 0:
        status = "not_applicable"
    else:
        status = "passed" if node.status == "pass" else "failed"
    words = {
        "error": (f"không kiểm tra được: {node.message}", f"could not be checked: {node.message}"),
        "not_applicable": ("không có gì để kiểm tra", "there was nothing to check"),
        "failed": (f"{node.failures} dòng vi phạm", f"{node.failures} rows contradict it"),
        "passed": ("không có dòng vi phạm", "no row contradicts it"),
    }
    vi, en = words[status]
    told = {"table": node.tested_table or "", **node.words}
    check = registry.warehouse_checks.get(node.check_code)
    name_vi = check.name_vi.format(**told) if check else node.name
    name_en = check.name_en.format(**told) if check else node.name
    return CheckResult(
        rule_code=node.name,
        name_vi=name_vi,
        name_en=name_en,
        dataset=node.tested_table or "warehouse",
        scope=scope,
        violations=None if status == "error" else node.failures,
        evaluated=evaluated,
        threshold=0.0,
        status=status,
        severity="warning" if node.is_warning else "blocking",
        checked_at=checked_at,
        message_vi=f"{name_vi}: {vi}",
        message_en=f"{name_en}: {en}",
    )
