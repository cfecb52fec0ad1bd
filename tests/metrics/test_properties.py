"""What must hold for any programme, whatever it reports."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from pipelines.facilities import read_facilities
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.metrics.building import MATCHED, Row, build_models, indicator_rows, take_in, with_matched
from tests.metrics.generated import CASES, INDICATORS, Case, submitted, write_files, write_register
from tests.metrics.test_oracle import MATCHED_TOO, same
from tests.oracles.indicators import Facility, Submitted, months_from, with_denominators
from tests.orchestration.published import query

REGISTRY = with_matched(with_denominators(load_registry()), MATCHED_TOO)
CODES = [*INDICATORS, *(code + MATCHED for code in MATCHED_TOO)]
AREAS = list(REGISTRY.areas)
# A facility in a commune where nobody else reports.
SILENT = Facility(
    "3196001", ("C", "31960", REGISTRY.primary_successor["31960"]), "commune", date(2010, 1, 1), None, "synthetic"
)
Build = Callable[..., Path]


@pytest.fixture(scope="module")
def build(published_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Builds a programme, its files taken in together or one by one; gives the warehouse."""

    def run(rows: Submitted, order: random.Random | None = None) -> Path:
        home = Settings(tmp_path_factory.mktemp("case"))
        write_register(rows, home)
        paths = write_files(rows, home.home / "files")
        if order is None:
            take_in(home, paths)
        else:
            order.shuffle(paths)
            for path in paths:
                take_in(home, [path])
        return build_models(home, published_home.warehouse, rows.as_of, MATCHED_TOO)

    return run


@settings(
    max_examples=1,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],  # a build is too dear to look for the smallest example
    suppress_health_check=list(HealthCheck),
)
@given(case=CASES)
def test_what_holds_for_any_programme(case: Case, build: Build) -> None:
    rows = submitted(case)
    assume(len(rows.doses) > 10 and len(rows.reports) > 30)  # a build is too dear for less
    base = indicator_rows(build(rows), CODES, AREAS)
    order_changes_nothing_and_the_silent_only_completeness(rows, base, build)
    ratios_stay_when_everything_is_three_times_as_much(rows, base, build)
    warehouse = build(first_doses_given_again_as_third(rows))
    equal_doses_drop_out_by_nothing(indicator_rows(warehouse, ["dropout_penta1_penta3"], AREAS))
    every_area_is_the_sum_of_its_children(warehouse)


def order_changes_nothing_and_the_silent_only_completeness(rows: Submitted, base: dict[Row, Row], build: Build) -> None:
    order = random.Random(1)
    shuffled = replace(
        rows, **{name: order.sample(getattr(rows, name), k=len(getattr(rows, name))) for name in ("doses", "reports")}
    )
    changed = build(replace(shuffled, facilities=[*rows.facilities, SILENT]), order)
    found = indicator_rows(changed, CODES, AREAS)
    above = set(areas_of(SILENT))
    touched = 0
    for key, row in base.items():
        code = key[4]
        numerator, denominator, value, included, expected, status, source = found[key]
        if key[:2] not in above or expected == row[4]:
            assert all(same(*pair) for pair in zip(found[key], row, strict=True)), (key, found[key], row)
            continue
        touched += 1
        assert (included, source) == (row[3], source_with_silent(row[6])), key
        assert expected > row[4], key
        assert status == row[5] or (row[5], status) == ("calculated", "calculated_partial"), key
        if "reports_expected" in {term.measure_code for term in REGISTRY.terms_of(code)}:
            assert same(numerator, row[0]), key
            assert denominator > row[1], key
        else:
            assert all(same(*pair) for pair in zip((numerator, denominator, value), row[:3], strict=True)), key
    assert touched > 0
    for key in found.keys() - base.keys():
        assert key[:2] in above
        assert (found[key][3], found[key][2] or 0) == (0, 0), "nothing is made of silence"


def source_with_silent(source: str) -> str:
    """Return the source of a value to whose expectations the silent facility was added."""
    return source if source == SILENT.source_code else "mixed"


def areas_of(facility: Facility) -> Sequence[tuple[str, str]]:
    """Return the areas of both trees that a facility lies in."""
    found = []
    for tree, code in zip(("63", "34"), facility.place[1:], strict=True):
        step: str | None = code
        while step is not None:
            found.append((tree, step))
            step = REGISTRY.areas[tree, step].parent_code
    return found


def ratios_stay_when_everything_is_three_times_as_much(rows: Submitted, base: dict[Row, Row], build: Build) -> None:
    doses = [{**row, "record_id": f"{row['record_id']}-{turn}"} for row in rows.doses for turn in range(3)]
    reports = [{**row, "value": None if row["value"] is None else 3 * row["value"]} for row in rows.reports]
    found = indicator_rows(build(replace(rows, doses=doses, reports=reports)), CODES, AREAS)
    assert found.keys() == base.keys()
    compared = 0
    for key, row in base.items():
        indicator = REGISTRY.indicators[key[4]]
        terms = REGISTRY.terms_of(key[4])
        is_spread = any(REGISTRY.measures[term.measure_code].annual_spread != "none" for term in terms)
        if is_spread and (key[2] != "year" or indicator.missing_policy == "matched_units"):
            continue  # targets are whole persons a month: only the whole year is three times as much
        factor = 3 if indicator.indicator_kind == "count" else 1
        expected = None if row[2] is None else factor * row[2]
        assert same(found[key][2], expected), (key, found[key], row)
        assert found[key][3:] == row[3:], key
        compared += row[2] is not None
    assert compared > 100


def first_doses_given_again_as_third(rows: Submitted) -> Submitted:
    """Return a programme of facilities alone in which as many third doses were given as first ones."""
    own = [row for row in rows.reports if isinstance(row["reporter"], str)]
    kept = [row for row in own if row["measure_code"] != "doses_penta3_u1"]
    again = [{**row, "measure_code": "doses_penta3_u1"} for row in kept if row["measure_code"] == "doses_penta1_u1"]
    first = [row for row in rows.doses if row["dose_number"] == 1]
    third = [{**row, "record_id": f"{row['record_id']}-3", "dose_number": 3} for row in first]
    return replace(rows, doses=[*first, *third], reports=[*kept, *again, *everywhere(rows)])


def everywhere(rows: Submitted) -> list[dict[str, Any]]:
    """Return a report of every facility, so that there is something to sum."""
    common = {"file_no": 9, "action": "add", "submitted_at": rows.received_at, "submission_mode": "amend"}
    measures = {"target_under1": "2025", "vials_opened_mr": "2025-01", "doses_used_mr": "2025-01"}
    return [
        {
            **common,
            "reporter": facility.code,
            "period": period,
            "source_code": facility.source_code,
            "measure_code": measure_code,
            "value": 7 + number,
        }
        for number, facility in enumerate(rows.facilities)
        for measure_code, period in measures.items()
    ]


def equal_doses_drop_out_by_nothing(found: dict[Row, Row]) -> None:
    values = [row[2] for row in found.values() if row[5].startswith("calculated")]
    assert values
    assert set(values) == {0}


def every_area_is_the_sum_of_its_children(warehouse: Path) -> None:
    facts: dict[tuple[Any, ...], dict[tuple[str, str], float]] = {}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select hierarchy_code, area_code, month, span_start_month, measure_code, source_code, value"
            " from fct_measure_values"
        ).fetchall()
        # A child of whom no commune is known lives in the nation and in no part of it.
        of_no_commune = connection.execute(
            "select month, span_start_month, measure_code, source_code, sum(value)"
            " from int_person_measures_unit_month where unit_code = 'A:63:VN' group by all"
        ).fetchall()
    own = {tuple(what): value for *what, value in of_no_commune}
    for tree, area, *what, value in rows:
        facts.setdefault((tree, *what), {})[tree, area] = value
    for what, values in facts.items():
        children: dict[tuple[str, str], float] = {(what[0], "VN"): own[what[1:]]} if what[1:] in own else {}
        for (tree, code), value in values.items():
            parent = REGISTRY.areas[tree, code].parent_code
            if parent is not None:
                children[tree, parent] = children.get((tree, parent), 0) + value
        for area, value in values.items():
            if REGISTRY.areas[area].level_code != "commune":
                assert same(float(value), float(children[area])), (what, area)
        assert children.keys() <= values.keys(), what
    measures = {what[3] for what in facts}
    assert {"doses_penta1_u1", "target_under1", "reports_expected", "wastage_open_vial_mr#denominator"} <= measures


def test_every_facility_and_month_that_is_expected_has_its_row_and_no_other(published_home: Settings) -> None:
    (as_of, first) = query(
        published_home,
        "select (select as_of_date from rpt_release), (select min(first_report_month) from rpt_submissions"
        " where submission_kind = 'dose_records')",
    )[0]
    register = read_facilities(published_home.facilities).to_dicts()
    expected = {
        (row["facility_code"], month)
        for row in register
        for month in months_from(first, as_of)
        if row["opened_date"].replace(day=1) <= month < as_of.replace(day=1)
        and (row["closed_date"] is None or month < row["closed_date"])
    }
    assert expected
    place = {row["facility_code"]: {"63": row["commune_code_2017"], "34": row["commune_code_2025"]} for row in register}
    for tree in ("63", "34"):
        rows = query(
            published_home,
            "select level_code, area_code, month, sum(value) from fct_measure_values where measure_code ="
            f" 'reports_expected' and hierarchy_code = '{tree}' group by all",
        )
        communes = {(area, month) for level, area, month, _ in rows if level == "commune"}
        assert communes == {(place[code][tree], month) for code, month in expected}
        nation = {month: count for level, _, month, count in rows if level == "nation"}
        assert nation == {month: sum(other == month for _, other in expected) for month in nation}
        assert sum(nation.values()) == len(expected)
        shown = query(
            published_home,
            f"select area_code, period_start_month from fct_indicator_values where hierarchy_code = '{tree}' and"
            " level_code = 'commune' and period_type = 'month' and indicator_code = 'completeness_reports'",
        )
        assert sorted(shown) == sorted(communes)
