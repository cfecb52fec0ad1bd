"""What the query layer returns, and what it refuses."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from dashboards.views import denominators_beside, red_category
from dashboards.warehouse import NothingPublishedError, Release, open_release
from tests.dashboards.fixture_release import RELEASE_ID, SILENT, write_manifest


def test_values_of_children_are_those_of_the_mart(release: Release, published: Path) -> None:
    found = release.indicator_values(
        ["coverage_penta3"], "63", parent_code="01", period_type="month", period_from="2026-01", period_to="2026-02"
    )
    with duckdb.connect(str(published / RELEASE_ID / "niis.duckdb"), read_only=True) as connection:
        expected = connection.execute(
            "select area_code, period, value from fct_indicator_values where hierarchy_code = '63'"
            " and level_code = 'district' and indicator_code = 'coverage_penta3' and period_type = 'month'"
            " and period in ('2026-01', '2026-02')"
            " and area_code in (select area_code from dim_areas where hierarchy_code = '63' and parent_code = '01')"
            " order by 1, 2"
        ).fetchall()
    assert found.select("area_code", "period", "value").rows() == expected
    assert len(expected) == 2 * 30


def test_a_code_that_names_areas_of_both_trees_gives_the_one_that_was_asked_for(release: Release) -> None:
    old, new = release.area("63", "00004"), release.area("34", "00004")
    assert old is not None
    assert new is not None
    assert old.name_vi != new.name_vi
    values = release.indicator_values(["coverage_penta3"], "63", area_codes=["08"], period_type="year")
    assert set(values["area_code"]) == {"08"}


def test_an_area_that_did_not_report_has_no_row(release: Release) -> None:
    values = release.indicator_values(["coverage_penta3"], "34", area_codes=[SILENT], period_type="month")
    assert values.height == 0


def test_areas_or_their_parent_must_be_named(release: Release) -> None:
    with pytest.raises(ValueError, match="either area_codes or parent_code"):
        release.indicator_values(["coverage_penta3"], "63", period_type="month")


@pytest.mark.parametrize("typed", ["dak lak", "Đắk Lắk", "ĐẮK", "đak lak", " dak lak "])
def test_search_needs_no_diacritics(release: Release, typed: str) -> None:
    found = release.search_areas("63", typed)
    assert found["name_vi"][0] == "Tỉnh Đắk Lắk"


def test_search_takes_text_as_text(release: Release) -> None:
    assert release.search_areas("63", "%' or 1=1 --").height == 0


def test_areas_are_in_vietnamese_order(release: Release) -> None:
    names = release.children("63", "R3")["name_vi"].to_list()
    assert names.index("Tỉnh Hà Tĩnh") < names.index("Tỉnh Khánh Hòa") < names.index("Tỉnh Nghệ An")


def test_latest_period_is_over(release: Release) -> None:
    assert release.latest_complete_period("month", "34") == "2026-03"
    assert release.latest_complete_period("year", "34") == "2025"


def test_a_year_reported_whole_makes_a_year_but_no_month(release: Release) -> None:
    assert "2013" in release.periods_with_values("year", "63")["period"].to_list()
    assert release.periods_with_values("month", "63")["period"][0] == "2024-01"


def test_rejected_rows_come_in_pages(release: Release) -> None:
    pages = [release.rejected_rows(limit=1, offset=offset).rows() for offset in range(3)]
    assert pages[0] != pages[1]
    assert pages[2] == []
    assert release.rejected_count() == 2


def test_failed_checks_come_first(release: Release) -> None:
    assert release.check_results()["status"].to_list() == ["failed", "failed", "passed"]


@pytest.mark.parametrize(
    "statement",
    [
        "create table t (a integer)",
        "select * from read_text('/etc/hostname')",
        "attach ':memory:' as other",
        "set memory_limit = '8GB'",
        "copy dim_sources to '/tmp/out.csv'",
        "install httpfs",
    ],
)
def test_a_reader_reaches_nothing_but_its_release(release: Release, statement: str) -> None:
    with pytest.raises(duckdb.Error):
        release._frame(statement)


def test_many_threads_may_ask_at_once(release: Release) -> None:
    def ask(_: int) -> int:
        return release.indicator_values(["coverage_penta3"], "34", parent_code="R2", period_type="year").height

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(24)))) == 1


def test_nothing_published_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError, match="niis run"):
        open_release(tmp_path)


def test_a_damaged_release_gives_way_to_the_one_before(published: Path, tmp_path: Path) -> None:
    older, newer = tmp_path / "20260101T000000Z-000001", tmp_path / "20260201T000000Z-000002"
    for folder in (older, newer):
        shutil.copytree(published / RELEASE_ID, folder)
        write_manifest(folder)
    (tmp_path / "CURRENT").write_text(newer.name, encoding="utf-8")
    assert not open_release(tmp_path).info().is_fallback
    with (newer / "niis.duckdb").open("r+b") as stream:
        stream.seek(5000)
        stream.write(b"damage")
    release = open_release(tmp_path)
    assert release.info().is_fallback
    assert release.release_id == older.name
    (older / "manifest.json").unlink()
    with pytest.raises(NothingPublishedError, match="damaged"):
        open_release(tmp_path)


def test_a_curve_has_a_point_a_month_of_age_and_is_empty_where_none_was_counted(release: Release) -> None:
    curve = release.cohort_curve("63", "VN", "penta3")
    assert curve["birth_year"].unique().sort().to_list() == [2023, 2024]
    assert curve["age_months"].to_list() == [*range(1, 25)] * 2
    assert (curve["valid_pct"] <= curve["recorded_pct"]).all()
    assert release.cohort_curve("63", "00001", "penta3").is_empty()


def test_delays_are_those_of_the_dose_and_kind_of_period(release: Release) -> None:
    delays = release.dose_delays("34", "VN", "penta3", "quarter")
    assert delays["period"].to_list() == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]
    assert delays["median_delay_days"].to_list() == [10, 11, 12, None]
    assert release.dose_delays("34", "VN", "penta1", "quarter").is_empty()


def test_a_coverage_is_read_over_every_denominator_it_has(release: Release) -> None:
    offered = release.denominators("coverage_penta3")
    assert offered.select("read_as", "is_own").rows() == [
        ("coverage_penta3", True),
        ("coverage_penta3@un_estimate", False),
    ]
    assert release.denominators("coverage_mcv1").is_empty()
    assert "coverage_penta3@un_estimate" not in release.indicators()["indicator_code"].to_list()
    values = release.indicator_values(
        offered["read_as"].to_list(), "63", area_codes=["VN"], period_type="year", period_from="2024", period_to="2024"
    )
    own, other = denominators_beside(offered, values).iter_rows(named=True)
    assert other["denominator"] == pytest.approx(1.25 * own["denominator"])
    assert other["value"] == pytest.approx(own["value"] / 1.25)
    assert (own["difference_pct"], own["is_apart"]) == (0, False)
    assert (other["difference_pct"], other["is_apart"]) == (pytest.approx(25), True)


def test_without_its_own_denominator_nothing_is_apart(release: Release) -> None:
    offered = release.denominators("coverage_penta3")
    values = release.indicator_values(
        ["coverage_penta3@un_estimate"],
        "63",
        area_codes=["VN"],
        period_type="year",
        period_from="2024",
        period_to="2024",
    )
    beside = denominators_beside(offered, values)
    assert beside["difference_pct"].to_list() == [None, None]
    assert beside["is_apart"].to_list() == [False, False]


def test_as_was_takes_each_period_in_the_tree_of_its_time(release: Release) -> None:
    values = release.values_as_was(["coverage_penta3"], area_codes=["01"], period_type="month")
    trees = dict(values.select("period", "hierarchy_code").iter_rows())
    assert (trees["2025-06"], trees["2025-07"]) == ("63", "34")
    for tree in ("63", "34"):
        own = release.indicator_values(["coverage_penta3"], tree, area_codes=["01"], period_type="month")
        kept = values.filter(values["hierarchy_code"] == tree)
        same = own.filter(own["period"].is_in(kept["period"].implode()))
        assert kept.select("period", "value").rows() == same.select("period", "value").rows()
    # Hà Giang (02) ended with the tree of 63.
    gone = release.values_as_was(["coverage_penta3"], area_codes=["02"], period_type="month")
    assert gone["period"].max() == "2025-06"


# The Immunization Analysis app leaves a dropout of 0 without a category and puts a negative one into the best.
@pytest.mark.parametrize(
    ("access", "dropout", "by_80", "by_90"),
    [
        (85, 0, "1", "3"),
        (95, -0.1, "review", "review"),
        (90, 10, "2", "1"),
        (79.9, 30, "4", "4"),
        (95, 10.1, "2", "2"),
    ],
)
def test_a_dropout_of_zero_is_good_and_a_negative_one_is_reviewed(
    release: Release, access: float, dropout: float, by_80: str, by_90: str
) -> None:
    categories = release.red_categories().to_dicts()
    by_rule = {rule["rule_code"]: rule for rule in release.red_rules().iter_rows(named=True)}
    assert release.red_rules()["is_default"].to_list() == [True, False]
    found = {code: red_category(access, dropout, rule, categories)["category_code"] for code, rule in by_rule.items()}
    assert found == {"cdc_80": by_80, "dhis2_90": by_90}
