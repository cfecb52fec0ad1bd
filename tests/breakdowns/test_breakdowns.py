"""Doses by who pays, sex and age: sums that meet, choices that add up, and no small count outside its area."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from dashboards.breakdowns import NO_RECORDS, by_category, chosen_counts
from dashboards.warehouse import Release, open_release
from pipelines.access.policy import Place
from pipelines.access.readers import Readers
from pipelines.cli import app
from pipelines.reference import AGE_GROUP, BREAKDOWNS, SERVICE_TYPE, SEX, load_registry
from pipelines.resources import VIET_NAM
from pipelines.settings import Settings
from tests.conftest import FIRST_MONTH, LAST_MONTH, PROVINCES
from tests.orchestration.published import query

REGISTRY = load_registry()
# A combination is one injection and a dose of each of its series.
RECORDS = (
    "fct_dose_breakdowns join dim_product_series using (product_code)"
    " join dim_vaccine_doses using (series_code, dose_number)"
)
SPAN = (FIRST_MONTH, LAST_MONTH)
DOSES = [dose.dose_code for dose in REGISTRY.doses.values()]
CATEGORIES = pl.DataFrame([row.__getstate__() for row in REGISTRY.breakdown_categories], orient="row", schema=[
    "breakdown_code", "category_code", "sort_order", "from_months", "to_months", "name_vi", "name_en", "source",
])  # fmt: skip


@pytest.fixture(scope="module")
def release(published_home: Settings) -> Release:
    return open_release(published_home.published)


def planner(settings: Settings, release: Release) -> Release:
    readers = Readers(settings, REGISTRY)
    at = datetime(2026, 4, 6, 12, tzinfo=VIET_NAM)
    return release.within(readers.scope(readers.role_in("planner", Place.read("63:VN"), "a planner", at))).leaving()


@pytest.mark.parametrize("hierarchy", ["63", "34"])
def test_every_level_is_the_sum_of_the_level_below_and_of_the_records_that_count(
    published_home: Settings, release: Release, hierarchy: str
) -> None:
    levels = release.area_levels(hierarchy)["level_code"].to_list()
    areas = release.areas(hierarchy)
    sums = {}
    for level in levels:
        codes = areas.filter(pl.col("level_code") == level)["area_code"].to_list()
        found = release.dose_breakdowns(DOSES, hierarchy, codes, *SPAN)
        sums[level] = dict(found.group_by("dose_code").agg(pl.col("dose_count").sum()).iter_rows())
    assert sums["nation"]
    assert all(sums[level] == sums["nation"] for level in levels)
    counted = query(
        published_home,
        f"select dose_code, sum(dose_count) from {RECORDS} group by all having sum(dose_count) > 0",
    )
    assert sums["nation"] == dict(counted)


def test_records_and_reports_of_a_place_are_what_the_mart_counts(published_home: Settings) -> None:
    limits = {
        measure.measure_code: (measure.dose_code, measure.age_limit_months)
        for measure in REGISTRY.measures.values()
        if measure.measure_kind == "dose_count"
    }
    ends = {
        row.category_code: row.to_months for row in REGISTRY.breakdown_categories if row.breakdown_code == AGE_GROUP
    }
    records = query(published_home, f"select dose_code, age_group, sum(dose_count) from {RECORDS} group by all")
    # Districts report places without records: those stand above the communes.
    mart = query(
        published_home,
        "select measure_code, sum(value) from fct_measure_values where hierarchy_code = '63' and level_code = 'commune'"
        " and year(month) >= 2025 and month = span_start_month group by all",
    )
    reports = dict(query(published_home, "select measure_code, sum(value) from fct_facility_values group by all"))
    compared = 0
    for measure, value in mart:
        if measure in limits:
            dose, limit = limits[str(measure)]
            own = sum(
                int(str(count))
                for code, age, count in records
                if code == dose and (limit is None or (ends[str(age)] or limit + 1) <= limit)
            )
            assert own + float(str(reports.get(measure, 0))) == value, measure
            compared += own > 0
    assert compared > 20


def test_margins_are_sums_of_the_cells(release: Release) -> None:
    cells = release.dose_breakdowns(DOSES, "63", [PROVINCES[0]], *SPAN)
    margins = release.dose_margins(DOSES, "63", [PROVINCES[0]], *SPAN)
    for code in BREAKDOWNS:
        expected = cells.group_by("dose_code", code).agg(pl.col("dose_count").sum()).sort("dose_code", code)
        own = margins.filter(pl.col("breakdown_code") == code).select("dose_code", "category_code", "dose_count")
        assert own.rows() == expected.rows()
    months = release.dose_breakdown_months(DOSES[0], "63", PROVINCES[0], *SPAN)
    assert months["month"].n_unique() == 3
    assert months["dose_count"].sum() == cells.filter(pl.col("dose_code") == DOSES[0])["dose_count"].sum()


def test_a_choice_counts_what_is_left_of_both_others() -> None:
    joint = pl.DataFrame(
        [("a", "epi", "F", "m0_11", 5), ("a", "service", "F", "m0_11", 2), ("a", "service", "M", "m12_23", 3)],
        schema=["area_code", *BREAKDOWNS, "dose_count"],
        orient="row",
    )
    chosen = {SERVICE_TYPE: "service", SEX: "F", AGE_GROUP: ""}
    counts = chosen_counts(["a", "b"], joint, joint.clear(), chosen)
    assert counts.rows() == [("a", 2, 10, "calculated"), ("b", None, None, NO_RECORDS)]
    rows = by_category(CATEGORIES, joint, joint.clear(), chosen)
    of = {(row["breakdown_code"], row["category_code"]): row["dose_count"] for row in rows.iter_rows(named=True)}
    # Each breakdown is told under the other two choices, so that its own can be changed.
    assert (of[SERVICE_TYPE, "epi"], of[SERVICE_TYPE, "service"]) == (5, 2)
    assert (of[SEX, "F"], of[SEX, "M"]) == (2, 3)
    assert (of[AGE_GROUP, "m0_11"], of[AGE_GROUP, "m12_23"]) == (2, 0)


def test_outside_an_area_two_choices_at_once_are_hidden_and_one_is_not() -> None:
    margins = pl.DataFrame(
        [("a", SERVICE_TYPE, "epi", 50), ("a", SERVICE_TYPE, "service", 20), ("a", SEX, "F", 70)],
        schema=["area_code", "breakdown_code", "category_code", "dose_count"],
        orient="row",
    ).with_columns(value_status=pl.lit("calculated"))
    nothing = pl.DataFrame(schema={"area_code": pl.String, "dose_count": pl.Int64})
    one = {SERVICE_TYPE: "service", SEX: "", AGE_GROUP: ""}
    assert chosen_counts(["a"], nothing, margins, one).rows() == [("a", 20, 70, "calculated")]
    assert chosen_counts(["a"], nothing, margins, {**one, SEX: "F"}).rows() == [("a", None, 70, "suppressed")]
    gone = margins.with_columns(value_status=pl.lit("suppressed"), dose_count=pl.lit(None, pl.Int64))
    assert chosen_counts(["a"], nothing, gone, one).rows() == [("a", None, None, "suppressed")]


def test_a_planner_takes_no_small_count_away(published_home: Settings, release: Release) -> None:
    smallest = REGISTRY.access_parameters["smallest_count"].value
    bound = planner(published_home, release)
    districts = release.children("63", PROVINCES[0])["area_code"].to_list()
    areas = ["VN", *release.children("63", "VN")["area_code"], PROVINCES[0], *districts]
    assert bound.dose_breakdowns(DOSES, "63", areas, *SPAN).height == 0
    open_margins = release.dose_margins(DOSES, "63", areas, *SPAN)
    assert open_margins["dose_count"].is_between(1, smallest - 1).any()
    margins = bound.dose_margins(DOSES, "63", areas, *SPAN)
    assert margins.height == open_margins.height
    assert not margins["dose_count"].is_between(1, smallest - 1).any()
    hidden = margins.filter(pl.col("value_status") == "suppressed")
    assert hidden["dose_count"].null_count() == hidden.height > 0
    # Whoever hides one category of an area hides all: the others would give it away.
    per_area = margins.group_by("area_code", "dose_code").agg(pl.col("dose_count").is_null().n_unique().alias("kinds"))
    assert per_area["kinds"].max() == 1


def test_a_planner_takes_no_small_sum_of_doses_away(published_home: Settings, release: Release) -> None:
    smallest = REGISTRY.access_parameters["smallest_count"].value
    codes = [row.measure_code for row in REGISTRY.measures.values() if row.measure_kind in {"dose_count", "vial"}]
    areas = release.children("63", PROVINCES[0])["area_code"].to_list()
    before = release.measure_values(codes, "63", areas, *SPAN)
    after = planner(published_home, release).measure_values(codes, "63", areas, *SPAN)
    doses = pl.col("measure_code").is_in(
        [row.measure_code for row in REGISTRY.measures.values() if row.measure_kind == "dose_count"]
    )
    assert before.filter(doses)["value"].is_between(0.5, smallest - 0.5).any()
    assert not after.filter(doses)["value"].is_between(0.5, smallest - 0.5).any()
    # Vials count no persons.
    assert after.filter(~doses).equals(before.filter(~doses))


def test_the_extract_says_what_the_release_says(published_home: Settings, release: Release, tmp_path: Path) -> None:
    out = tmp_path / "doses.csv"
    made = CliRunner().invoke(
        app,
        [
            "--home", str(published_home.home), "extract", "dose_breakdowns", "--area", PROVINCES[0],
            "--period", "2025-06", "--out", str(out),
        ],
    )  # fmt: skip
    assert made.exit_code == 0, made.stderr
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    month = date(2025, 6, 1)
    expected = release.dose_margins(DOSES, "63", [PROVINCES[0]], month, month)
    own = {
        (row["dose_code"], row["breakdown_code"], row["category_code"]): int(row["dose_count"])
        for row in rows
        if row["area_code"] == PROVINCES[0]
    }
    assert own == {(row[1], row[2], row[3]): row[4] for row in expected.iter_rows()}
    assert {row["status_name"] for row in rows}
