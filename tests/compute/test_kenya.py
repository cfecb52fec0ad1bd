"""A real DHIS2 export of Kenya, as untidy as an analyst gets it, by `niis compute` and against Countdown's results.

Where ours is another number on purpose, the test says which and why: what nobody reported is missing here and zero
there, and a rate over several districts is a ratio of sums here and a mean of rounded rates there.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from pipelines.settings import external_data_dir
from tests.compute.files import compute
from tests.compute.workbook import Workbook, areas, measures, read_mapping

FOLDER = external_data_dir() / "countdown_kenya"
pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not FOLDER.exists(), reason=f"third-party material is not here: {FOLDER}"),
]
MAPPING = Path(__file__).parent / "kenya_mapping.csv"
COUNTRY = "Kenya"
YEARS = [str(year) for year in range(2019, 2024)]
FORMS = ("anc", "idelv", "vacc", "opd", "ipd")
NATION_FORMS = FORMS[:4]
Values = Mapping[tuple[str, str, str], tuple[str, str, str, str]]


def expected(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def tree() -> list[tuple[str, str]]:
    return areas(Workbook(FOLDER / "kenya.xlsx"), COUNTRY)


@pytest.fixture(scope="module")
def values(tree: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Values:
    """Every value of a year."""
    book = Workbook(FOLDER / "kenya.xlsx")
    mapping = read_mapping(MAPPING.read_text(encoding="utf-8"))
    lines = list(measures(book, mapping, {code for code, _ in tree}))
    # A constant counts the district-months that have a rate, so that the mean of rates is an indicator like others.
    lines += [
        (area, period, code.replace("_rate", "_rated"), "1") for area, period, code, value in lines
        if code.endswith("_rate") and value
    ]  # fmt: skip
    indicators = [
        (column.measure_code, "numerator", column.measure_code, 1, 1)
        for column in mapping
        if not column.sheet.startswith("Reporting")
    ]
    indicators += [("stillbirths_by_kind", "numerator", f"stillbirth_{kind}", 1, 1) for kind in "fm"]
    for form in FORMS:
        indicators += [(f"{form}_ratio", "numerator", f"{form}_received", 1, 100)]
        indicators += [(f"{form}_ratio", "denominator", f"{form}_expected", 1, 100)]
        indicators += [(f"{form}_mean", "numerator", f"{form}_rate", 1, 1)]
        indicators += [(f"{form}_mean", "denominator", f"{form}_rated", 1, 1)]
    for first, second in (("anc1", "penta1"), ("penta1", "penta3")):
        indicators += [(f"{first}/{second}", "numerator", first, 1, 1)]
        indicators += [(f"{first}/{second}", "denominator", second, 1, 1)]
    found = compute(tmp_path_factory.mktemp("kenya"), tree, lines, indicators)
    return {key: row for key, row in found.items() if key[1] in YEARS}


def test_the_mapping_finds_every_district_and_month(tree: list[tuple[str, str]], values: Values) -> None:
    assert sum(code.startswith("district") for code, _ in tree) == 47
    assert len({area for area, *_ in values}) == 47 + 8 + 1
    assert sorted({period for _, period, _ in values}) == YEARS


def test_national_sums_are_equal_and_what_nobody_reported_is_missing_instead_of_zero(values: Values) -> None:
    differing = {}
    for row in expected("numerator_national.csv"):
        year = row.pop("year")
        for measure, text in row.items():
            found = values[COUNTRY, year, measure]
            if found[2] and float(found[2]) == pytest.approx(float(text), rel=1e-12):
                continue
            differing[measure, year] = (text, found[2], found[3])
    # In this year the sheet's own totals of stillbirths are not the sum of fresh and macerated; theirs is.
    assert differing.pop(("total_stillbirth", "2023")) == ("19369", "15453", "calculated")
    assert values[COUNTRY, "2023", "stillbirths_by_kind"][2] == "19369"
    assert set(differing) == NOT_REPORTED
    assert all(row == ("0", "", "not_reported") for row in differing.values())


def test_regional_sums_of_population_are_equal(tree: list[tuple[str, str]], values: Values) -> None:
    rows = expected("population_adminlevel_1.csv")
    districts = Counter(region for code, region in tree if code.startswith("district"))
    for row in rows:
        for column, measure, unit in (
            ("totpop_dhis2", "totpop", 1000),
            ("totlivebirths_dhis2", "totlivebirths", 1000),
            ("totunder1_dhis2", "totunder1", 1),
        ):
            found = float(values[row["adminlevel_1"], row["year"], measure][2]) / unit
            # They round each of a region's districts to one person before they add them up.
            most = 0.5 * districts[row["adminlevel_1"]] / unit
            assert abs(found - float(row[column])) <= most + 1e-9, (row, measure)
    assert len(rows) == 40


def test_reporting_rates_are_equal_as_means_of_rates_and_told_as_ratios_of_sums(values: Values) -> None:
    differing = {}
    for row in expected("reporting_rate_national.csv"):
        for form in FORMS:
            key, theirs = (form, row["year"]), int(row[f"{form}_rr"])
            mean, ratio = (float(values[COUNTRY, row["year"], f"{form}_{kind}"][2]) for kind in ("mean", "ratio"))
            assert round(mean) == theirs
            if round(ratio) != theirs:
                differing[key] = (theirs, round(ratio, 1))
    assert differing == DIFFERING_RATES


def test_the_share_of_districts_above_90_percent_is_equal(values: Values) -> None:
    (row,) = [row for row in expected("overall_score.csv") if row["no"] == "1b"]
    for year in YEARS:
        shares = []
        for form in NATION_FORMS:
            rates = [float(found[2]) for (area, period, code), found in values.items()
                     if area.startswith("district") and period == year and code == f"{form}_ratio"]  # fmt: skip
            assert len(rates) == 47
            shares.append(100 * sum(rate >= 90 for rate in rates) / len(rates))
        assert round(sum(shares) / len(shares)) == int(row[year])


def test_ratios_between_antigens_are_equal_as_means_of_districts_and_told_as_ratios_of_sums(values: Values) -> None:
    national = {row["year"]: row for row in expected("ratios_national.csv")}
    differing = {}
    for row in expected("ratios_districts.csv"):
        for pair in ("anc1/penta1", "penta1/penta3"):
            ratios = [float(found[2]) for (area, period, code), found in values.items()
                      if area.startswith("district") and period == row["year"] and code == pair]  # fmt: skip
            share = 100 * sum(1 <= ratio <= 1.5 for ratio in ratios) / len(ratios)
            assert round(share, 1) == float(row[f"% district with {pair} in expected ranged"])
            theirs, ours = float(national[row["year"]][f"Ratio {pair}"]), float(values[COUNTRY, row["year"], pair][2])
            assert sum(ratios) / len(ratios) == pytest.approx(theirs, rel=1e-12)
            differing[pair, row["year"]] = (round(theirs, 3), round(ours, 3))
    assert differing == DIFFERING_RATIOS


# Measures and years in which no district reported anything.
NOT_REPORTED = {("anc_1trimester", year) for year in YEARS} | {
    ("hiv_test", "2019"), ("hiv_test", "2021"), ("hiv_test", "2022"), ("hiv_test", "2023"), ("ifa90", "2019"),
    ("ipt3", "2019"), ("syphilis_test", "2019"),
}  # fmt: skip
# Theirs, the mean of rates over districts and months, and ours, reports received over reports expected, where the two
# are not the same whole number.
DIFFERING_RATES = {
    ("anc", "2019"): (94, 95.5), ("idelv", "2019"): (94, 95.5), ("vacc", "2019"): (94, 94.8),
    ("ipd", "2019"): (26, 21.8), ("anc", "2020"): (96, 96.9), ("idelv", "2020"): (96, 96.9),
    ("vacc", "2020"): (95, 96.1), ("opd", "2020"): (96, 97.1), ("anc", "2021"): (96, 96.8),
    ("idelv", "2021"): (96, 96.8), ("vacc", "2021"): (96, 96.6), ("opd", "2021"): (96, 97.8),
    ("ipd", "2021"): (23, 20.5), ("opd", "2022"): (96, 96.6), ("ipd", "2022"): (24, 21.4),
    ("anc", "2023"): (97, 97.9), ("idelv", "2023"): (97, 97.9), ("opd", "2023"): (97, 97.6),
    ("ipd", "2023"): (23, 22.3),
}  # fmt: skip
# Theirs, the mean of the districts' ratios, and ours, the ratio of the nation's sums.
DIFFERING_RATIOS = {
    ("anc1/penta1", "2019"): (1.033, 1.051), ("penta1/penta3", "2019"): (1.056, 1.052),
    ("anc1/penta1", "2020"): (1.106, 1.107), ("penta1/penta3", "2020"): (1.046, 1.044),
    ("anc1/penta1", "2021"): (1.083, 1.096), ("penta1/penta3", "2021"): (1.066, 1.06),
    ("anc1/penta1", "2022"): (1.056, 1.066), ("penta1/penta3", "2022"): (1.038, 1.035),
    ("anc1/penta1", "2023"): (1.058, 1.064), ("penta1/penta3", "2023"): (1.045, 1.041),
}  # fmt: skip
