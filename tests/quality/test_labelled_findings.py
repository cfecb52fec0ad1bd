"""Defects that a programme was given with labels are found by their rules, and little else is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data_quality.frames import rule_hits
from data_quality.scoring import score
from pipelines.reference import load_registry
from pipelines.settings import Settings
from pipelines.synthetic import generate
from tests.conftest import RUN_AT, Programme, prepare_home
from tests.steps import run_steps, start_with

WANTED = 0.95
# Whether two cards are one person is what identity decides, and is scored there.
OF_IDENTITY = {"person_registered_twice"}
# Nothing is put in that is wrong by the schedule alone: the generator's own visits are early at times.
WITHOUT_LABELS = {"age_outside_range"}


@pytest.fixture(scope="module")
def labelled(made_once: Callable[[str, Callable[[Path], None]], Path], no_data: Path) -> Path:
    def make(folder: Path) -> None:
        generate(
            folder / "programme", ["06"], date(2025, 1, 1), date(2025, 6, 1), scale=0.2, seed=8, layout="bulk",
            defects=False, finding_share=0.02,
        )  # fmt: skip
        settings = Settings(folder / "home")
        start_with(settings, no_data)
        prepare_home(settings, Programme(folder / "programme"))
        run_steps(settings, RUN_AT)

    return made_once("labelled_findings", make)


def test_rules_of_records_find_the_labelled_defects(labelled: Path) -> None:
    labels = pl.read_csv(labelled / "programme" / "finding_labels.csv", infer_schema=False)
    table = score(rule_hits(Settings(labelled / "home").warehouse), labels)
    print(table.to_pandas().to_string(index=False))  # the table is a result to be read: `pytest -s`
    rules = load_registry().finding_rules.values()
    of_records = {rule.rule_code for rule in rules if rule.rule_stage in {"record", "person"}}
    assert of_records - WITHOUT_LABELS - OF_IDENTITY <= set(table["rule_code"])
    judged = table.filter(~pl.col("rule_code").is_in(sorted(OF_IDENTITY)))
    assert judged["labelled"].min() >= 20
    poor = judged.filter((pl.col("precision") < WANTED) | (pl.col("recall") < WANTED))
    assert poor.is_empty(), poor


def test_precision_and_recall_of_a_table_worked_by_hand() -> None:
    """Two labels of a rule, three records found, one of them right; a rule that found nothing has no precision."""
    hits = pl.DataFrame({"rule_code": ["a"] * 3, "record_key": ["F|1", "F|2", "F|3"]})
    labels = pl.DataFrame({"rule_code": ["a", "a", "b"], "facility_code": ["F"] * 3, "record_id": ["1", "9", "1"]})
    rows = score(hits, labels).rows()
    assert rows == [("a", 2, 3, 1, pytest.approx(1 / 3), 0.5), ("b", 1, 0, 0, None, 0.0)]
