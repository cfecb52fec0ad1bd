"""What is explained of a published home: the command line, files, and the numbers on records."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner, Result

from dashboards.explanation import Question, explain
from dashboards.warehouse import open_release
from pipelines.cli import app
from pipelines.commands.explain import COLUMNS
from pipelines.reference import load_registry
from pipelines.settings import Settings

COVERAGE, PROVINCE = "coverage_penta3", "06"


def niis(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(settings.home), *arguments])


def rows_of(settings: Settings, *arguments: str) -> list[dict[str, Any]]:
    result = niis(settings, "explain", *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    assert {tuple(row) for row in rows} == {tuple(COLUMNS)}
    return rows


@pytest.mark.parametrize("tree", ["63", "34"])
def test_the_areas_below_add_up_to_the_change_and_to_the_gap(published_home: Settings, tree: str) -> None:
    rows = rows_of(
        published_home, COVERAGE, "--period", "2025-06", "--against", "2025-05", "--hierarchy", tree, "--limit", "99",
        "--goal", "full",
    )  # fmt: skip
    now, before = (row["value"] for row in rows if row["section"] == "value")
    added = {name: [row for row in rows if row["section"] == name] for name in ("change", "gap")}
    assert sum(row["contribution"] for row in added["change"]) == pytest.approx(now - before)
    assert sum(row["rate_effect"] + row["mix_effect"] for row in added["change"]) == pytest.approx(now - before)
    assert sum(row["contribution"] for row in added["gap"]) == pytest.approx(100 - now)
    parts = {row["status"]: row["contribution"] for row in rows if row["section"] == "part"}
    assert 100 * parts["numerator"] / parts["denominator"] == pytest.approx(now)


def test_files_and_checks_are_named_with_their_counts(published_home: Settings) -> None:
    rows = rows_of(published_home, COVERAGE, "--area", PROVINCE, "--period", "2025-06", "--limit", "99")
    release = open_release(published_home.published)
    known = {row["submission_id"]: row for row in release.submissions().iter_rows(named=True)}
    files = [row for row in rows if row["section"] == "file"]
    assert files
    for row in files:
        # A line of a report holds a value for each measure; a line of records is one record.
        if known[row["code"]]["submission_kind"] == "dose_records":
            assert 0 < row["row_count"] <= known[row["code"]]["accepted_count"]
        assert row["rejected_count"] == known[row["code"]]["rejected_count"]
    assert {"published_parent_at_least_children"} <= {row["code"] for row in rows if row["section"] == "check"}


def test_a_table_has_a_heading_for_each_part(published_home: Settings) -> None:
    result = niis(published_home, "explain", COVERAGE, "--period", "2025-06")
    assert result.exit_code == 0, result.stderr
    for heading in (
        "Định nghĩa / definition",
        "Các phần của giá trị",
        "Tệp nguồn / files beneath",
        "Kiểm tra / checks",
    ):
        assert heading in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no_such_indicator", "--period", "2025-06"], "there is no indicator"),
        ([COVERAGE, "--period", "1999-01"], "has no period 1999-01"),
        ([COVERAGE, "--period", "2025-06", "--area", "999"], "has no area '999'"),
        ([COVERAGE, "--period", "2025-06", "--denominator", "guess"], "has no denominator 'guess'"),
    ],
)
def test_what_does_not_exist_is_a_sentence(published_home: Settings, arguments: list[str], sentence: str) -> None:
    result = niis(published_home, "explain", *arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_numbers_on_records_are_compared_with_the_true_places(published_home: Settings) -> None:
    doses = {(row.series_code, row.dose_number): row.dose_code for row in load_registry().doses.values()}
    with duckdb.connect(str(published_home.warehouse), read_only=True) as connection:
        starts = connection.execute("select level_code, area_code, start_month from int_registry_starts").fetchall()
        verdicts = connection.execute(
            "select v.series_code, v.dose_number, v.recorded_dose_number, v.birth_date, year(v.given_date), a.area_code"
            " from int_dose_verdicts as v join int_unit_ancestors as a using (unit_code)"
            " where a.hierarchy_code = '34' and a.level_code = 'province'"
        ).fetchall()
        published = connection.execute(
            "select given_year, dose_code, dose_count, differing_count from fct_dose_numbers"
            " where hierarchy_code = '34' and area_code = 'VN'"
        ).fetchall()
    first = {(level, area): month for level, area, month in starts}
    nation = min(month for (level, _), month in first.items() if level == "nation")
    counted: Counter[tuple[int, str]] = Counter()
    differing: Counter[tuple[int, str]] = Counter()
    for series, number, place, born, year, province in verdicts:
        if (series, number) in doses and born >= first.get(("province", province), nation):
            key = (year, doses[series, number])
            counted[key] += 1
            differing[key] += number != place
    assert counted
    assert {(year, dose): (count, differ) for year, dose, count, differ in published} == {
        key: (counted[key], differing[key]) for key in counted
    }


def test_an_excess_of_a_province_names_what_is_known_and_what_is_not(published_home: Settings) -> None:
    release = open_release(published_home.published)
    frame = release.indicator_values([COVERAGE], "63", parent_code=PROVINCE, period_type="month")
    over = frame.filter(frame["value"] > 100)
    assert over.height, "small districts of the sample are over 100 %"
    row = over.row(0, named=True)
    found = explain(release, Question(COVERAGE, "63", row["area_code"], "month", row["period"], None))
    assert found.anomaly == "excess"
    seen = {cause.cause_code: cause.is_likely for cause in found.causes}
    assert seen.keys() == {code for code, cause in load_registry().anomaly_causes.items() if cause.is_for_excess}
    assert seen["supply_event"] is False
    assert seen["target_break"] is None, "there is no year before to compare the target with"
