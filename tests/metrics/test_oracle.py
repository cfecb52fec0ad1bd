"""What is published equals what plain Python makes of the same submitted rows."""

from __future__ import annotations

import math
import shutil
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings

from pipelines.publish import current_release
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.conftest import Programme
from tests.metrics.building import MATCHED, RECEIVED_AT, build_models, indicator_rows, with_matched
from tests.metrics.generated import CASES, INDICATORS, Case, submitted, write_case
from tests.oracles.indicators import Oracle, Value, values_of
from tests.oracles.plain_files import read_programme

REGISTRY = load_registry()
# Doses and targets of the same places only: no indicator of the registry has it, so these are added.
MATCHED_TOO = ("coverage_penta3", "dropout_penta1_penta3", "zero_dose_target")
# What is counted of persons has an oracle of its own (tests/persons).
REPORTED = [
    code
    for code in REGISTRY.indicators
    if all(term.measure_code not in REGISTRY.person_measures for term in REGISTRY.terms_of(code))
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
    assert len({row.value_status for row in expected.values()}) == len(REGISTRY.value_statuses)
    assert differences(expected, found) == []


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
