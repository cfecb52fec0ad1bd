"""Maps draw every area of the registry, no other, and the right way round."""

from __future__ import annotations

import csv
import json
from itertools import pairwise

import pytest

from dashboards.geography import BOUNDARIES
from pipelines.settings import SEEDS_DIR


def features(pattern: str) -> dict[str, dict]:
    return {
        feature["properties"]["code"]: feature
        for path in BOUNDARIES.glob(pattern)
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]
    }


LAYERS = [
    ("63", "province", "provinces_63.json"),
    ("34", "province", "provinces_34.json"),
    ("63", "district", "districts_63/*.json"),
    ("34", "commune", "communes_34/*.json"),
]


@pytest.mark.parametrize(("hierarchy", "level", "pattern"), LAYERS)
def test_a_layer_draws_exactly_the_areas_of_its_level(hierarchy: str, level: str, pattern: str) -> None:
    with (SEEDS_DIR / "geography" / "areas.csv").open(encoding="utf-8", newline="") as stream:
        codes = {
            row["area_code"]
            for row in csv.DictReader(stream)
            if row["hierarchy_code"] == hierarchy and row["level_code"] == level
        }
    drawn = features(pattern)
    assert drawn.keys() == codes
    assert [code for code, feature in drawn.items() if not feature["geometry"]["coordinates"]] == []


@pytest.mark.parametrize(("hierarchy", "level", "pattern"), LAYERS)
def test_outer_rings_run_clockwise_or_a_map_would_fill_the_globe(hierarchy: str, level: str, pattern: str) -> None:
    wrong = []
    for code, feature in features(pattern).items():
        for outer, *_ in feature["geometry"]["coordinates"]:
            area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(outer))
            if area >= 0:
                wrong.append(code)
    assert wrong == []


@pytest.mark.parametrize(
    ("pattern", "paracels", "spratlys"),
    [
        ("provinces_63.json", "48", "56"),
        ("provinces_34.json", "48", "56"),
        ("districts_63/*.json", "498", "576"),
        ("communes_34/*.json", "20333", "22736"),
    ],
)
def test_hoang_sa_and_truong_sa_are_drawn(pattern: str, paracels: str, spratlys: str) -> None:
    drawn = features(pattern)

    def easternmost(code: str) -> float:
        return max(x for polygon in drawn[code]["geometry"]["coordinates"] for x, _ in polygon[0])

    assert easternmost(paracels) > 112
    assert easternmost(spratlys) > 114


def test_the_layers_stay_small() -> None:
    assert sum(path.stat().st_size for path in BOUNDARIES.rglob("*.json")) < 6_000_000
