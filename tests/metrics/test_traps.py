"""The seven traps of the design, each worked by hand and named after it.

Every trap has a province of its own, so that one build holds them all. Targets are twelve times the number of a month.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.facilities import SCHEMA, write_facilities
from pipelines.reference import load_registry
from pipelines.settings import DBT_PROJECT_DIR, Settings
from tests.metrics.building import MATCHED, build_models, indicator_rows, take_in
from tests.oracles.indicators import completed_months
from tests.orchestration.published import query

REGISTRY = load_registry()
AS_OF = date(2025, 2, 10)
OPENED = date(2010, 1, 1)
INDICATORS = (
    "coverage_penta1", "coverage_penta3", f"coverage_penta3{MATCHED}", "dropout_penta1_penta3", "completeness_reports",
)  # fmt: skip
PROVINCES = {
    "sums": "02", "no_target": "04", "silence": "06", "spine": "08", "over": "10", "two_dropouts": "11",
}  # fmt: skip
# Trap, number of the place, first doses, third doses, target of a month; None: not in the report, "": a blank cell.
REPORTED: list[tuple[str, int, Any, Any, int | None]] = [
    ("sums", 0, None, 90, 100),
    ("sums", 1, None, 1, 10),
    ("no_target", 0, None, 90, 100),
    ("no_target", 1, None, 60, 80),
    ("no_target", 2, None, 40, None),
    ("silence", 0, 0, 0, 10),
    ("silence", 1, 6, "", 10),
    ("silence", 2, None, None, 10),
    ("spine", 0, None, 30, 40),
    ("spine", 1, None, None, 40),
    ("over", 0, 80, 88, 80),
]


def districts(province: str) -> list[tuple[str, str]]:
    """Return a district and one commune of it, for each district of a province."""
    below = [
        area.area_code for (tree, _), area in REGISTRY.areas.items() if tree == "63" and area.parent_code == province
    ]
    communes: dict[str, str] = {}
    for (tree, code), area in REGISTRY.areas.items():
        if tree == "63" and area.parent_code in below:
            communes.setdefault(area.parent_code, code)
    return sorted(communes.items())


def place(trap: str, number: int) -> str:
    return districts(PROVINCES[trap])[number][1]


def older_children() -> list[tuple[date, list[tuple[int, date]]]]:
    """Return birth and doses of 15 children born in September, of whom 12 came for the third dose in January."""
    born = date(2024, 9, 10)
    first = [(1, born + timedelta(days=61))]
    return [(born, [*first, (3, date(2025, 1, 15))] if number < 12 else first) for number in range(15)]


def younger_children() -> list[tuple[date, list[tuple[int, date]]]]:
    """Return birth and first dose of 10 children who came in January."""
    return [(date(2024, 11, 5), [(1, date(2025, 1, 6))]) for _ in range(10)]


def write_files(settings: Settings) -> None:
    who = {(trap, number) for trap, number, *_ in REPORTED} | {("two_dropouts", 0)}
    codes = [(trap, place(trap, number)) for trap, number in sorted(who)]
    register = pl.DataFrame(
        [
            (
                f"{code}01",
                trap,
                trap,
                "commune_station",
                code,
                REGISTRY.primary_successor[code],
                date(2010, 1, 1),
                None,
                "routine",
            )
            for trap, code in codes
        ],
        schema=SCHEMA,
        orient="row",
    )
    write_facilities(register, settings.facilities)
    lines = ["facility_code,period,measure_code,value,submitted_at"]
    for trap, number, first, third, target in REPORTED:
        facility = f"{place(trap, number)}01"
        if target is not None:
            lines.append(f"{facility},2025,target_under1,{12 * target},2025-01-02 08:00:00")
        for measure, value in (("doses_penta1_u1", first), ("doses_penta3_u1", third)):
            if value is not None:
                lines.append(f"{facility},2025-01,{measure},{value},2025-02-03 08:00:00")
    folder = settings.home / "files"
    folder.mkdir()
    (folder / "reports.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = ["record_id,facility_code,report_month,person_code,birth_date,product_code,given_at,dose_number,dose_status"]
    facility = f"{place('two_dropouts', 0)}01"
    for child, (born, doses) in enumerate([*older_children(), *younger_children()]):
        for number, given in doses:
            rows.append(f"R{child}-{number},{facility},{given:%Y-%m},P{child},{born},penta_sii,{given},{number},2")
    (folder / "records.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    take_in(settings, [folder])


@pytest.fixture(scope="module")
def values(published_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Any, Any]]:
    """The published values of the traps, by area, period and indicator."""
    home = Settings(tmp_path_factory.mktemp("traps"))
    write_files(home)
    warehouse = build_models(home, published_home.warehouse, AS_OF, ["coverage_penta3"])
    areas = [("63", code) for code in PROVINCES.values()]
    areas += [("63", place(trap, number)) for trap, number, *_ in REPORTED]
    rows = indicator_rows(warehouse, INDICATORS, areas)
    yield {
        (area, period, code): row
        for (_, area, _, period, code), row in rows.items()
        if period != "2025-01" or _ == "month"
    }


def shown(values: dict[Any, Any], area: str, code: str, period: str = "2025-01") -> dict[str, Any]:
    names = ("numerator", "denominator", "value", "units_included", "units_expected", "value_status", "source_code")
    return dict(zip(names, values[area, period, code], strict=True))


def test_trap_1_sum_numerators_and_denominators_and_divide_last(values: dict[Any, Any]) -> None:
    found = shown(values, PROVINCES["sums"], "coverage_penta3")
    assert (found["numerator"], found["denominator"]) == (91, 110)
    assert found["value"] == pytest.approx(100 * 91 / 110), "the mean of 90 % and 10 % would be 50 %"
    quarter = shown(values, PROVINCES["sums"], "coverage_penta3", "2025Q1")
    assert (quarter["numerator"], quarter["denominator"]) == (91, 330)


def test_trap_2_a_unit_with_doses_and_no_target_does_not_lift_its_parent(values: dict[Any, Any]) -> None:
    province = PROVINCES["no_target"]
    matched = shown(values, province, f"coverage_penta3{MATCHED}")
    assert (matched["numerator"], matched["denominator"]) == (150, 180)
    assert round(matched["value"], 1) == 83.3
    assert (matched["units_included"], matched["units_expected"]) == (2, 3)
    # The policy is a column of the indicator: over the full target, the same doses are 105.6 %, and flagged.
    full = shown(values, province, "coverage_penta3")
    assert (full["numerator"], full["denominator"]) == (190, 180)
    assert round(full["value"], 1) == 105.6
    assert band("coverage_penta3", full["value"]) == "over"
    own = shown(values, place("no_target", 2), "coverage_penta3")
    assert (own["value"], own["value_status"]) == (None, "no_denominator")


def test_trap_3_zero_is_not_missing_and_a_blank_is_not_an_absent_report(values: dict[Any, Any]) -> None:
    zero, blank, silent = (shown(values, place("silence", number), "coverage_penta3") for number in range(3))
    assert (zero["numerator"], zero["value"], zero["value_status"]) == (0, 0, "calculated")
    assert (blank["numerator"], blank["value"], blank["value_status"]) == (0, 0, "calculated")
    assert (silent["numerator"], silent["value"], silent["value_status"]) == (None, None, "not_reported")
    assert silent["denominator"] == 10, "what is expected of the silent stays"
    nothing_to_divide = shown(values, place("silence", 0), "dropout_penta1_penta3")
    assert (nothing_to_divide["value"], nothing_to_divide["value_status"]) == (None, "zero_denominator")
    lost_all = shown(values, place("silence", 1), "dropout_penta1_penta3")
    assert lost_all["value"] == 100


def test_trap_4_the_spine_is_what_is_expected_so_that_the_silent_stay_visible(values: dict[Any, Any]) -> None:
    province = PROVINCES["spine"]
    completeness = shown(values, province, "completeness_reports")
    assert (completeness["numerator"], completeness["denominator"], completeness["value"]) == (1, 2, 50)
    silent = shown(values, place("spine", 1), "completeness_reports")
    assert (silent["numerator"], silent["denominator"], silent["value"]) == (0, 1, 0)
    coverage = shown(values, province, "coverage_penta3")
    assert (coverage["numerator"], coverage["denominator"], coverage["value"]) == (30, 80, 37.5)
    assert (coverage["units_included"], coverage["units_expected"]) == (1, 2)
    assert coverage["value_status"] == "calculated_partial"


def test_trap_5_coverage_above_100_and_negative_dropout_are_shown_and_flagged(values: dict[Any, Any]) -> None:
    coverage = shown(values, PROVINCES["over"], "coverage_penta3")
    assert (coverage["value"], coverage["value_status"]) == (pytest.approx(110), "calculated")
    assert band("coverage_penta3", coverage["value"]) == "over"
    dropout = shown(values, PROVINCES["over"], "dropout_penta1_penta3")
    assert (dropout["numerator"], dropout["value"]) == (-8, pytest.approx(-10))
    assert band("dropout_penta1_penta3", dropout["value"]) == "over"


def test_trap_6_aggregate_and_cohort_dropout_differ_in_sign_on_the_same_children(values: dict[Any, Any]) -> None:
    aggregate = shown(values, PROVINCES["two_dropouts"], "dropout_penta1_penta3")
    assert (aggregate["numerator"], aggregate["denominator"], aggregate["value"]) == (-2, 10, pytest.approx(-20))
    had_first = [doses for born, doses in older_children() if completed_months(born, doses[0][1]) < 12]
    lost = [doses for doses in had_first if all(number != 3 for number, _ in doses)]
    assert 100 * len(lost) / len(had_first) == pytest.approx(20), "of the children who had the first dose by then"
    for indicator in REGISTRY.indicators.values():
        if indicator.indicator_kind == "dropout":
            terms = REGISTRY.terms_of(indicator.indicator_code)
            kinds = {REGISTRY.measures[term.measure_code].measure_kind for term in terms}
            assert len(kinds) == 1, "a dropout counts doses or children, and never takes one from the other"


def test_trap_7_no_model_reads_the_clock(published_home: Settings) -> None:
    clock = re.compile(
        r"\b(now|today|current_date|current_time|current_timestamp|get_current_timestamp|localtime|localtimestamp|getdate"
        r"|transaction_timestamp|run_started_at|datetime\.\w+|unix_timestamp)\b",
        re.IGNORECASE,
    )
    found = [
        f"{path.relative_to(DBT_PROJECT_DIR)}: {line.strip()}"
        for path in sorted(_models())
        for line in re.sub(r"--[^\n]*|\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL).splitlines()
        if clock.search(line)
    ]
    assert found == []
    # The day that stands for today is the last on which anybody sent anything, whenever the build was run.
    (as_of, sent) = query(
        published_home, "select as_of_date, (select max(submitted_at) from rpt_submissions) from rpt_release"
    )[0]
    assert as_of == sent.date()


def _models() -> list[Path]:
    return [path for folder in ("models", "macros", "tests") for path in (DBT_PROJECT_DIR / folder).rglob("*.sql")]


def band(code: str, value: float) -> str:
    """Return the colour token of the band that a value lies in."""
    (found,) = [
        row.colour_token
        for row in REGISTRY.thresholds
        if row.indicator_code == code
        and (row.lower_bound is None or row.lower_bound <= value)
        and (row.upper_bound is None or value < row.upper_bound)
    ]
    return found
