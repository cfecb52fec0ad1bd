"""Worked by hand: what areas and periods add up to, what is missing, and Viet Nam's own national history."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from pipelines.reference import load_registry
from pipelines.settings import PROJECT_ROOT
from tests.compute.files import compute

TREE = [("N", ""), ("P", "N"), ("D1", "P"), ("D2", "P"), ("D3", "P"), ("Q", "N")]
COVERAGE = [("coverage", "numerator", "doses", 1, 100), ("coverage", "denominator", "target", 1, 100)]
WITH_POLICY = "indicator_code,term_role,measure_code,weight,multiplier,missing_policy"
WITH_SPREAD = "indicator_code,term_role,measure_code,weight,multiplier,annual_spread"
WITH_OFFSET = "indicator_code,term_role,measure_code,weight,multiplier,offset_years"
TRAP = [
    ("D1", "2024", "doses", 90), ("D1", "2024", "target", 100), ("D2", "2024", "doses", 60),
    ("D2", "2024", "target", 80), ("D3", "2024", "doses", 40),
]  # fmt: skip
MATCHED = [(*row, "matched_units") for row in COVERAGE]
MONTHS = [f"2024-{month:02}" for month in range(1, 13)]
JRF = PROJECT_ROOT / "pipelines" / "sample" / "viet_nam_2009_2022.csv"
DERIVED = PROJECT_ROOT / "tests" / "golden" / "viet_nam_derived.csv"


def test_numerators_and_denominators_are_summed_and_divided_last(tmp_path: Path) -> None:
    values = [("D1", "2024", "doses", 90), ("D1", "2024", "target", 100), ("D2", "2024", "doses", 1),
              ("D2", "2024", "target", 10), ("D3", "2024", "doses", 0), ("D3", "2024", "target", 5)]  # fmt: skip
    found = compute(tmp_path, TREE, values, COVERAGE)
    assert found["P", "2024", "coverage"] == ("91", "115", repr(100 * 91 / 115), "calculated")
    assert found["D3", "2024", "coverage"] == ("0", "5", "0", "calculated"), "zero is not missing"


def test_a_unit_with_doses_and_no_target_does_not_lift_its_parent_where_units_are_matched(tmp_path: Path) -> None:
    found = compute(tmp_path, TREE, TRAP, MATCHED, WITH_POLICY)
    assert found["P", "2024", "coverage"] == ("150", "180", repr(100 * 150 / 180), "calculated_partial")
    assert found["D3", "2024", "coverage"] == ("40", "", "", "no_denominator")
    full = compute(tmp_path, TREE, TRAP, COVERAGE)
    assert full["P", "2024", "coverage"] == ("190", "180", repr(100 * 190 / 180), "calculated_partial")


def test_what_an_area_above_reports_for_all_completes_the_place_that_lacks_it(tmp_path: Path) -> None:
    # The nation's own target holds 70 more than its parts: D3's doses belong to them, and to nothing below the nation.
    found = compute(tmp_path, TREE, [*TRAP, ("N", "2024", "target", 250)], MATCHED, WITH_POLICY)
    assert found["P", "2024", "coverage"][:2] == ("150", "180")
    assert found["N", "2024", "coverage"][:2] == ("190", "250")
    # The nearest area whose own target holds more takes them.
    found = compute(
        tmp_path, TREE, [*TRAP, ("N", "2024", "target", 250), ("P", "2024", "target", 200)], MATCHED, WITH_POLICY
    )
    assert found["P", "2024", "coverage"][:2] == ("190", "200")
    assert found["N", "2024", "coverage"][:2] == ("190", "200")
    # A target that its parts explain to the last holds nothing for D3.
    found = compute(tmp_path, TREE, [*TRAP, ("P", "2024", "target", 180)], MATCHED, WITH_POLICY)
    assert found["P", "2024", "coverage"][:2] == ("150", "180")


def test_two_halves_of_different_places_do_not_match(tmp_path: Path) -> None:
    values = [("D1", "2024", "doses", 9), ("D2", "2024", "target", 10)]
    found = compute(tmp_path, TREE, values, MATCHED, WITH_POLICY)
    assert found["P", "2024", "coverage"] == ("9", "", "", "no_denominator")
    assert compute(tmp_path, TREE, values, COVERAGE)["P", "2024", "coverage"][:3] == ("9", "10", "90")


@pytest.mark.parametrize(("own", "shown"), [(250, "250"), (190, "190"), (100, "190"), (0, "190"), ("", "190")])
def test_what_a_parent_reports_itself_holds_its_parts_and_is_not_added_to_them(
    tmp_path: Path, own: object, shown: str
) -> None:
    found = compute(tmp_path, TREE, [*TRAP, ("P", "2024", "doses", own), ("Q", "2024", "doses", 5)], COVERAGE)
    assert found["P", "2024", "coverage"][0] == shown
    assert found["N", "2024", "coverage"][0] == str(int(shown) + 5)


def test_a_year_holds_its_months(tmp_path: Path) -> None:
    values = [("D1", month, "doses", 10) for month in MONTHS] + [
        ("D1", "2024", "doses", 130),
        ("D2", "2024", "doses", 7),
    ]
    found = compute(tmp_path, TREE, values, COVERAGE[:1])
    shown = {period: found["P", period, "coverage"] for _, period, _ in found}
    assert shown["2024"][0] == "137"
    assert shown["2024Q3"] == ("30", "", "3000", "calculated_partial")
    assert shown["2024-05"][0] == "10"


def test_an_areas_year_in_an_area_that_knows_one_month_is_added_to_neither(tmp_path: Path) -> None:
    values = [("D1", "2024", "doses", 120), ("P", "2024-01", "doses", 30)]
    found = compute(tmp_path, TREE, values, COVERAGE[:1])
    assert found["D1", "2024", "coverage"][0] == "120"
    assert found["P", "2024", "coverage"][0] == "30"


def test_periods_of_the_file_and_those_that_they_make_whole(tmp_path: Path) -> None:
    def periods(*given: str) -> list[str]:
        found = compute(tmp_path, [("N", "")], [("N", period, "doses", 1) for period in given], COVERAGE[:1])
        return [period for _, period, _ in found]

    assert periods("2024-01", "2024-02") == ["2024-01", "2024-02"]
    assert periods("2024-01", "2024-02", "2024-03") == ["2024-01", "2024-02", "2024-03", "2024Q1"]
    assert periods("2024Q1", "2024Q2", "2024Q3", "2024Q4")[0] == "2024"
    assert periods("2024-01", "2024-02", "2024-03", "2024Q2", "2024Q3", "2024Q4")[0] == "2024"
    assert len(periods(*MONTHS)) == 17


def test_a_years_target_is_spread_over_months_where_the_indicator_says_so(tmp_path: Path) -> None:
    values = [("D1", month, "doses", 8) for month in MONTHS] + [("D1", "2024", "target", 100)]
    terms = [("coverage", "numerator", "doses", 1, 100, ""), ("coverage", "denominator", "target", 1, 100, "twelfths")]
    found = compute(tmp_path, TREE, values, terms, WITH_SPREAD)
    targets = [float(found["D1", month, "coverage"][1]) for month in MONTHS]
    assert set(targets) == {8, 9}, "whole persons"
    assert sum(targets) == 100
    assert found["D1", "2024", "coverage"] == ("96", "100", "96", "calculated")
    unspread = compute(tmp_path, TREE, values, COVERAGE)
    assert unspread["D1", "2024-01", "coverage"] == ("8", "", "", "no_denominator")
    assert unspread["D1", "2024", "coverage"] == ("96", "100", "96", "calculated")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([("doses", 0), ("target", 0)], ("0", "0", "", "zero_denominator")),
        ([("doses", 5), ("target", "")], ("5", "", "", "no_denominator")),
        ([("doses", ""), ("target", 10)], ("", "10", "", "not_reported")),
        ([("doses", ""), ("target", "")], ("", "", "", "not_reported")),
        ([("doses", 0), ("target", 10)], ("0", "10", "0", "calculated")),
        ([("doses", 11), ("target", 10)], ("11", "10", "110", "calculated")),
        ([("doses", "-0.5"), ("target", "1.5e1")], ("-0.5", "15", repr(-50 / 15), "calculated")),
    ],
)
def test_what_is_missing_is_told_and_never_zero(
    tmp_path: Path, values: Sequence[tuple[str, object]], told: tuple[str, ...]
) -> None:
    rows = [("N", "2024", measure, value) for measure, value in values]
    assert compute(tmp_path, [("N", "")], rows, COVERAGE)["N", "2024", "coverage"] == told


def test_dropout_has_a_negative_weight_and_may_be_negative(tmp_path: Path) -> None:
    terms = [("dropout", "numerator", "first", 1, 100), ("dropout", "numerator", "third", -1, 100),
             ("dropout", "denominator", "first", 1, 100)]  # fmt: skip
    values = [
        ("N", "2024", "first", 80),
        ("N", "2024", "third", 88),
        ("N", "2025", "first", 80),
        ("N", "2025", "third", 80),
    ]
    found = compute(tmp_path, [("N", "")], values, terms)
    assert found["N", "2024", "dropout"] == ("-8", "80", "-10", "calculated")
    assert found["N", "2025", "dropout"] == ("0", "80", "0", "calculated"), "a dropout of zero is a value"


def test_an_earlier_year_is_a_term_like_another(tmp_path: Path) -> None:
    terms = [("growth", "numerator", "births", 1, 1, 0), ("growth", "denominator", "births", 1, 1, -1)]
    values = [("N", "2023", "births", 80), ("N", "2024", "births", 84)]
    found = compute(tmp_path, [("N", "")], values, terms, WITH_OFFSET)
    assert found["N", "2024", "growth"] == ("84", "80", "1.05", "calculated")
    assert found["N", "2023", "growth"] == ("80", "", "", "no_denominator")


def test_decimals_add_up_as_they_are_written(tmp_path: Path) -> None:
    values = [(area, "2024", "doses", "0.1") for area in ("D1", "D2", "D3", "Q")] + [("N", "2024", "target", "0.7")]
    found = compute(tmp_path, TREE, values, COVERAGE)
    assert found["P", "2024", "coverage"][0] == "0.3"
    assert found["N", "2024", "coverage"] == ("0.4", "0.7", repr(100 * 0.4 / 0.7), "calculated")


def test_built_in_indicators_give_the_published_history_of_viet_nam(tmp_path: Path) -> None:
    with JRF.open(encoding="utf-8", newline="") as stream:
        values = [
            (row["area_code"], row["period"], row["measure_code"], row["value"]) for row in csv.DictReader(stream)
        ]
    found = compute(tmp_path, [("VN", "")], values, "builtin")
    with DERIVED.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    indicators = load_registry().indicators
    checked = 0
    for row in rows:
        for column, text in row.items():
            code = column.removesuffix("_pct")
            if code in indicators and (value := found.get(("VN", row["year"], code))) and value[2]:
                unit = Decimal(text) if "." in text else Decimal(1)
                assert Decimal(value[2]).quantize(unit, ROUND_HALF_UP) == Decimal(text), (column, row["year"])
                checked += 1
    # Seven columns in 14 years, and eleven means of three years; the two that rest on UN estimates have none here.
    assert checked == 7 * 14 + 11
