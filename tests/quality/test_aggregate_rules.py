"""Rules of areas and facilities over Viet Nam's real national figures and two hand-made facilities.

Expected values are worked by hand from the figures of the sample and from the lines below.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.facilities import write_facilities
from pipelines.inbox import submit
from pipelines.publish import current_release
from pipelines.reference import load_registry
from pipelines.settings import PROJECT_ROOT, Settings
from tests.conftest import RUN_AT
from tests.intake.conftest import register
from tests.steps import run_steps, start_with

AREAS = [area for area in load_registry().areas.values() if area.hierarchy_code == "63"]
SAMPLE = PROJECT_ROOT / "pipelines" / "sample" / "viet_nam_2009_2022.csv"
# The first facility sends four first doses as records and reports ten of them; the second opens twenty vials of ten
# doses and uses three hundred.
DOSES = (
    "record_id,facility_code,person_code,full_name,birth_date,product_code,given_at,dose_number,dose_status\n"
    + "".join(
        f"R{number},0000101,P{number},Trẻ số {number},2022-08-0{number},penta_sii,2022-11-1{number},1,2\n"
        for number in range(1, 5)
    )
)
REPORTS = "facility_code,period,measure_code,value\n" + "".join(
    f"{facility},2022-11,{measure},{value}\n"
    for facility, measure, value in (
        ("0000101", "doses_penta1_u1", 10),
        ("0000401", "vials_opened_bcg", 20),
        ("0000401", "doses_used_bcg", 300),
        ("0000401", "vials_opened_mr", 20),
        ("0000401", "doses_used_mr", 200),
    )
)
# Twelve months of a facility, one of them with a digit too many, and two that somebody counted again from the register.
MONTHS = [41, 40, 43, 42, 440, 41, 39, 44, 42, 40, 43, 41]
SERIES = "facility_code,period,measure_code,value\n" + "".join(
    f"0000401,2021-{month:02d},doses_penta3_u1,{value}\n" for month, value in enumerate(MONTHS, start=1)
)
SERIES += "".join(f"0000401,2021-{month:02d},vials_opened_bcg,4\n" for month in range(1, 12))
SERIES += "0000401,2021-01,recount_penta3_u1,30\n0000401,2021-02,recount_penta3_u1,41\n"
# A district whose communes' targets do not add up to its own, and a province that would have twice the births it has.
DISTRICT, COMMUNES = min(
    (
        (code, sorted(area.area_code for area in AREAS if area.parent_code == code and not area.is_pseudo))
        for code in sorted(area.area_code for area in AREAS if area.level_code == "district")
    ),
    key=lambda pair: (len(pair[1]) < 2, len(pair[1]), pair[0]),
)
HANOI_POPULATION, HANOI_BIRTH_RATE = 7433600, 16.3
TARGETS = "hierarchy_code,area_code,period,measure_code,value\n" + "".join(
    f"63,{area},{year},target_under1,{value}\n"
    for area, year, value in (
        (DISTRICT, 2021, 100),
        *((commune, 2021, 110 if commune == COMMUNES[0] else 0) for commune in COMMUNES),
        ("01", 2015, 260000),
    )
)
# Live births as the United Nations estimate them.
UN_BIRTHS = "area_code,hierarchy_code,period,measure_code,value\n" + "".join(
    f"VN,63,{year},un_live_births,{births}\n"
    for year, births in ((2009, 1471740), (2012, 1525308), (2018, 1506516), (2020, 1488374), (2022, 1442809))
)


@pytest.fixture(scope="module")
def release(no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("aggregate_rules")
    settings = Settings(folder / "home")
    settings.facilities.parent.mkdir(parents=True)
    start_with(settings, no_data)
    write_facilities(register(), settings.facilities)
    (folder / "doses.csv").write_text(DOSES, encoding="utf-8")
    (folder / "reports.csv").write_text(REPORTS, encoding="utf-8")
    (folder / "births.csv").write_text(UN_BIRTHS, encoding="utf-8")
    (folder / "series.csv").write_text(SERIES, encoding="utf-8")
    (folder / "targets.csv").write_text(TARGETS, encoding="utf-8")
    names = ("doses", "reports", "births", "series", "targets")
    submit(settings, [SAMPLE, *(folder / f"{name}.csv" for name in names)])
    run_steps(settings, RUN_AT)
    found = current_release(settings)
    assert found is not None
    yield settings.published / found.release_id / "niis.duckdb"
    shutil.rmtree(folder)


def asked(database: Path, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query over the published file."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def found_by(database: Path, rule_code: str) -> dict[tuple[str, str], tuple[float, float]]:
    """Return value and expected value of the nation's findings of a rule, by measure or indicator and period."""
    rows = asked(
        database,
        "select coalesce(measure_code, indicator_code), period, value, expected from rpt_findings"
        f" where rule_code = '{rule_code}' and area_code = 'VN' and hierarchy_code = '34'",
    )
    return {
        (str(code), str(period)): (float(str(value)), float(str(expected))) for code, period, value, expected in rows
    }


def test_a_fall_of_a_third_is_flagged_and_the_stock_out_of_2018_is_not(release: Path) -> None:
    """1,058,240 third doses in 2013 are 0.667 of the mean of three years; 1,247,159 in 2018 are 0.757."""
    found = found_by(release, "year_inconsistent")
    mean = (1514027 + 1529589 + 1714877) / 3
    assert found["doses_penta3_u1", "2013"] == pytest.approx((1058240, mean))
    assert ("doses_penta3_u1", "2018") not in found


def test_defect_of_the_who_tool_a_nation_wide_stock_out_is_invisible_against_the_parent(release: Path) -> None:
    """The nation has no parent to move with it, so only the rule against itself can tell."""
    assert found_by(release, "year_unlike_parent") == {}
    assert found_by(release, "year_inconsistent") != {}


def test_defect_of_the_dhis2_package_more_third_than_first_doses_are_told(release: Path) -> None:
    """In 2010 and 2016 third doses exceed first ones (by 8,836 and by 224); in no other year."""
    found = found_by(release, "dropout_negative")
    assert {period for code, period in found if code == "doses_penta3_u1"} == {"2010", "2016"}
    assert found["doses_penta3_u1", "2016"] == (1666564, 1666340)


def test_the_sawtooth_of_2013_is_rejected_as_wuenic_rejects_it(release: Path) -> None:
    found = found_by(release, "coverage_sawtooth")
    assert found["coverage_penta3", "2013"] == pytest.approx((100 * 1058240 / 1782720, 100 * 1714877 / 1775657))
    assert ("coverage_penta3", "2012") not in found


def test_surveys_contradict_the_report_of_2018_and_confirm_that_of_2019(release: Path) -> None:
    found = found_by(release, "survey_differs")
    assert found["coverage_penta3", "2018"] == pytest.approx((100 * 1247159 / 1670313, 89.7))
    assert ("coverage_penta3", "2019") not in found


def test_targets_above_un_births_by_more_than_a_tenth_are_told(release: Path) -> None:
    """Target over births: 1.099 in 2009, 1.164 in 2012, 1.109 in 2018, 1.058 in 2020, 0.930 in 2022."""
    found = found_by(release, "denominator_differs")
    assert found == {
        ("target_under1", "2012"): (1775657, 1525308),
        ("target_under1", "2018"): (1670313, 1506516),
    }


def test_records_are_set_against_the_facilitys_own_report(release: Path) -> None:
    rows = asked(
        release,
        "select facility_code, recorded_value, reported_value, verification_factor from rpt_reconciliation"
        " where measure_code = 'doses_penta1_u1'",
    )
    assert rows == [("0000101", 4, 10, 40)]
    found = asked(
        release, "select facility_code, value, expected from rpt_findings where rule_code = 'records_unlike_report'"
    )
    assert found == [("0000101", 4, 10)]


def test_more_doses_than_opened_vials_hold_are_told(release: Path) -> None:
    rows = asked(
        release,
        "select facility_code, period, violations, evaluated from rpt_findings where rule_code = 'doses_over_vials'",
    )
    assert rows == [("0000401", "2022", 1, 2)]


def of_facility(database: Path, rule_code: str) -> list[tuple[object, ...]]:
    return asked(
        database,
        "select facility_code, period, measure_code, violations, evaluated, value, expected from rpt_findings"
        f" where rule_code = '{rule_code}' order by all",
    )


def test_a_facilitys_month_far_from_its_others_is_told_with_its_measure(release: Path) -> None:
    assert of_facility(release, "outlier_value") == [("0000401", "2021-05", "doses_penta3_u1", 1, 1, 440, 41.5)]


def test_a_measure_that_is_missing_in_one_month_of_the_year_is_told(release: Path) -> None:
    """Vials of eleven months beside doses of twelve: one of twenty-four fields is missing."""
    assert ("0000401", "2021", "vials_opened_bcg", 1, 24, None, None) in of_facility(release, "measure_missing")


def test_a_recount_stands_beside_the_report_and_is_set_against_it(release: Path) -> None:
    """30 of 41 is 73 %, 41 of 40 is 102 %; the report stays what it was."""
    assert of_facility(release, "recount_differs") == [("0000401", "2021-01", "doses_penta3_u1", 1, 1, 30, 41)]
    rows = asked(
        release,
        "select value from fct_measure_values where hierarchy_code = '34' and area_code = 'VN'"
        " and measure_code = 'recount_penta3_u1' and month = date '2021-01-01'",
    )
    assert rows == [(30,)]


def test_the_break_of_the_target_in_2022_is_told(release: Path) -> None:
    """1,341,593 after 1,501,510 is 0.893; 1,775,657 after 1,607,351 (2012) is 1.105; no other year leaves 10 %."""
    found = found_by(release, "denominator_growth")
    assert {period for code, period in found if code == "target_under1"} == {"2012", "2022"}
    assert found["target_under1", "2022"] == (1341593, 1501510)


def test_targets_of_communes_that_do_not_add_up_to_their_districts_are_told(release: Path) -> None:
    rows = asked(
        release, "select area_code, period, value, expected from rpt_findings where rule_code = 'denominator_parts'"
    )
    assert rows == [(DISTRICT, "2021", 110, 100)]


def test_a_target_that_implies_twice_the_birth_rate_is_told(release: Path) -> None:
    rows = asked(
        release, "select area_code, period, value, expected from rpt_findings where rule_code = 'birth_rate_implied'"
    )
    assert rows == [("01", "2015", pytest.approx(1000 * 260000 / HANOI_POPULATION), HANOI_BIRTH_RATE)]


def test_the_full_immunisation_of_2013_is_above_its_least_given_dose(release: Path) -> None:
    """91.4 % published, and 59.4 % had a third dose of DTP; in 2010, 2014, 2015 and 2016 both sources agree."""
    rows = asked(
        release,
        "select area_code, period, value, expected from rpt_findings where rule_code = 'full_immunisation_differs'",
    )
    assert rows == [("VN", "2013", 91.4, pytest.approx(100 * 1058240 / 1782720))]
