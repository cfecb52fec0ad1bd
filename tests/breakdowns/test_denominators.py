"""The synthetic programme has a value of a coverage over the denominators of its area, side by side."""

from __future__ import annotations

from dashboards.warehouse import open_release
from pipelines.settings import Settings
from tests.conftest import PROVINCES


def test_a_province_and_its_communes_can_be_read_over_registered_births(published_home: Settings) -> None:
    release = open_release(published_home.published)
    offered = release.denominators("coverage_penta3")
    names = dict(offered.select("denominator_code", "read_as").iter_rows())
    communes = [
        code
        for district in release.children("63", PROVINCES[0])["area_code"]
        for code in release.children("63", district)["area_code"]
    ]
    asked = {"period_type": "quarter", "period_from": "2025Q2", "period_to": "2025Q2"}
    values = release.indicator_values(offered["read_as"].to_list(), "63", area_codes=[PROVINCES[0]], **asked)
    found = dict(values.select("indicator_code", "denominator").drop_nulls().iter_rows())
    # Estimates of the nation are no part of a programme of one province.
    assert found.keys() == {
        names[code] for code in ("official_target", "registered_births", "census_projection", "penta1_derived")
    }
    births = names["registered_births"]
    below = release.indicator_values([births], "63", area_codes=communes, **asked)
    assert abs(below["denominator"].sum() - found[births]) < 1e-6
