"""The models alone, over any lake, in a copy of a warehouse that holds the seeds already: a build in seconds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.facilities import read_facilities
from pipelines.identify import identify
from pipelines.inbox import submit, take_in_waiting
from pipelines.progress import SilentReporter
from pipelines.reference import Registry, load_registry
from pipelines.settings import DBT_PROJECT_DIR, Settings, variable_set
from pipelines.transform import parsed_project

RECEIVED_AT = datetime(2026, 4, 5, 12)
VALUE_COLUMNS = (
    "hierarchy_code, area_code, period_type, period, indicator_code, numerator, denominator, value, units_included,"
    " units_expected, value_status, source_code"
)
MATCHED = "_matched"
Row = tuple[Any, ...]


def take_in(settings: Settings, files: Sequence[Path]) -> None:
    """Take files into the lake and make sure that no line of them was rejected."""
    read_facilities(settings.facilities)
    submit(settings, files)
    summary = take_in_waiting(settings, load_registry(), RECEIVED_AT)
    assert (summary.rejected_count, summary.refused_count) == (0, 0), summary


def with_matched(registry: Registry, codes: Sequence[str]) -> Registry:
    """Return the registry that `build_models` builds from when it is given the same codes."""
    indicators = dict(registry.indicators)
    for code in codes:
        changes: dict[str, Any] = {"indicator_code": code + MATCHED, "missing_policy": "matched_units"}
        indicators[code + MATCHED] = replace(registry.indicators[code], **changes)
    copies = [replace(term, indicator_code=term.indicator_code + MATCHED) for term in registry.terms]
    terms = [*registry.terms, *(term for term in copies if term.indicator_code in indicators)]
    return replace(registry, indicators=indicators, terms=terms)


def run_dbt(settings: Settings, warehouse: Path, as_of: date, command: str, *arguments: str) -> Any:
    """Run one dbt command over a home's lake in another warehouse; return dbt's results."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415 - dbt is slow to import
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    variables = {
        "lake_path": str(settings.lake),
        "facilities_path": str(settings.facilities),
        "identity_path": str(settings.identity),
        "as_of_date": as_of.isoformat(),
    }
    target = warehouse.parent / "target"
    quiet = ["--quiet", "--log-level", "none", "--log-level-file", "none"]
    project = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    with variable_set("NIIS_WAREHOUSE", warehouse):
        outcome = dbtRunner(manifest=parsed_project()).invoke(
            [*quiet, command, *arguments, *project, "--target-path", str(target), "--vars", json.dumps(variables)]
        )
        DuckDBConnectionManager.close_all_connections()
    assert outcome.exception is None
    return outcome.result.results


def build_models(settings: Settings, template: Path, as_of: date, matched: Sequence[str] = ()) -> Path:
    """Build everything that values rest on; `template` is a warehouse that was built from the same seeds.

    The indicators of `matched` stand twice in its registry: as they are, and `<code>_matched` over matched units.
    """
    folder = settings.home / "models"
    folder.mkdir(parents=True, exist_ok=True)
    warehouse = folder / "build.duckdb"
    identify(settings, load_registry(), SilentReporter())
    shutil.copy(template, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        for seed in ("indicators", "indicator_terms"):
            policy = ", 'matched_units' as missing_policy" if seed == "indicators" else ""
            connection.execute(
                f"insert into {seed} select * replace (indicator_code || '{MATCHED}' as indicator_code{policy})"
                f" from {seed} where list_contains(?, indicator_code)",
                [list(matched)],
            )
    results = run_dbt(settings, warehouse, as_of, "run", "--full-refresh", "--select", "+fct_indicator_values")
    failed = [f"{item.node.name}: {item.message}" for item in results if str(item.status) != "success"]
    assert not failed, "\n".join(failed)
    return warehouse


def indicator_rows(database: Path, codes: Sequence[str], areas: Sequence[tuple[str, str]]) -> dict[Row, Row]:
    """Return published values of some indicators and areas by tree, area, period type, period and indicator."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            f"select {VALUE_COLUMNS} from fct_indicator_values"
            " where list_contains(?, indicator_code) and list_contains(?, hierarchy_code || ':' || area_code)",
            [list(codes), [f"{tree}:{area}" for tree, area in areas]],
        ).fetchall()
    return {row[:5]: row[5:] for row in rows}
