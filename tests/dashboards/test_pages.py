"""Every page, in both languages, over a real release."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import dashboards
from dashboards import formats, source
from dashboards.i18n import Texts
from dashboards.warehouse import open_release
from tests.dashboards.fixture_release import OVER

SCRIPT = Path(dashboards.__file__).parent / "streamlit_app.py"
PAGES = ["nation", "province", "local", "knowledge", "quality", "scorecard", "definitions"]


def opened(published: Path, page: str = "nation", **params: str) -> AppTest:
    source.use(published)
    app = AppTest.from_file(SCRIPT, default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    if page == "nation":
        return app.run()
    app.run()
    app.switch_page(f"app_pages/{page}.py")
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def texts_of(app: AppTest) -> str:
    kinds = (app.title, app.subheader, app.caption, app.markdown, app.info, app.warning)
    return "\n".join(str(item.value) for kind in kinds for item in kind)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_draws_in_a_language_and_says_that_its_data_are_synthetic(
    published: Path, page: str, language: str
) -> None:
    app = opened(published, page, lang=language)
    assert [item.message for item in app.exception] == []
    assert [item.value for item in app.error] == []
    assert app.title[0].value
    assert Texts(language)("synthetic_banner") in [item.value for item in app.warning]
    other = Texts("en" if language == "vi" else "vi")
    assert other("headlines") not in texts_of(app)


def test_a_day_of_which_nothing_is_known_falls_back_and_says_so(published: Path) -> None:
    for day in ("2020-01-01", "hom-qua"):
        app = opened(published, lang="en", as_of=day)
        assert [item.message for item in app.exception] == []
        assert [item.value for item in app.error] == [Texts("en")("as_of_missing", day=day)]


def test_open_months_are_estimated_and_the_curve_is_drawn(published: Path) -> None:
    app = opened(published, "knowledge", lang="vi", indicator="coverage_penta3")
    texts = Texts("vi")
    assert texts("nowcast_note") in texts_of(app)
    assert app.dataframe[0].value[texts("period")].to_list() == ["Tháng 2/2026", "Tháng 3/2026"]
    assert "100,0%" in texts_of(app), "all of it is dated by senders"
    dropout = opened(published, "knowledge", lang="vi", indicator="dropout_penta1_penta3")
    assert texts("nowcast_none") in texts_of(dropout)


def test_a_link_reproduces_the_view(published: Path) -> None:
    link = {
        "lang": "en",
        "hierarchy": "63",
        "area": "001",
        "period_type": "quarter",
        "period": "2025Q2",
        "indicator": "coverage_mcv1",
    }
    app = opened(published, "local", **link)
    assert app.query_params.to_dict() if hasattr(app.query_params, "to_dict") else dict(app.query_params)
    assert app.title[0].value == "Ba Dinh"
    assert app.selectbox(key="w_period").value == "2025Q2"
    assert app.selectbox(key="w_indicator").value == "coverage_mcv1"
    assert app.selectbox(key="w_hierarchy").value == "63"


def test_a_choice_changes_the_view_and_stays_on_the_next_page(published: Path) -> None:
    app = opened(published)
    app.selectbox(key="w_indicator").set_value("dropout_penta1_penta3").run()
    assert app.query_params["indicator"] in ("dropout_penta1_penta3", ["dropout_penta1_penta3"])
    app.selectbox(key="w_hierarchy").set_value("63").run()
    assert not app.exception
    app.switch_page("app_pages/province.py").run()
    assert app.selectbox(key="w_indicator").value == "dropout_penta1_penta3"
    assert len(app.selectbox(key="w_province").options) == 63


def test_nonsense_in_a_link_falls_back(published: Path) -> None:
    app = opened(published, lang="xx", hierarchy="99", area="nowhere", period="9999-99", indicator="'; drop table x")
    assert not app.exception
    assert app.title[0].value == "Việt Nam"


def test_an_area_without_reports_says_so_and_shows_no_zero(published: Path) -> None:
    app = opened(published, "province", hierarchy="34", area="04")
    assert any("Không phải là số không" in item.value for item in app.info)
    cards = [item.proto.body for item in app.get("html") if 'class="kpis"' in item.proto.body]
    assert len(cards) == 1
    assert "Chưa báo cáo" in cards[0]
    assert '<div class="figure">0' not in cards[0]


def test_partial_data_say_how_much_came_in(published: Path) -> None:
    app = opened(published, "province", hierarchy="34", area="96", period_type="month", period="2026-03")
    assert any("20/30" in item.value for item in app.info)


def test_a_search_without_diacritics_offers_the_place(published: Path) -> None:
    app = opened(published, "province")
    app.text_input(key="w_search").set_value("hoang sa").run()
    assert not app.exception
    labels = [item.proto.label for item in app.get("page_link")]
    assert any(label.endswith("Đặc khu Hoàng Sa") for label in labels)


def test_without_a_release_a_page_says_what_to_do(tmp_path: Path) -> None:
    app = opened(tmp_path)
    assert not app.exception
    assert "niis run" in app.error[0].value


@pytest.mark.parametrize("language", ["vi", "en"])
def test_an_indicator_of_a_cohort_shows_its_curve_and_its_delays_and_counts_children(
    published: Path, language: str
) -> None:
    texts = Texts(language)
    link = {"lang": language, "period_type": "year", "period": "2025", "indicator": "cohort_valid_penta3_12m"}
    app = opened(published, **link)
    assert [item.message for item in app.exception] == []
    assert {texts("curve"), texts("delays")} <= {item.value for item in app.subheader}
    (delays,) = [table.value for table in app.dataframe if texts("median_delay") in table.value.columns]
    assert delays[texts("median_delay")].to_list()[:3] == [10, 11, 12]
    assert any(texts("children_of", included="", expected="")[-12:] in str(item.value) for item in app.info)
    other = opened(published, **(link | {"indicator": "coverage_penta3"}))
    assert texts("curve") not in {item.value for item in other.subheader}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_events_of_an_indicator_stand_below_its_trend(published: Path, language: str) -> None:
    texts = Texts(language)
    app = opened(published, lang=language, indicator="coverage_penta3", period_type="year", period="2025")
    assert [item.message for item in app.exception] == []
    (caption,) = {item.value for item in app.caption if item.value.startswith(texts("events"))}
    assert ("Quinvaxem suspended" if language == "en" else "Tạm dừng Quinvaxem") in caption
    assert "OPV" not in caption
    assert "IPV" not in caption


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_panel_of_a_number_is_asked_for_when_it_is_opened(published: Path, language: str) -> None:
    texts = Texts(language)
    link = {"lang": language, "hierarchy": "63", "area": OVER, "indicator": "coverage_penta3"}
    app = opened(published, "province", **link, period_type="year", period="2025")
    (panel,) = [item for item in app.expander if item.label == texts("explain")]
    assert len(panel.children) == 0
    app.session_state[f"explain_63_{OVER}_coverage_penta3_year_2025"] = True
    app.run()
    assert [item.message for item in app.exception] == []
    (panel,) = [item for item in app.expander if item.label == texts("explain")]
    assert texts("explain_excess") in [item.value for item in panel.warning]
    said = "\n".join(item.value for item in (*panel.markdown, *panel.caption))
    assert texts("explain_parts") in said
    assert texts("explain_change", before=formats.period("2024", "year", language)) in said
    rows = [table.value for table in panel.dataframe if texts("explain_contribution") in table.value.columns]
    assert rows, "the areas that make the gap and the change"
    assert texts("explain_rest") in rows[0][texts("area")].to_list()


@pytest.mark.parametrize(("indicator", "period", "is_there"), [
    ("coverage_penta3", "2026-01", True), ("coverage_penta3", "2025-12", False),
])  # fmt: skip
def test_the_bridge_between_coverages_is_drawn_when_it_is_opened(
    published: Path, indicator: str, period: str, *, is_there: bool
) -> None:
    app = opened(published, lang="en", indicator=indicator, period_type="month", period=period)
    english = Texts("en")
    assert english("bridge_note") not in texts_of(app)
    (switch,) = [toggle for toggle in app.toggle if toggle.label == english("bridge_open")]
    switch.set_value(True).run()
    assert [item.message for item in app.exception] == []
    assert (english("bridge_note") in texts_of(app)) == is_there
    assert (english("bridge_none", year=int(period[:4])) in texts_of(app)) != is_there


def test_two_areas_and_two_periods_stand_side_by_side(published: Path) -> None:
    link = {"lang": "vi", "hierarchy": "63", "area": "01", "period_type": "quarter", "period": "2025Q2",
            "indicator": "coverage_mcv1"}  # fmt: skip
    texts = Texts("vi")
    assert texts("compare_note") not in texts_of(opened(published, "province", **link))
    app = opened(published, "province", **link, beside_area="79", beside_period="2025Q1")
    assert [item.message for item in app.exception] == []
    assert texts("compare_note") in texts_of(app)
    (table,) = [item.value for item in app.dataframe if texts("compare_difference") in item.value.columns]
    release = open_release(published)
    here, there = (
        release.indicator_values(
            ["coverage_mcv1"], "63", area_codes=[area], period_type="quarter", period_from=period, period_to=period
        )["value"].item()
        for area, period in (("01", "2025Q2"), ("79", "2025Q1"))
    )
    first = table.iloc[0].to_list()
    assert first[1:] == [
        formats.in_unit(here, "percent", "vi", 1), formats.in_unit(there, "percent", "vi", 1),
        formats.signed(here - there, "vi", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_monitoring_chart_says_how_far_the_target_is(published: Path, language: str) -> None:
    texts = Texts(language)
    app = opened(published, "province", lang=language, hierarchy="63", area="01", indicator="coverage_penta3",
                 period_type="ytd", period="2025-12")  # fmt: skip
    rows = open_release(published).indicator_values(
        ["coverage_penta3"], "63", area_codes=["01"], period_type="ytd", period_from="2025-12", period_to="2025-12"
    )
    short = rows["denominator"].item() - rows["numerator"].item()
    key = "monitoring_behind" if short >= 0 else "monitoring_ahead"
    period = formats.period("2025-12", "month", language)
    assert texts(key, count=formats.number(abs(short), language), period=period) in texts_of(app)
    of_children = opened(
        published, "province", lang=language, hierarchy="63", area="01", indicator="cohort_valid_penta3_12m"
    )
    assert texts("monitoring_note") not in texts_of(of_children)
