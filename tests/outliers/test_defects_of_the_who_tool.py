"""Each defect of the WHO data quality tool, by name, and that ours does not have it."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest

from pipelines.compute.outliers import find_outliers, scored
from pipelines.reference import load_registry
from tests.compute.files import HEADERS, write
from tests.outliers.files import find, months


def test_the_mean_deviation_steps_in_when_the_mad_is_0(tmp_path: Path) -> None:
    # There the fallback calls the MAD again, so that eleven equal months and a spike have no outlier.
    rows = find(tmp_path, months([100] * 11 + [500]))
    assert [row["is_outlier"] for row in rows] == ["false"] * 11 + ["true"]
    # Mean deviation 400/12: 0.7979 x 400 / (400/12) = 9.5748.
    assert float(rows[-1]["modified_z_score"]) == pytest.approx(0.7979 * 12)
    equal = find(tmp_path, months([100] * 12))
    assert all((row["modified_z_score"], row["modified_z_flag"]) == ("0.0", "none") for row in equal)


def test_low_values_count_as_high_ones_do(tmp_path: Path) -> None:
    # There the sign is not taken off, so that a month that lost its reports is never an outlier.
    usual = [100, 104, 97, 101, 99, 103, 98, 102, 100, 101, 99]
    low, high = (find(tmp_path, months([*usual, value]))[-1] for value in (20, 180))
    assert low["is_outlier"] == high["is_outlier"] == "true"
    assert float(low["modified_z_score"]) == pytest.approx(-float(high["modified_z_score"]), rel=0.03)
    assert (low["mean_sd_flag"], high["mean_sd_flag"]) == ("extreme", "extreme")


def test_each_value_is_compared_with_its_own_series(tmp_path: Path) -> None:
    # There the index of the area is taken for that of the value: other numbers of areas and months change the flags.
    alone = find(tmp_path, months([10, 11, 9, 10, 12, 60], "A"))
    others = [row for number in range(7) for row in months([1000 + number] * 12, f"B{number}")]
    other_measure = months([5] * 12, "A", "other")
    together = find(tmp_path, [*others, *months([10, 11, 9, 10, 12, 60], "A"), *other_measure])
    assert [row for row in together if (row["area_code"], row["measure_code"]) == ("A", "doses")] == alone
    assert [row["is_outlier"] for row in alone] == ["false"] * 5 + ["true"]


def test_a_years_value_is_not_compared_with_its_months(tmp_path: Path) -> None:
    rows = find(tmp_path, [*months([100, 101, 99, 100, 102, 98] * 2), ("A", "2024", "doses", 1200)])
    assert rows[-1]["modified_z_flag"] == "too_few"
    assert {row["is_outlier"] for row in rows} == {"false"}


def test_the_median_leaves_the_callers_values_in_their_order(tmp_path: Path) -> None:
    values = [9, 1, 8, 2, 7, 3, 600, 4, 5, 6, 5, 5]
    assert [float(row["value"]) for row in find(tmp_path, months(values))] == values
    frame = pl.DataFrame(
        {"line_no": range(12), "area_code": "A", "measure_code": "doses", "value": [float(value) for value in values],
         "period": [period for _, period, *_ in months(values)]}
    )  # fmt: skip
    before = frame.clone()
    scored(frame, list(load_registry().outlier_rules.values()))
    assert frame.equals(before)


def test_the_rule_of_standard_deviations_cannot_fire_below_11_values(tmp_path: Path) -> None:
    for count in range(3, 13):
        row = find(tmp_path, months([0] * (count - 1) + [10**9]))[-1]
        limit = (count - 1) / math.sqrt(count)
        assert float(row["mean_sd_largest_score"]) == pytest.approx(limit)
        assert float(row["mean_sd_score"]) == pytest.approx(limit), "a lone spike reaches the limit, and nothing above"
        assert (row["mean_sd_flag"] == "extreme") == (count >= 11)
        assert (row["is_outlier"] == "true") == (count >= 5), "the primary rule has no such limit"


def test_a_missing_month_is_not_a_zero_and_not_an_outlier(tmp_path: Path) -> None:
    values = [100, 104, 97, 101, "", 103, 98, 102, 100, 101, 99, 100]
    row = find(tmp_path, months(values))[4]
    assert (row["value"], row["is_outlier"], row["modified_z_flag"], row["modified_z_score"]) == (
        "",
        "false",
        "missing",
        "",
    )
    as_zero = find(tmp_path, months(values), "--missing-as-zero")[4]
    assert (as_zero["value"], as_zero["is_outlier"]) == ("0.0", "true")


def test_few_values_are_not_judged(tmp_path: Path) -> None:
    rows = find(tmp_path, months([1, 1, 1, 10**6]))
    assert {row["modified_z_flag"] for row in rows} == {"too_few"}
    assert {row["is_outlier"] for row in rows} == {"false"}


def test_a_spike_hides_itself_from_standard_deviations_and_not_from_the_median(tmp_path: Path) -> None:
    values = [100, 120, 90, 110, 95, 130, 85, 105, 115, 400, 380, 100]
    rows = find(tmp_path, months(values))
    assert [row["is_outlier"] for row in rows].count("true") == 2
    assert "extreme" not in {row["mean_sd_flag"] for row in rows}


def test_scores_equal_to_a_cut_are_within_it(tmp_path: Path) -> None:
    rules = load_registry().outlier_rules
    # Median 0, MAD 1: a score of 5 x 1.4826 is within the bounds of median and 5 MAD.
    write(tmp_path / "v.csv", HEADERS["measures"], months([-1, -1, 0, 1, 1, 1, -1, 5 / rules["hampel"].mad_divisor]))
    rows = find_outliers(tmp_path / "v.csv").rows
    assert rows[-1]["hampel_flag"] == "none"
