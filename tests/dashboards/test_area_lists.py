"""Lists of areas between the trees: how many areas each had, and that every value of a list is made of whole ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.area_lists import AreaList
from pipelines.reference import load_registry

REGISTRY = load_registry()
TREE = [asdict(area) for area in REGISTRY.areas.values() if area.hierarchy_code == "63"]
VERSIONS = [asdict(row) for row in REGISTRY.area_versions]
DAYS = st.integers(0, (date(2025, 6, 30) - date(2017, 9, 1)).days).map(lambda days: date(2017, 9, 1) + timedelta(days))


def listed(day: date) -> AreaList:
    """Return the list of a day."""
    return AreaList(TREE, VERSIONS, day)


# The counts of the General Statistics Office, and the island districts without communes.
@pytest.mark.parametrize(
    ("day", "communes", "districts", "islands"),
    [
        (date(2017, 9, 1), 11162, 713, 4),
        (date(2019, 12, 31), 11055, 713, 4),
        (date(2020, 12, 31), 10614, 707, 5),
        (date(2021, 12, 31), 10599, 705, 5),
        (date(2023, 12, 31), 10598, 705, 5),
        (date(2025, 6, 30), 10035, 696, 5),
    ],
)
def test_a_list_has_as_many_areas_as_the_statistics_office_counted(
    day: date, communes: int, districts: int, islands: int
) -> None:
    areas = listed(day).areas
    counts = Counter(area.level_code for area in areas.values())
    assert counts == {"nation": 1, "region": 6, "province": 63, "district": districts, "commune": communes + islands}
    assert all(area.parent_code in areas for area in areas.values() if area.parent_code)


@settings(max_examples=12)
@given(DAYS)
def test_the_areas_of_a_list_are_made_of_every_area_of_the_tree_once(day: date) -> None:
    areas = listed(day)
    by_level: Counter[tuple[str, str]] = Counter()
    for member in areas.members(list(areas.areas)):
        level = areas.areas[member.area_code].level_code
        by_level[level, member.member_code] += member.weight
    for row in TREE:
        own = (row["level_code"], row["area_code"])
        # What ended without a successor counts in its district alone.
        assert by_level[own] == (areas.home(row["area_code"]) is not None)
        if row["level_code"] == "commune":
            assert by_level["district", row["area_code"]] == 0


def test_a_commune_that_moved_leaves_one_district_and_comes_to_another() -> None:
    # Thu Duc became a city in 2021, of three districts.
    areas = listed(date(2021, 6, 30))
    assert areas.areas["769"].name_vi == "Thành phố Thủ Đức"
    assert {member.member_code: member.weight for member in areas.members(["769"])} == {"762": 1, "763": 1, "769": 1}
    assert areas.home("763") == "769"
    before = listed(date(2018, 1, 1))
    assert before.home("763") == "763"
