"""DHIS2's and Countdown's own outliers, and the defects that Kenya's export really has."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipelines.compute.outliers import find_outliers, scored
from pipelines.reference import OutlierRule, load_registry
from pipelines.settings import external_data_dir
from tests.compute.files import HEADERS, compute, write
from tests.compute.workbook import Column, Workbook, areas, measures
from tests.outliers.files import months

pytestmark = pytest.mark.external
DHIS2 = external_data_dir() / "dhis2" / "outlier_rows_expected.csv"
KENYA = external_data_dir() / "countdown_kenya"
NEEDS_DHIS2 = pytest.mark.skipif(not DHIS2.exists(), reason=f"third-party material is not here: {DHIS2}")
NEEDS_KENYA = pytest.mark.skipif(not KENYA.exists(), reason=f"third-party material is not here: {KENYA}")
RULES = load_registry().outlier_rules
ANTIGENS = {"bcg": "BCG", "penta1": "Penta1", "penta3": "Penta3", "measles1": "Measles1", "measles2": "Measles2"}
MONTH_NAMES = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
               "November", "December"]  # fmt: skip


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def dhis2_rows(algorithm: str) -> list[dict[str, str]]:
    return [row for row in read(DHIS2) if row["algorithm"] == algorithm]


def with_mean_and_deviation(value: float, mean: float, deviation: float) -> list[float]:
    """Return a series that ends in `value` and has this mean and standard deviation (n - 1)."""
    count = 1
    spread = -1.0
    while spread < 0:
        count += 2
        others = (count * mean - value) / (count - 1)
        spread = deviation**2 - (value - mean) ** 2 / (count - 1) - (others - mean) ** 2
    return [others + side * math.sqrt(spread) for side in (-1, 1) for _ in range((count - 1) // 2)] + [value]


def last_of(values: Iterable[float], rule: OutlierRule) -> dict[str, object]:
    rows = months(values, first=2000)
    frame = pl.DataFrame(
        [(number, *row) for number, row in enumerate(rows)],
        schema=["line_no", "area_code", "period", "measure_code", "value"],
        orient="row",
    )
    (found,) = [row for row in scored(frame, [rule]) if row["line_no"] == len(rows) - 1]
    return found


@NEEDS_DHIS2
def test_z_scores_and_their_bounds_are_those_of_dhis2() -> None:
    # Its series are not known, only value, mean and deviation: any series with these must have the score.
    rows = dhis2_rows("Z_SCORE")
    assert len(rows) == 14
    for row in rows:
        rule = replace(RULES["mean_sd"], reference_scope="series", extreme_cut=float(row["threshold"] or 3))
        value, centre, spread = (float(row[name]) for name in ("value", "center", "spread"))
        found = last_of(with_mean_and_deviation(value, centre, spread), rule)
        assert found["score"] == pytest.approx(float(row["score"]), abs=0.005 + 1e-9)
        assert found["lower_bound"] == pytest.approx(float(row["lower"]), abs=0.02 + 1e-9)
        assert found["upper_bound"] == pytest.approx(float(row["upper"]), abs=0.02 + 1e-9)


@NEEDS_DHIS2
def test_modified_z_scores_and_their_bounds_are_those_of_dhis2() -> None:
    rows = dhis2_rows("MODIFIED_Z_SCORE")
    assert len(rows) == 29
    for row in rows:
        rule = replace(RULES["modified_z"], extreme_cut=float(row["threshold"]))
        value, centre, spread = (float(row[name]) for name in ("value", "center", "spread"))
        found = last_of([centre - spread, centre - spread, centre, centre + spread, value], rule)
        assert found["score"] == pytest.approx(float(row["score"]), abs=0.005 + 1e-9)
        assert found["lower_bound"] == pytest.approx(float(row["lower"]), abs=0.005 + 1e-9)
        assert found["upper_bound"] == pytest.approx(float(row["upper"]), abs=0.005 + 1e-9)
        assert found["flag"] == "extreme"


@pytest.fixture(scope="module")
def kenya(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The months of five antigens, of all districts, as a file of values."""
    book = Workbook(KENYA / "kenya.xlsx")
    mapping = [Column("Service_data_2", "district", "year", "month", name, code) for code, name in ANTIGENS.items()]
    known = {code for code, _ in areas(book, "Kenya")}
    path = tmp_path_factory.mktemp("kenya") / "values.csv"
    write(path, HEADERS["measures"], list(measures(book, mapping, known)))
    return path


def countdown() -> dict[tuple[str, str, str], str]:
    """Return Countdown's flags by district, month and antigen."""
    return {
        (f"district {row['district']}", f"{row['year']}-{MONTH_NAMES.index(row['month']) + 1:02}", code): row[
            f"{code}_outlier5std"
        ]
        for code in ANTIGENS
        for row in read(KENYA / f"outlier_list_district_{code}.csv")
    }


@NEEDS_KENYA
def test_countdowns_flags_are_equal_when_missing_months_are_zeros(kenya: Path) -> None:
    rows = find_outliers(kenya, missing_as_zero=True).rows
    expected = countdown()
    assert len(rows) == len(expected) == 5 * 47 * 60
    flags = {
        (row["area_code"], row["period"], row["measure_code"]): str(int(row["hampel_flag"] == "extreme"))
        for row in rows
    }
    differing = {key for key, flag in flags.items() if flag != expected[key]}
    assert differing == ROUNDED_THERE


@NEEDS_KENYA
def test_missing_months_that_are_no_zeros_make_no_false_outliers_and_hide_none(kenya: Path) -> None:
    expected = countdown()
    rows = {(row["area_code"], row["period"], row["measure_code"]): row for row in find_outliers(kenya).rows}
    missing = {key for key, row in rows.items() if row["value"] is None}
    assert len(missing) == 35
    assert not any(rows[key]["is_outlier"] or rows[key]["hampel_flag"] == "extreme" for key in missing)
    ours = {key for key, row in rows.items() if row["hampel_flag"] == "extreme"} - ROUNDED_THERE
    theirs = {key for key, flag in expected.items() if flag == "1"}
    # Zeros pull the median down, so that ordinary months look strange, or blow the MAD up, so that strange ones do not.
    assert theirs - ours == FALSE_THERE
    assert ours - theirs == HIDDEN_THERE
    assert {key[0] for key in ours ^ theirs} <= {key[0] for key in missing}, "where nothing is missing, nothing differs"


@NEEDS_KENYA
def test_kenyas_real_defects_are_found_exactly(tmp_path: Path) -> None:
    book = Workbook(KENYA / "kenya.xlsx")
    tree = areas(book, "Kenya")
    mapping = [Column("Service_data_2", "district", "year", "month", name, name) for name in ("Penta1", "Penta3")] + [
        Column("Reporting_completeness", "district", "year", "month", f"Vacc_reporting_{name}", name)
        for name in ("expected", "received")
    ]
    terms = [
        ("dropout", "numerator", "Penta1", 1, 1), ("dropout", "numerator", "Penta3", -1, 1),
        ("excess", "numerator", "received", 1, 1), ("excess", "numerator", "expected", -1, 1),
    ]  # fmt: skip
    found = compute(tmp_path, tree, list(measures(book, mapping, {code for code, _ in tree})), terms)
    months_of_districts = {
        key: float(row[2]) for key, row in found.items() if row[2] and "-" in key[1] and "district" in key[0]
    }
    assert sum(value < 0 for (*_, code), value in months_of_districts.items() if code == "dropout") == 859
    assert sum(value > 0 for (*_, code), value in months_of_districts.items() if code == "excess") == 369


def measles2(district: str, *periods: str) -> set[tuple[str, str, str]]:
    return {(f"district {district}", period, "measles2") for period in periods}


# 103 lies above 14 + 5 x 17.7912; Countdown compares with a MAD rounded to 17.8, and 103 is not above that.
ROUNDED_THERE = measles2("Taita Taveta", "2019-10")
# Between 27 and 89 doses, in districts where up to ten months are missing.
FALSE_THERE = measles2(
    "Kirinyaga", "2019-07", "2019-12", "2020-10", "2021-07", "2021-12", "2022-08", "2023-07", "2023-11"
) | measles2("Nyeri", "2023-07")
# 209 and 104 doses, six and four times what is usual there.
HIDDEN_THERE = measles2("Uasin Gishu", "2019-08") | measles2("Samburu", "2021-11")
