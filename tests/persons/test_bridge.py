"""From period to cohort coverage: every step once, worked out by hand; and both ends meet whatever was sent."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from dashboards.warehouse import Release, open_release
from data_quality.frames import mart_frames
from pipelines.cli import app
from pipelines.inbox import submit
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.conftest import RUN_AT
from tests.persons.histories import as_file, dose, start, warehouse
from tests.persons.test_cohort_oracle import as_row, history
from tests.steps import run_steps

BORN = date(2024, 10, 10)
NAMES = {"K": "Nguyễn Văn An", "D": "Trần Thu Bình", "X": "Phạm Ngọc Châu", "N": "Vũ Đức Dũng", "L": "Hoàng Kim Liên",
         "F": "Bùi Gia Phúc", "O": "Đỗ Bảo Oanh", "R": "Hồ Minh Quân", "E": "Ngô Thanh Hà", "I": "Dương Tuấn Khang",
         "Y": "Lý Hải Yến", "B": "Mai Quốc Bảo", "S": "Tạ Hồng Sơn", "V": "Cao Diệu Vân",
         "Z": "Đinh Nhật Minh"}  # fmt: skip


def given(child: str, number: int, day: str, **cells: object) -> dict[str, str]:
    """Return a record of a child of commune 00001: a first DTP dose at its station, unless the cells say otherwise."""
    usual = {
        "record_id": f"{child}{number}", "person_code": f"P{child}", "full_name": NAMES[child], "birth_date": BORN,
        "mother_name": f"Mẹ {NAMES[child]}", "phone": f"09{ord(child) * 1_234_567 % 100_000_000:08d}",
        "household_commune_code": "00001", "product_code": "penta_sii", "given_at": day,
    }  # fmt: skip
    return dose(**(usual | cells))


# One child a step; commune 00001 and its station 0000101, the year 2025, the first DTP dose.
RECORDS = [
    # In both, and its BCG begins the province's records: children born from October 2024 on are followed.
    given("K", 1, "2024-10-12", product_code="bcg"), given("K", 2, "2025-01-15"),
    given("D", 1, "2025-01-15"), given("D", 2, "2025-01-15"),
    given("X", 1, "2025-01-15", death_date="2025-03-01"),
    # The second dose by date is called the first one, and the first the second.
    given("N", 1, "2025-01-15", dose_number=2), given("N", 2, "2025-02-20"),
    # Two records say January, and one says October.
    given("L", 1, "2025-01-15", product_code="bcg", birth_date="2024-01-10"),
    given("L", 2, "2025-01-15", product_code="opv", birth_date="2024-01-10"), given("L", 3, "2025-03-15"),
    given("F", 1, "2025-01-15", birth_date="2024-08-20"),
    given("O", 1, "2025-03-15", birth_date="2025-01-10"),
    given("R", 1, "2025-01-15", household_commune_code=""),
    given("E", 1, "2025-01-15", household_commune_code="00004"),
    given("V", 1, "2025-01-15", facility_code="0000401"),
    given("I", 1, "2025-01-05", birth_date="2024-12-20"),
    given("Y", 1, "2024-12-15"),
    # Two records say October, and that of the dose a day by which the child had passed its first birthday.
    given("B", 1, "2025-01-15", product_code="bcg"), given("B", 2, "2025-01-15", product_code="opv"),
    given("B", 3, "2025-03-15", birth_date="2024-03-01"),
    # Came with August's records; July counts by its report.
    given("S", 1, "2025-07-15", report_month="2025-08"),
    # Reaches the age in 2026, in a month that is not over.
    given("Z", 1, "2026-01-15", birth_date="2025-06-10"),
]  # fmt: skip
REPORTS = [
    {"facility_code": "0000101", "period": "2025-07", "measure_code": "doses_penta1_u1", "value": 5},
    {"area_code": "00001", "hierarchy_code": "63", "period": "2025Q3", "measure_code": "doses_penta1_u1", "value": 8},
    {"area_code": "00001", "hierarchy_code": "63", "period": "2025", "measure_code": "target_under1", "value": 40},
    # A district's year within a province that reported one of its months: it can be added to neither.
    {"area_code": "08", "hierarchy_code": "63", "period": "2025-03", "measure_code": "doses_mcv1_u1", "value": 7},
    {"area_code": "070", "hierarchy_code": "63", "period": "2025", "measure_code": "doses_mcv1_u1", "value": 12},
]  # fmt: skip
BRIDGE = {
    # 10 children once and D twice are 11 doses; 5 are a number of July's report, 3 of the quarter's.
    "period_doses": 19, "report_only": -5, "larger_report_only": -3, "duplicate": -1, "died": -1,
    "other_number_out": -1, "after_age_limit": -1, "not_followed": -1, "other_year_out": -1, "no_residence": -1,
    "lives_elsewhere": -1,
    "vaccinated_elsewhere": 1, "other_year_in": 1, "other_number_in": 1, "birth_date_differs": 1, "report_stands": 1,
    # K, D, N, I, V, Y, B, S
    "cohort_recorded": 8, "invalid": -1, "denominator": -30, "denominator_followed": -2, "cohort_valid": 7,
    # F and L are registered beside the eight.
    "target": 40, "children_registered": 10, "children_followed": 8,
}  # fmt: skip
# Z was vaccinated and has not reached the age; O was vaccinated the year before.
BRIDGE_2026 = {"period_doses": 1, "not_yet_reached": -1, "other_year_in": 1, "cohort_recorded": 1, "cohort_valid": 1}


def reports(rows: list[dict[str, object]]) -> str:
    stream = io.StringIO()
    names = ["facility_code", "area_code", "hierarchy_code", "period", "measure_code", "value"]
    writer = csv.DictWriter(stream, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def published(home: Path, no_data: Path, files: dict[str, str]) -> Settings:
    settings = start(home, no_data)
    for name, text in files.items():
        (settings.home / name).write_text(text, encoding="utf-8")
        submit(settings, [settings.home / name])
    run_steps(settings, RUN_AT)
    assert warehouse(settings, "select count(*) from rpt_rejected_rows") == [(0,)]
    return settings


@pytest.fixture(scope="module")
def worked_out(no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    files = {"records.csv": as_file(RECORDS), "reports.csv": reports(REPORTS)}
    return published(tmp_path_factory.mktemp("bridge") / "home", no_data, files)


@pytest.fixture(scope="module")
def release(worked_out: Settings) -> Release:
    return open_release(worked_out.published)


def test_a_report_that_can_be_added_to_nothing_stops_no_publication(worked_out: Settings) -> None:
    standing = "select unit_code, value from int_measures_unit_month where unit_code like 'X:%' and value = 12"
    assert warehouse(worked_out, standing) == [("X:A:63:070", 12)]
    tree = mart_frames(worked_out.warehouse)["summary_measure_tree"]
    assert tree.filter(pl.col("measure_code") == "doses_mcv1_u1").height
    assert tree.filter(pl.col("own_value") < 0).rows() == []
    assert (worked_out.published / "CURRENT").exists()


def test_every_step_of_a_bridge(release: Release) -> None:
    frame = release.coverage_bridge("63", "00001", "penta1", 2025)
    assert dict(frame.select("step_code", "value").iter_rows()) == BRIDGE
    # Whose card belongs to nobody cannot be sent; whose month is not over stands in the year after.
    told = {*BRIDGE, "not_yet_reached", "not_matched_record"}
    assert told == load_registry().bridge_steps.keys()


def test_a_month_that_is_not_over_is_a_step(release: Release) -> None:
    frame = release.coverage_bridge("63", "00001", "penta1", 2026)
    found = dict(frame.select("step_code", "value").iter_rows())
    assert {name: value for name, value in found.items() if name in BRIDGE_2026} == BRIDGE_2026


def test_percentage_points_lead_from_one_coverage_to_the_other(release: Release) -> None:
    frame = release.coverage_bridge("63", "00001", "penta1", 2025)
    points = dict(frame.select("step_code", "percentage_points").iter_rows())
    assert (points["period_doses"], points["cohort_valid"]) == (47.5, 87.5)
    # 19 - 12 of 40, then 7 of 10 registered children, then 7 of 8 followed ones.
    assert (points["report_only"], points["cohort_recorded"], points["invalid"]) == (-12.5, 20, -2.5)
    assert (points["denominator"], points["denominator_followed"]) == (52.5, 17.5)
    assert points["target"] is None


def test_nobody_moves_into_or_out_of_the_nation(release: Release) -> None:
    for tree in ("63", "34"):
        found = dict(release.coverage_bridge(tree, "VN", "penta1", 2025).select("step_code", "value").iter_rows())
        assert not found.keys() & {"no_residence", "lives_elsewhere", "vaccinated_elsewhere"}
        # The nation has E and R beside the eight.
        assert (found["cohort_recorded"], found["cohort_valid"]) == (10, 9)


def test_the_command_prints_the_steps_and_names_what_has_a_bridge(worked_out: Settings) -> None:
    def niis(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["--home", str(worked_out.home), "bridge", *arguments])

    printed = niis("penta1", "--area", "00001", "--year", "2025", "--format", "json")
    assert printed.exit_code == 0, printed.stderr
    assert {row["step_code"]: row["value"] for row in json.loads(printed.stdout)} == BRIDGE
    for arguments, sentence in (
        (("penta1", "--year", "2019"), "years with one: 2024, 2025, 2026"),
        (("penta9", "--year", "2025"), "no bridge of a dose 'penta9'; those with one are penta"),
        (("penta1", "--year", "2025", "--area", "99999"), "has no area '99999'"),
    ):
        refused = niis(*arguments)
        assert refused.exit_code == 1
        assert sentence in refused.stderr


DIFFERENCES = """
with kinds as (select b.*, s.step_kind from fct_coverage_bridge as b join dim_bridge_steps as s using (step_code))
select hierarchy_code, area_code, year, dose_code,
    sum(value) filter (where step_kind in ('start', 'step')) - sum(value) filter (where step_kind = 'end') as doses,
    sum(value) filter (where step_kind in ('start', 'step') and step_code <> 'invalid')
        - sum(value) filter (where step_kind = 'subtotal') as recorded,
    sum(percentage_points) filter (where step_kind in ('start', 'step', 'denominator_step'))
        - sum(percentage_points) filter (where step_kind = 'end') as points
from kinds group by all
"""
# Both ends are what the indicators of the year say: whoever reads them can look at what lies between.
ENDS = """
select b.hierarchy_code, b.area_code, b.year, b.dose_code, b.step_code, b.value, v.numerator
from fct_coverage_bridge as b join fct_indicator_values as v
    on v.hierarchy_code = b.hierarchy_code and v.area_code = b.area_code and v.period_type = 'year'
    and v.period = cast(b.year as varchar)
    and v.indicator_code = case b.step_code when 'period_doses' then 'coverage_' || b.dose_code
        when 'cohort_recorded' then 'cohort_crude_' || b.dose_code || '_12m'
        when 'cohort_valid' then 'cohort_valid_' || b.dose_code || '_12m' end
where b.dose_code in ('penta1', 'penta3', 'mcv1', 'bcg') and v.numerator is not null
"""


@pytest.fixture(scope="module")
def generated(no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Histories that nothing spares, with reports of facilities and areas beside and instead of them."""
    draw = random.Random(3)
    seen = [record for number in range(100) for record in history(draw, number)]
    seen = [record for record in seen if record.death is None or record.death <= date(2026, 3, 31)]
    rows = [as_row(record, "2026-04-02 08:00:00") for record in seen]
    for number, row in enumerate(rows):
        if number % 9 == 0:
            row["report_month"] = "2026-03"
    told_twice = [row | {"record_id": f"again-{row['record_id']}", "facility_code": "0000402"} for row in rows[::11]]
    counts: list[dict[str, object]] = [
        *({"facility_code": facility, "period": f"{year}-{month:02d}", "measure_code": f"doses_{code}_u1",
           "value": draw.randrange(9)}
          for facility in ("0000101", "0100301") for year in (2023, 2024) for month in range(1, 13)
          for code in ("penta1", "mcv1")),
        *({"area_code": area, "hierarchy_code": tree, "period": period, "measure_code": measure,
           "value": draw.randrange(400)}
          for tree, area, period in (("63", "01", "2024"), ("63", "01", "2025"), ("63", "00001", "2024Q2"),
                                     ("34", "00097", "2025"))
          for measure in ("doses_penta1_u1", "doses_penta3_u1", "target_under1")),
    ]  # fmt: skip
    files = {"records.csv": as_file(rows), "again.csv": as_file(told_twice), "reports.csv": reports(counts)}
    return published(tmp_path_factory.mktemp("bridges") / "home", no_data, files)


def test_both_ends_of_every_bridge_meet(generated: Settings) -> None:
    found = warehouse(generated, DIFFERENCES)
    assert len(found) > 1000
    assert {row[0] for row in found} == {"63", "34"}
    assert len([row for row in found if row[6] is not None]) > 100
    assert [row for row in found if row[4] or row[5] or abs(row[6] or 0) > 1e-9] == []
    happened = {code for (code,) in warehouse(generated, "select distinct step_code from fct_coverage_bridge")}
    # Birth dates of one child do not differ here, so that nothing is over the limit for one record alone.
    absent = {"not_matched_record", "birth_date_differs", "after_age_limit"}
    assert happened == load_registry().bridge_steps.keys() - absent
    ends = warehouse(generated, ENDS)
    assert len(ends) > 100
    assert [row for row in ends if row[5] != row[6]] == []
