"""The whole way, from files to published numbers, through real Dagster runs."""

from __future__ import annotations

import csv
import dataclasses
import sqlite3
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipelines.build import plan_build
from pipelines.definitions import build_definitions
from pipelines.inbox import submit, waiting
from pipelines.ledger import Ledger
from pipelines.partitions import range_tags
from pipelines.progress import SilentReporter
from pipelines.publish import current_release, verify_release
from pipelines.reference import QualityRule, Registry, load_registry
from pipelines.resources import Clock, Home, dagster_instance
from pipelines.runner import RunFailedError, run
from pipelines.settings import Settings
from pipelines.transform import state_path
from tests.conftest import FIRST_MONTH, LAST_MONTH, Programme
from tests.orchestration.published import content, difference, query

LATER = Clock(fixed_at="2026-04-06T12:00:00+07:00")


def test_files_become_published_numbers(published_home: Settings, programme: Programme) -> None:
    release = current_release(published_home)
    assert release is not None
    verify_release(published_home, release)
    assert release.release_id.startswith("20260405T050000Z-")
    assert release.is_synthetic
    assert waiting(published_home) == []
    (submissions,) = query(published_home, "select count(*) from rpt_submissions")
    assert submissions == (len({path.read_bytes() for path in programme.files()}),)
    assert query(published_home, "select count(*) > 0 from fct_measure_values where measure_code like 'doses_%'") == [
        (True,)
    ]
    values = query(
        published_home,
        "select count(*) from fct_indicator_values"
        " where area_code = 'VN' and period_type = 'year' and value is not null",
    )
    assert values[0][0]


def test_nothing_personal_is_published(published_home: Settings, programme: Programme) -> None:
    """Names and numbers of persons from the files appear in no text column of the copy."""
    import polars as pl  # noqa: PLC0415

    lake = pl.read_parquet(published_home.lake / "dose_records" / "**" / "*.parquet")
    names = set(lake["full_name"].drop_nulls().head(200).to_list()) | set(
        lake["person_code"].drop_nulls().head(200).to_list()
    )
    assert names
    columns = query(
        published_home,
        "select table_name, column_name from duckdb_columns()"
        " where data_type = 'VARCHAR' and table_name in (select table_name from duckdb_tables())",
    )
    for table, column in columns:
        found = {row[0] for row in query(published_home, f'select distinct "{column}" from "{table}"')}
        assert names.isdisjoint(found), f"{table}.{column}"


def test_every_blocking_rule_and_every_data_test_has_a_result(published_home: Settings) -> None:
    rows = query(published_home, "select rule_code, status, severity from rpt_check_results")
    named = {row[0] for row in rows}
    assert set(load_registry().quality_rules) <= named
    assert len(named) > len(load_registry().quality_rules)
    assert [row for row in rows if row[1] in {"failed", "error"} and row[2] == "blocking"] == []


def test_a_second_run_with_nothing_new_does_nothing(home_copy: Settings) -> None:
    before = current_release(home_copy)
    outcome = run(home_copy, SilentReporter(), clock=LATER)
    assert not outcome.is_new
    assert outcome.release == before


def test_the_same_files_again_change_no_number(home_copy: Settings, programme: Programme) -> None:
    before = content(home_copy)
    submit(home_copy, [programme.submissions])
    run(home_copy, SilentReporter(), clock=LATER)
    assert waiting(home_copy) == []
    assert difference(content(home_copy), before) == {}


def test_a_full_rebuild_gives_the_same_numbers(home_copy: Settings) -> None:
    before = content(home_copy)
    outcome = run(home_copy, SilentReporter(), clock=LATER, mode="everything")
    assert outcome.is_new
    assert difference(content(home_copy), before) == {}


def test_chosen_months_can_be_made_again_from_dagster(home_copy: Settings) -> None:
    """What a person does in Dagster's UI: materialize a range of months, with the default configuration."""
    before = content(home_copy)
    checks = query(home_copy, "select rule_code, status from rpt_check_results order by 1, 2")
    definitions = build_definitions(home=Home(folder=str(home_copy.home)), clock=LATER, progress=SilentReporter())
    with dagster_instance(home_copy) as instance:
        result = definitions.resolve_job_def("build_and_publish").execute_in_process(
            instance=instance, tags=range_tags(FIRST_MONTH, LAST_MONTH), raise_on_error=False
        )
        made = instance.get_materialized_partitions(dg.AssetKey("fct_measure_values"))
    assert result.success
    assert {"2025-05-01", "2025-06-01", "2025-07-01"} <= made
    release = current_release(home_copy)
    assert release is not None
    assert release.release_id.startswith("20260406T050000Z-")
    assert difference(content(home_copy), before) == {}
    assert query(home_copy, "select rule_code, status from rpt_check_results order by 1, 2") == checks


def test_what_was_built_and_never_published_is_built_again_with_what_came_later(home_copy: Settings) -> None:
    plan = plan_build(home_copy, "changed")
    assert (plan.mode, plan.keeps_definitions) == ("changed", True)
    ledger = Ledger(home_copy.ledger)
    assert plan.since_batch_no == ledger.latest_batch_no()
    with sqlite3.connect(home_copy.ledger) as connection:
        connection.execute("delete from builds")
    plan = plan_build(home_copy, "changed")
    assert (plan.since_batch_no, plan.mode, plan.keeps_definitions) == (0, "everything", True)
    assert not plan_build(home_copy, "everything").keeps_definitions
    state_path(home_copy).unlink()
    assert not plan_build(home_copy, "changed").keeps_definitions


def impossible(rule: QualityRule) -> Registry:
    """Return the registry with `rule` blocking and beyond reach: no column may hold any value."""
    registry = load_registry()
    strict = dataclasses.replace(
        rule, expectation="expect_table_row_count_to_equal", column_name=None, kwargs_json='{"value": -1}'
    )
    strict = dataclasses.replace(strict, severity="blocking", threshold=0.0)
    return dataclasses.replace(registry, quality_rules={**registry.quality_rules, rule.rule_code: strict})


@pytest.mark.parametrize("stage", ["intake_batch", "published"])
def test_a_failed_blocking_check_keeps_the_last_good_copy(
    home_copy: Settings, programme: Programme, tmp_path: Path, stage: str
) -> None:
    before = current_release(home_copy)
    late = tmp_path / "late.csv"
    late.write_bytes(programme.files()[0].read_bytes() + b"\n")
    submit(home_copy, [late])
    rule = next(
        rule
        for rule in load_registry().quality_rules.values()
        if rule.rule_stage == stage and rule.dataset != "intake_rejections"
    )
    with pytest.raises(RunFailedError, match=rule.rule_code):
        run(home_copy, SilentReporter(), registry=impossible(rule), clock=LATER)
    assert current_release(home_copy) == before
    # With the rule as it is, the next run takes up what is left.
    assert run(home_copy, SilentReporter(), clock=LATER).is_new
    ledger = Ledger(home_copy.ledger)
    assert ledger.built_through() == ledger.latest_batch_no()


def test_a_new_lot_number_counts_no_month_of_persons_again(
    home_copy: Settings, programme: Programme, tmp_path: Path
) -> None:
    """All months were counted again once, since what the last build left was taken for a definition."""
    sent = next(path for path in programme.files() if path.name.startswith("dose_records_"))
    rows = list(csv.DictReader(sent.read_text(encoding="utf-8-sig").splitlines()))
    late = tmp_path / "late.csv"
    with late.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(
            row | {"action": "sửa", "lot_number": "LO-MOI", "submitted_at": "2026-03-03 10:00:00"} for row in rows[:20]
        )
    submit(home_copy, [late])
    assert run(home_copy, SilentReporter(), clock=LATER).is_new
    with duckdb.connect(str(home_copy.warehouse), read_only=True) as connection:
        assert connection.execute("select count(*) from int_affected_persons").fetchall() != [(0,)]
        # Of later months nobody was counted yet, so they are asked for again.
        touched = connection.execute(
            "select month from int_touched_person_months where month <= ?", [LAST_MONTH]
        ).fetchall()
        assert touched == []
