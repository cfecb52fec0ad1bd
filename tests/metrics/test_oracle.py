"""What is published equals what plain Python makes of the same submitted rows."""

from __future__ import annotations

import math
import shutil
from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings

from pipelines.publish import current_release
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.conftest import Programme
from tests.metrics.building import MATCHED, RECEIVED_AT, build_models, indicator_rows, with_matched
from tests.metrics.generated import CASES, INDICATORS, Case, submitted, write_case
from tests.oracles.indicators import Oracle, Value, distribution, values_of, with_denominators
from tests.oracles.plain_files import read_programme

REGISTRY = with_denominators(load_registry())
# Doses and targets of the same places only: no indicator of the registry has it, so these are added.
MATCHED_TOO = ("coverage_penta3", "dropout_penta1_penta3", "zero_dose_target")
# What is counted of persons has an oracle of its own (tests/persons).
REPORTED = [
    code
    for code in REGISTRY.indicators
    if code not in REGISTRY.distributions
    and all(term.measure_code not in REGISTRY.person_measures for term in REGISTRY.terms_of(code))
]


def differences(expected: dict[Any, Value], found: dict[Any, tuple[Any, ...]]) -> list[str]:
    """Say where published rows and the oracle's differ, row by row."""
    wrong = [f"not published: {key}: {expected[key]}" for key in expected.keys() - found.keys()]
    wrong += [f"published without reason: {key}: {found[key]}" for key in found.keys() - expected.keys()]
    for key in expected.keys() & found.keys():
        row = tuple(vars(expected[key]).values())
        if not all(same(first, second) for first, second in zip(row, found[key], strict=True)):
            wrong.append(f"{key}: worked out {row}, published {found[key]}")
    return sorted(wrong)


def same(first: Any, second: Any) -> bool:
    """Say whether two cells agree; sums of floats may differ in their last digits."""
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-9)
    return bool(first == second)


def test_the_published_programme_is_what_its_files_say(programme: Programme, published_home: Settings) -> None:
    oracle = Oracle(REGISTRY, read_programme(programme.folder, REGISTRY, RECEIVED_AT))
    above = [area for area in oracle.areas if REGISTRY.areas[area].level_code != "commune"]
    communes = sorted(area for area in oracle.areas if REGISTRY.areas[area].level_code == "commune")
    areas = [*above, *communes[::30]]
    release = current_release(published_home)
    assert release is not None
    found = indicator_rows(published_home.published / release.release_id / release.file, REPORTED, areas)
    expected = values_of(oracle, REPORTED, areas)
    # What is hidden from a reader is no matter of the marts.
    assert {row.value_status for row in expected.values()} | {"suppressed"} == set(REGISTRY.value_statuses)
    assert differences(expected, found) == []


def test_the_spread_of_areas_is_what_their_own_values_say(published_home: Settings) -> None:
    release = current_release(published_home)
    assert release is not None
    database = published_home.published / release.release_id / release.file
    bases = sorted({row.base_indicator_code for row in REGISTRY.distributions.values()})
    levels = {row.unit_level_code for row in REGISTRY.distributions.values()}
    units = [area for area, row in REGISTRY.areas.items() if row.level_code in levels and not row.is_pseudo]
    values = indicator_rows(database, bases, units)
    above = {area: ancestors(area) for area in units}
    found = indicator_rows(database, list(REGISTRY.distributions), list(REGISTRY.areas))
    below: dict[tuple[Any, ...], dict[str, Value]] = defaultdict(dict)
    for (tree, code, kind, period, base), row in values.items():
        if kind in {"quarter", "year", "rolling12"}:
            level = REGISTRY.areas[tree, code].level_code
            for area in above[tree, code]:
                below[*area, kind, period, base, level][code] = Value(*row)
    checked = 0
    for code, rule in REGISTRY.distributions.items():
        for (*where, base, level), members in below.items():
            if (base, level) != (rule.base_indicator_code, rule.unit_level_code):
                continue
            expected = distribution(REGISTRY, code, members)
            row = found.pop((*where, code), None)
            if expected is None:
                assert row is None, (where, code)
                continue
            assert row is not None, (where, code)
            multiplier = REGISTRY.indicators[code].multiplier
            assert all(map(same, row[:3], (*expected, multiplier * expected[0] / expected[1]))), (where, code, row)
            checked += 1
    assert checked > 100
    assert found == {}


def ancestors(area: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the areas above one, without itself."""
    found = []
    parent = REGISTRY.areas[area].parent_code
    while parent is not None:
        found.append((area[0], parent))
        parent = REGISTRY.areas[area[0], parent].parent_code
    return found


@settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],  # a build is too dear to look for the smallest example
    suppress_health_check=list(HealthCheck),
)
@given(case=CASES)
def test_values_of_generated_programmes(case: Case, published_home: Settings, tmp_path_factory: Any) -> None:
    home = Settings(tmp_path_factory.mktemp("case"))
    rows = submitted(case)
    assume(len(rows.doses) > 10 and len(rows.reports) > 30)  # a build is too dear for less
    write_case(rows, home)
    oracle = Oracle(with_matched(REGISTRY, MATCHED_TOO), rows)
    areas = sorted(oracle.areas)
    codes = [*INDICATORS, *(code + MATCHED for code in MATCHED_TOO)]
    warehouse = build_models(home, published_home.warehouse, rows.as_of, MATCHED_TOO)
    found = indicator_rows(warehouse, codes, areas)
    shutil.rmtree(home.home)
    assert differences(values_of(oracle, codes, areas), found) == []
