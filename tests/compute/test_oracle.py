"""The command and the oracle in plain Python say the same of files that nobody thought of."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.compute.compute import compute_files, to_csv
from tests.compute.files import write
from tests.oracles.compute import Oracle, Term, months_of

AREAS = ["N", "01", "02", "1", "2 a", "x,y", "Đ"]
PERIODS = ["2023", "2024", "2024Q1", "2024Q2", "2024-01", "2024-02", "2024-03", "2024-05", "2023-12"]
YEAR = [f"2024-{month:02}" for month in range(1, 13)]
MEASURES = ["doses", "target", "other"]
HEADER = "indicator_code,term_role,measure_code,weight,multiplier,missing_policy,annual_spread,offset_years"


@dataclass(frozen=True)
class Files:
    """What is written to the three files."""

    parents: Mapping[str, str | None]
    values: Mapping[tuple[str, str, str], Fraction | None]
    terms: list[Term]


def _number(value: Fraction | None) -> str:
    return "" if value is None else str(float(value))


numbers = st.none() | st.integers(-2, 40).map(Fraction) | st.integers(0, 400).map(lambda n: Fraction(n, 10))


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str | None]:
    codes = AREAS[: draw(st.integers(1, len(AREAS)))]
    return {code: draw(st.sampled_from(codes[:number])) if number else None for number, code in enumerate(codes)}


@st.composite
def files(draw: st.DrawFn) -> Files:
    parents = draw(trees())
    keys = st.tuples(st.sampled_from(list(parents)), st.sampled_from(PERIODS + YEAR), st.sampled_from(MEASURES))
    values = draw(st.dictionaries(keys, numbers, min_size=1, max_size=40))
    spread = {measure: draw(st.sampled_from(["none", "none", "twelfths"])) for measure in MEASURES}
    terms = []
    for code in ("a", "b"):
        policy = draw(st.sampled_from(["full_target", "matched_units"]))
        multiplier = draw(st.sampled_from([1.0, 100.0]))
        chosen = draw(
            st.lists(
                st.tuples(
                    st.sampled_from(["numerator", "denominator"]),
                    st.sampled_from(MEASURES),
                    st.sampled_from([0, 0, -1]),
                ),
                unique=True,
                max_size=3,
            )
        )
        if all(role != "numerator" for role, _, _ in chosen):
            chosen.append(("numerator", "doses", 0))
        terms += [
            Term(
                code,
                role,
                measure,
                draw(st.sampled_from([1.0, -1.0, 0.5])),
                multiplier,
                policy,
                spread[measure],
                offset,
            )
            for role, measure, offset in chosen
        ]
    return Files(parents, values, terms)


def write_files(folder: Path, case: Files, shuffle: random.Random | None = None) -> None:
    tables = {
        "areas": ("area_code,parent_code", [(code, parent or "") for code, parent in case.parents.items()]),
        "measures": (
            "area_code,period,measure_code,value",
            [(*key, _number(value)) for key, value in case.values.items()],
        ),
        "indicators": (
            HEADER,
            [
                (row.indicator, row.role, row.measure, row.weight, row.multiplier, row.policy, row.spread, row.offset)
                for row in case.terms
            ],
        ),
    }
    for name, (header, rows) in tables.items():
        order = list(range(len(header.split(","))))
        if shuffle:
            shuffle.shuffle(order)
            shuffle.shuffle(rows)
        columns = header.split(",")
        write(
            folder / f"{name}.csv",
            ",".join(columns[place] for place in order),
            [[row[place] for place in order] for row in rows],
        )


def computed(case: Files, shuffle: random.Random | None = None) -> list[tuple[str | float | None, ...]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, case, shuffle)
        return compute_files(folder / "areas.csv", folder / "measures.csv", folder / "indicators.csv").rows


quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(case=files())
def test_the_oracle_says_the_same_of_any_files(case: Files) -> None:
    expected = Oracle(case.parents, case.values, case.terms).answers()
    found = {(row[0], row[1], row[2]): row[3:] for row in computed(case)}
    assert found.keys() == expected.keys()
    for key, (*numbers_found, status) in found.items():
        assert status == expected[key][3], (key, found[key], expected[key])
        assert numbers_found == [
            None if number is None else pytest.approx(number, rel=1e-12, abs=1e-12) for number in expected[key][:3]
        ], key


@quick
@given(case=files(), seed=st.integers(0, 1000))
def test_the_order_of_lines_and_columns_changes_not_a_letter(case: Files, seed: int) -> None:
    assert to_csv(computed(case)) == to_csv(computed(case, random.Random(seed)))


@quick
@given(case=files())
def test_children_sum_to_their_parent_where_it_reports_nothing_itself(case: Files) -> None:
    inner = set(case.parents.values())
    values = {key: value for key, value in case.values.items() if key[0] not in inner}
    terms = [Term(name, "numerator", name) for name in MEASURES]
    found = {(row[0], row[1], row[2]): row[3] for row in computed(Files(case.parents, values or case.values, terms))}
    if not values:
        return
    for (area, period, code), value in found.items():
        if area in inner:
            below = [found[child, period, code] for child, parent in case.parents.items() if parent == area]
            known = [number for number in below if number is not None]
            assert value == (pytest.approx(sum(known)) if known else None)


@quick
@given(case=files())
def test_months_sum_to_the_quarters_and_years_that_they_make(case: Files) -> None:
    values = {(area, month, "doses"): Fraction(number) for number, area in enumerate(case.parents) for month in YEAR}
    found = {
        (row[0], row[1]): row[3] for row in computed(Files(case.parents, values, [Term("a", "numerator", "doses")]))
    }
    for (area, period), value in found.items():
        first, last = months_of(period)
        assert value == sum(
            number or 0 for (code, month), number in found.items() if code == area and "-" in month
            and first <= months_of(month)[0] <= last
        )  # fmt: skip
