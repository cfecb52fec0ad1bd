"""What a view is made of."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.geography import AreaTree
from dashboards.i18n import Texts
from dashboards.state import PERIOD_TYPES, Choices, parse
from dashboards.views import (
    Band,
    band_of,
    bands_of,
    compared_period,
    kpi,
    marks_of,
    ranked,
    waterfall,
    with_every_area,
    with_every_period,
)
from dashboards.warehouse import Release
from tests.dashboards.fixture_release import NEGATIVE, OVER, SILENT

VI = Texts("vi")


@pytest.fixture(scope="module")
def trees(release: Release) -> dict[str, AreaTree]:
    return {code: AreaTree(code, release.areas(code)) for code in ("63", "34")}


@given(st.floats(-1000, 1000))
def test_bands_leave_no_gap_and_do_not_overlap(release: Release, value: float) -> None:
    thresholds = release.thresholds()
    for code in ("coverage_penta3", "dropout_penta1_penta3"):
        bands = bands_of(thresholds, code, VI)
        assert sum(band.holds(value) for band in bands) == 1


def test_exactly_a_hundred_is_good_and_more_is_over(release: Release) -> None:
    bands = bands_of(release.thresholds(), "coverage_penta3", VI)
    found = [band_of(value, bands) for value in (100.0, 100.1, None)]
    assert [band.colour_token if band else None for band in found] == ["good", "over", None]


@pytest.mark.parametrize(
    ("period", "kind", "before"),
    [
        ("2026-01", "month", "2025-12"),
        ("2026-03", "ytd", "2025-03"),
        ("2026-03", "rolling12", "2025-03"),
        ("2026Q1", "quarter", "2025Q4"),
        ("2026", "year", "2025"),
    ],
)
def test_a_change_is_measured_from_a_like_period(period: str, kind: str, before: str) -> None:
    assert compared_period(period, kind, [before, period]) == before
    assert compared_period(period, kind, [period]) is None


def test_an_area_without_a_row_has_not_reported(release: Release, trees: dict[str, AreaTree]) -> None:
    provinces = trees["34"].shown_below("VN")
    values = release.indicator_values(
        ["coverage_penta3"], "34", area_codes=[area.area_code for area in provinces], period_type="year"
    ).filter(pl.col("period") == "2025")
    frame = with_every_area(provinces, values, VI)
    assert frame.height == 34
    silent = frame.row(by_predicate=pl.col("area_code") == SILENT, named=True)
    assert (silent["value"], silent["value_status"]) == (None, "not_reported")
    over = frame.row(by_predicate=pl.col("area_code") == OVER, named=True)
    assert over["value"] > 100
    assert SILENT not in ranked(frame, "higher")["area_code"].to_list()


def test_the_best_comes_first_whatever_best_is(release: Release) -> None:
    values = release.indicator_values(
        ["dropout_penta1_penta3"], "34", area_codes=["01", "48", NEGATIVE], period_type="year", period_from="2025"
    ).filter(pl.col("period") == "2025")
    assert ranked(values, "lower")["area_code"][0] == NEGATIVE
    assert ranked(values, "lower")["value"][0] < 0
    assert ranked(values, "higher")["area_code"][-1] == NEGATIVE


def test_a_line_breaks_where_nothing_was_reported() -> None:
    values = pl.DataFrame({"period": ["2022", "2024"], "value": [1.0, 2.0], "value_status": ["calculated"] * 2})
    frame = with_every_period(["2022", "2023", "2024"], values)
    assert frame["value"].to_list() == [1.0, None, 2.0]


def test_a_card_says_what_is_missing(release: Release) -> None:
    indicator = release.indicators().row(by_predicate=pl.col("indicator_code") == "coverage_penta3", named=True)
    statuses = {row["value_status"]: row["label_vi"] for row in release.value_statuses().iter_rows(named=True)}
    bands = [Band(None, 90.0, "poor", "Thấp"), Band(90.0, None, "good", "Đạt")]
    row = {"value": 91.0, "value_status": "calculated_partial", "units_included": 1500, "units_expected": 2000}
    card = kpi(
        indicator, row, row | {"value": 92.5}, compared_with="Năm 2025", bands=bands, statuses=statuses, texts=VI
    )
    assert (card.value, card.change, card.completeness) == ("91,0%", "−1,5 điểm %", "1.500/2.000 báo cáo")
    assert card.status == statuses["calculated_partial"]
    empty = kpi(indicator, None, row, compared_with="", bands=bands, statuses=statuses, texts=VI)
    assert (empty.value, empty.change, empty.status) == ("–", None, statuses["not_reported"])


def test_levels_come_from_the_tree(trees: dict[str, AreaTree]) -> None:
    old, new = trees["63"], trees["34"]
    assert [len(old.shown_below("VN")), len(new.shown_below("VN"))] == [63, 34]
    assert {area.level_code for area in old.shown_below("01")} == {"district"}
    assert {area.level_code for area in new.shown_below("01")} == {"commune"}
    assert new.shown_below("00004") == []
    assert [area.level_code for area in old.path("00004")] == ["nation", "region", "province", "district", "commune"]
    order = list(new.areas)
    shown = [order.index(area.area_code) for area in new.shown_below("VN")]
    assert shown == sorted(shown)


def _choices() -> Choices:
    periods = {kind: ["2025Q1" if kind == "quarter" else "2025"] for kind in PERIOD_TYPES}
    return Choices(["34", "63"], ["coverage_penta3", "coverage_mcv1"], periods)


@given(
    st.dictionaries(
        st.sampled_from(
            ["lang", "hierarchy", "area", "period_type", "period", "indicator", "beside_area", "beside_period", "x"]
        ),
        st.one_of(st.text(), st.sampled_from(["vi", "en", "63", "34", "01", "VN", "quarter", "coverage_mcv1"])),
    )
)
def test_any_link_gives_a_view_and_a_view_its_link(trees: dict[str, AreaTree], params: dict[str, str]) -> None:
    state = parse(params, _choices(), trees)
    assert trees[state.hierarchy].get(state.area) is not None
    assert parse(state.to_params(), _choices(), trees) == state
    # A view is never set beside itself.
    assert state.beside_area != state.area
    assert not state.beside_period or state.beside_period != state.period
    for field in ("lang", "hierarchy", "indicator"):
        if field in params and params[field] in ("vi", "en", "63", "34", "coverage_mcv1"):
            allowed = {"lang": ("vi", "en"), "hierarchy": ("63", "34"), "indicator": ("coverage_mcv1",)}[field]
            assert params[field] not in allowed or getattr(state, field) == params[field]


def test_a_bar_begins_where_the_one_before_it_ended(release: Release) -> None:
    bars = waterfall(release.coverage_bridge("63", "VN", "penta3", 2026), VI)
    assert bars.select("lower", "upper", "kind").rows() == [
        (0, 900, "total"), (850, 900, "less"), (850, 860, "more"), (0, 860, "total"), (800, 860, "less"),
        (0, 800, "total"),
    ]  # fmt: skip
    assert bars["value_text"].to_list() == ["900", "−50", "+10", "860", "−60", "800"]


def test_events_stand_at_the_first_period_that_they_overlap_and_are_numbered() -> None:
    events = [
        {"event_code": code, "label_vi": code, "label_en": code, "valid_from": first, "valid_to": last}
        for code, first, last in [
            ("late", date(2019, 2, 1), date(2019, 3, 1)),
            ("long", date(2017, 10, 1), date(2019, 1, 1)),
            ("short", date(2018, 5, 1), date(2018, 7, 1)),
        ]
    ]
    periods = [
        {"period": str(year), "period_start_month": date(year, 1, 1), "period_end_month": date(year, 12, 1)}
        for year in (2018, 2019)
    ]
    marks, lines = marks_of(events, periods, {"2018": "2018", "2019": "2019"}, Texts("en"))
    assert [(mark.period_text, mark.sign, mark.label) for mark in marks] == [
        ("2018", "1, 2", "long; short"),
        ("2019", "3", "late"),
    ]
    assert lines == ["1. long (Oct 2017 – Dec 2018)", "2. short (May 2018 – Jun 2018)", "3. late (Feb 2019)"]
    assert marks_of(events, periods[:0], {}, Texts("en")) == ([], [])
