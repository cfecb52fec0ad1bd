"""Outliers that stewards exclude change the adjusted value and never the raw one; the next run takes them up."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from dashboards.warehouse import Release, open_release
from pipelines.build import exclusions_waiting
from pipelines.cli import app
from pipelines.progress import SilentReporter
from pipelines.resources import Clock
from pipelines.runner import run
from pipelines.settings import Settings
from pipelines.stewardship.door import decisions
from pipelines.stewardship.events import OUTLIER, Subject
from pipelines.stewardship.exclusions import exclusions, months_of
from tests.conftest import PROVINCES
from tests.stewardship.conftest import store_at

AT = datetime(2026, 4, 6, 9)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2024-03", date(2024, 3, 1), date(2024, 3, 1)),
        ("2024Q4", date(2024, 10, 1), date(2024, 12, 1)),
        ("2024", date(2024, 1, 1), date(2024, 12, 1)),
    ],
)
def test_a_period_has_its_months(period: str, first: date, last: date) -> None:
    assert months_of(period) == (first, last)


def test_only_what_is_excluded_now_is_left_out(tmp_path: Path) -> None:
    store = store_at(f"sqlite:///{tmp_path / 'd.sqlite'}")
    for key, codes in {
        "F:01|2024-03|doses_a": ["exclude_outlier"],
        "F:02|2024-03|doses_a": ["exclude_outlier", "undo_outlier"],
        "A:63:01|2024|target_a": ["confirm_outlier", "exclude_outlier"],
    }.items():
        for code in codes:
            store.decide(Subject(OUTLIER, key), code, decided_by="Lan", decided_at=AT, reason="x")
    found = exclusions(store.states()).select("reporter_code", "period", "span_start_month", "month").rows()
    assert found == [
        ("A:63:01", "2024", date(2024, 1, 1), date(2024, 12, 1)),
        ("F:01", "2024-03", date(2024, 3, 1), date(2024, 3, 1)),
    ]


@pytest.fixture(scope="module")
def excluded(
    published_home: Settings, made_once: Callable[[str, Callable[[Path], None]], Path]
) -> Iterator[tuple[Settings, dict[str, Any]]]:
    """A home where the largest count of a dose of a coverage was excluded and a run has taken it up; and that count."""
    chosen = largest(published_home)

    def make(folder: Path) -> None:
        shutil.copytree(published_home.home, folder, dirs_exist_ok=True)
        settings = Settings(folder)
        decisions(settings).decide(
            Subject(OUTLIER, f"F:{chosen['facility_code']}|{chosen['month']:%Y-%m}|{chosen['measure_code']}"),
            "exclude_outlier", decided_by="Lan", decided_at=AT, reason="nhập thừa một chữ số",
        )  # fmt: skip
        assert exclusions_waiting(settings) is not None
        outcome = run(settings, SilentReporter(), clock=Clock(fixed_at="2026-04-06T12:00:00+07:00"))
        assert outcome.is_new

    yield Settings(made_once("excluded_home", make)), chosen


def largest(settings: Settings) -> dict[str, Any]:
    """Return the largest monthly count of a facility that is the only numerator of a headline coverage."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        found = connection.execute(
            "select v.facility_code, v.month, v.measure_code, v.value, f.commune_code_2017, t.indicator_code"
            " from int_facility_values as v join stg_programme__facilities as f using (facility_code)"
            " join indicator_terms as t on t.measure_code = v.measure_code and t.term_role = 'numerator'"
            " join indicators as i using (indicator_code)"
            " where i.indicator_kind = 'coverage' and i.is_headline "
            " order by v.value desc, v.facility_code, v.month, v.measure_code, i.sort_order limit 1"
        )
        names = [column[0] for column in found.description]
        row = found.fetchone()
        assert row is not None
        return {**dict(zip(names, row, strict=True)), "province_code": PROVINCES[0]}


def values(release: Release, chosen: dict[str, Any], area: str, *, adjusted: bool) -> list[dict[str, Any]]:
    ask = release.adjusted_values if adjusted else release.indicator_values
    return ask([chosen["indicator_code"]], "63", area_codes=[area], period_type="month").to_dicts()


def test_exclusion_changes_the_adjusted_value_and_not_the_raw_one(
    published_home: Settings, excluded: tuple[Settings, dict[str, Any]]
) -> None:
    home, chosen = excluded
    before, after = open_release(published_home.published), open_release(home.published)
    month = f"{chosen['month']:%Y-%m}"
    for area in (chosen["province_code"], "VN"):
        raw = values(after, chosen, area, adjusted=False)
        assert raw == values(before, chosen, area, adjusted=False)
        (changed,) = values(after, chosen, area, adjusted=True)
        (published,) = [row for row in raw if row["period"] == month]
        assert changed["period"] == month
        assert changed["numerator"] == published["numerator"] - chosen["value"]
        assert changed["denominator"] == published["denominator"]
        assert changed["raw_value"] == published["value"] > changed["value"]
    assert values(before, chosen, "VN", adjusted=True) == []


def test_no_raw_fact_and_no_file_changes(published_home: Settings, excluded: tuple[Settings, dict[str, Any]]) -> None:
    home, _ = excluded
    asked = "select * from fct_measure_values order by all"

    def facts(settings: Settings) -> list[Any]:
        current = (settings.published / "CURRENT").read_text(encoding="utf-8").strip()
        with duckdb.connect(str(settings.published / current / "niis.duckdb"), read_only=True) as connection:
            return connection.execute(asked).fetchall()

    def files(settings: Settings) -> dict[str, bytes]:
        return {str(p.relative_to(settings.lake)): p.read_bytes() for p in settings.lake.rglob("*.parquet")}

    assert facts(home) == facts(published_home)
    assert files(home) == files(published_home)


def test_what_is_left_out_is_told_with_its_value(excluded: tuple[Settings, dict[str, Any]]) -> None:
    home, chosen = excluded
    (row,) = open_release(home.published).exclusions("63", chosen["commune_code_2017"]).to_dicts()
    assert (row["reporter_code"], row["value"]) == (f"F:{chosen['facility_code']}", chosen["value"])
    assert exclusions_waiting(home) is None


def test_the_command_prints_both(excluded: tuple[Settings, dict[str, Any]]) -> None:
    home, chosen = excluded
    asked = ["--home", str(home.home), "indicator", chosen["indicator_code"], "--format", "csv"]
    month = f"{chosen['month']:%Y-%m}"

    def row(*more: str) -> dict[str, str]:
        told = CliRunner().invoke(app, [*asked, *more])
        assert told.exit_code == 0, told.stderr
        return next(line for line in csv.DictReader(io.StringIO(told.stdout)) if line["period"] == month)

    raw, adjusted = row(), row("--adjusted")
    assert adjusted["raw_value"] == raw["value"]
    assert float(adjusted["value"]) < float(raw["value"])


def test_a_matched_indicator_loses_the_place_on_both_sides(excluded: tuple[Settings, dict[str, Any]]) -> None:
    """A ratio over places that report both sides leaves a place out as a whole when one side is excluded."""
    home, chosen = excluded
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select a.measure_code, a.value, r.value from int_measure_adjustments as a"
            " left join int_measures_unit_month as r using (unit_code, month, span_start_month, measure_code)"
        ).fetchall()
    assert rows
    plain = {measure: (change, raw) for measure, change, raw in rows if "#" not in measure}
    assert plain[chosen["measure_code"]][0] == -chosen["value"]
    matched = {measure for measure, _, _ in rows if "#" in measure}
    for measure in matched:
        indicator = measure.split("#")[0]
        assert {f"{indicator}#numerator", f"{indicator}#included"} & matched
