"""Both trees of areas: how many there are, and that every place reaches both nations."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from pipelines.reference import Area, load_registry

AREAS = load_registry().areas
COMMUNES_2017 = [area for (tree, _), area in AREAS.items() if tree == "63" and area.level_code == "commune"]


def ancestors(area: Area) -> list[Area]:
    found = [area]
    while found[-1].parent_code is not None:
        found.append(AREAS[area.hierarchy_code, found[-1].parent_code])
    return found


def test_the_trees_have_63_713_11162_and_34_3321_areas() -> None:
    real = Counter((tree, area.level_code) for (tree, _), area in AREAS.items() if not area.is_pseudo)
    assert real == {
        ("63", "nation"): 1, ("63", "region"): 6, ("63", "province"): 63, ("63", "district"): 713,
        ("63", "commune"): 11_162,
        ("34", "nation"): 1, ("34", "region"): 6, ("34", "province"): 34, ("34", "commune"): 3_321,
    }  # fmt: skip


def test_four_districts_without_communes_have_one_pseudo_commune_each() -> None:
    pseudo = [area for area in AREAS.values() if area.is_pseudo]
    assert len(pseudo) == 4
    children = Counter(area.parent_code for area in COMMUNES_2017)
    for area in pseudo:
        assert (area.hierarchy_code, area.level_code) == ("63", "commune")
        assert children[area.parent_code] == 1
    districts = {code for (tree, code), area in AREAS.items() if tree == "63" and area.level_code == "district"}
    assert children.keys() == districts


@pytest.mark.parametrize("tree", ["63", "34"])
def test_every_area_climbs_level_by_level_to_its_nation(tree: str) -> None:
    depths = {row.level_code: row.depth for row in load_registry().area_levels if row.hierarchy_code == tree}
    for (hierarchy, _), area in AREAS.items():
        if hierarchy == tree:
            way = ancestors(area)
            assert [depths[step.level_code] for step in way] == list(range(depths[area.level_code], -1, -1))
            assert way[-1].area_code == "VN"


def test_every_commune_of_2017_reaches_both_nations() -> None:
    successors = defaultdict(list)
    for change in load_registry().area_changes:
        if (change.from_hierarchy_code, change.to_hierarchy_code) == ("63", "34"):
            successors[change.from_code].append(change)
    reached = set()
    for commune in COMMUNES_2017:
        assert ancestors(commune)[-1].area_code == "VN"
        changes = successors[commune.area_code]
        assert sum(change.share for change in changes) == pytest.approx(1, abs=1e-3)
        assert [change.is_primary for change in changes].count(True) == 1
        for change in changes:
            new = AREAS["34", change.to_code]
            assert new.level_code == "commune"
            assert ancestors(new)[-1].area_code == "VN"
            reached.add(change.to_code)
    assert len(COMMUNES_2017) == 11_166
    new_communes = {code for (tree, code), area in AREAS.items() if tree == "34" and area.level_code == "commune"}
    assert reached == new_communes, "every commune of today is made of communes of 2017"


def test_parts_of_a_split_commune_stay_in_the_province_that_its_province_became() -> None:
    became = {row.from_code: row.to_code for row in load_registry().area_changes if len(row.from_code) == 2}
    for change in load_registry().area_changes:
        if change.change_kind != "rename" and len(change.from_code) == 5:
            old = ancestors(AREAS["63", change.from_code])
            new = ancestors(AREAS["34", change.to_code])
            assert became[old[2].area_code] == new[1].area_code
    assert len(became) == 63
    assert len(set(became.values())) == 34


def test_a_code_may_name_two_areas_but_never_in_one_tree() -> None:
    both = {code for tree, code in AREAS if tree == "63"} & {code for tree, code in AREAS if tree == "34"}
    assert {"08", "00004"} <= both
    changes = load_registry().area_changes
    provinces = {row.from_code for row in changes if row.to_code == "08" and len(row.from_code) == 2}
    assert provinces == {"02", "08"}, "one name, two areas"


def test_siblings_of_one_kind_have_different_names() -> None:
    # Only in Vietnamese: without marks, some of them are the same.
    names = Counter((tree, area.parent_code, area.area_type_vi, area.name_vi) for (tree, _), area in AREAS.items())
    assert [key for key, count in names.items() if count > 1] == []
