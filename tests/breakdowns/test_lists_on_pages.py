"""Areas as they were, on the pages: the list is in the link, and what is drawn is what the query layer says."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from dashboards.i18n import Texts
from dashboards.warehouse import open_release
from pipelines.settings import Settings
from tests.conftest import PROVINCES
from tests.dashboards.test_pages import opened, texts_of

CODE = "coverage_penta3"
JUNE = {"period_type": "month", "period": "2025-06", "indicator": CODE}


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(("period", "tree", "other"), [("2025-06", "63", "34"), ("2025-07", "34", "63")])
def test_areas_of_a_period_are_drawn_in_the_tree_that_was_in_force(
    published_home: Settings, language: str, period: str, tree: str, other: str
) -> None:
    texts = Texts(language)
    app = opened(published_home.published, lang=language, hierarchy=other, areas_of="was", **{**JUNE, "period": period})
    assert [item.message for item in app.exception] == []
    assert app.query_params["areas_of"] == "was"
    assert app.query_params["hierarchy"] == tree
    shown = texts_of(app)
    assert texts("areas_of_note", day="…", tree="…").split("…")[0] in shown
    assert texts("files_note") not in shown


def test_a_table_by_the_list_of_a_day_is_what_the_query_layer_adds_up(published_home: Settings) -> None:
    release = open_release(published_home.published)
    days = release.days_of_lists("63")
    assert days == sorted(days, reverse=True)
    assert date(2020, 2, 1) not in days  # the release's first month is later
    listing = release.area_list("63", date(2025, 6, 30))
    # A district whose communes are not those of the tree any more.
    district = next(
        code
        for code in listing.children(PROVINCES[0])
        if set(listing.children(code)) != set(release.children("63", code)["area_code"])
    )
    app = opened(published_home.published, "local", hierarchy="63", area=district, areas_of="was", **JUNE)
    assert [item.message for item in app.exception] == []
    communes = listing.children(district)
    expected = release.values_on_list(
        [CODE], "63", listing, area_codes=communes, period_type="month", period_from="2025-06", period_to="2025-06"
    )
    (table,) = [frame.value for frame in app.dataframe if Texts("vi")("numerator") in frame.value.columns]
    assert len(table) == len(communes)
    names = {listing.areas[code].name_vi for code in communes}
    assert set(table[Texts("vi")("area")]) == names
    numerators = sorted(str(round(value)) for value in expected["numerator"].drop_nulls())
    assert sorted(value for value in table[Texts("vi")("numerator")] if value != "–") == numerators
    whole = release.indicator_values([CODE], "63", area_codes=[district], period_type="month", period_from="2025-06",
                                     period_to="2025-06")  # fmt: skip
    assert expected["numerator"].sum() <= whole["numerator"][0]


def test_an_area_that_had_ended_says_so(published_home: Settings) -> None:
    release = open_release(published_home.published)
    listing = release.area_list("63", date(2025, 6, 30))
    gone = next(
        code
        for code in release.areas("63").filter(pl.col("level_code") == "commune")["area_code"]
        if code not in listing.areas
    )
    app = opened(published_home.published, "local", hierarchy="63", area=gone, areas_of="was", **JUNE)
    assert [item.message for item in app.exception] == []
    assert any("30/06/2025" in item.value for item in app.warning)
    assert Texts("vi")("table") not in texts_of(app)


def test_a_day_that_no_list_began_on_falls_back(published_home: Settings) -> None:
    app = opened(published_home.published, hierarchy="63", areas_of="1999-01-01", **JUNE)
    assert [item.message for item in app.exception] == []
    assert "areas_of" not in app.query_params
