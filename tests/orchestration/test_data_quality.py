"""Rules that are rows, run by Great Expectations, with one meaning of each status."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_quality.results import (
    RESULT_SCHEMA,
    CheckResult,
    MissingResultsError,
    load_results,
    save_results,
    status_of,
    to_frame,
)
from data_quality.suites import RuleError, run_rules

CHECKED_AT = datetime(2026, 4, 5, 19, 0)


@dataclass(frozen=True)
class Row:
    """A row of quality_rules."""

    rule_code: str
    expectation: str
    column_name: str | None = None
    kwargs_json: str = ""
    dataset: str = "areas"
    severity: str = "warning"
    threshold: float | None = None
    name_vi: str = "Tên"
    name_en: str = "Name"
    action_vi: str = "Hãy sửa."
    action_en: str = "Correct it."


FRAMES = {
    "areas": pl.DataFrame({"value": [10.0, 20.0, None, 400.0], "parent": [10.0, 10.0, 10.0, 10.0]}),
    "empty": pl.DataFrame(schema={"value": pl.Float64}),
}
BETWEEN = '{"min_value": 0, "max_value": 120}'


@pytest.mark.parametrize(
    ("rule", "violations", "evaluated", "status"),
    [
        (Row("r", "expect_column_values_to_be_between", "value", BETWEEN), 1, 3, "failed"),
        (Row("r", "expect_column_values_to_be_between", "value", BETWEEN, threshold=0.4), 1, 3, "passed"),
        (Row("r", "expect_column_values_to_not_be_null", "value"), 1, 4, "failed"),
        (Row("r", "expect_column_values_to_not_be_null", "parent"), 0, 4, "passed"),
        (Row("r", "expect_table_row_count_to_be_between", None, '{"min_value": 5}'), 1, 1, "failed"),
        (Row("r", "expect_column_values_to_not_be_null", "no_such_column"), None, None, "error"),
        (Row("r", "expect_column_values_to_not_be_null", "value", dataset="empty"), 0, 0, "not_applicable"),
        (
            Row(
                "r",
                "expect_column_pair_values_a_to_be_greater_than_b",
                None,
                '{"column_A": "value", "column_B": "parent", "or_equal": true,'
                ' "ignore_row_if": "either_value_is_missing"}',
            ),
            0,
            3,
            "passed",
        ),
    ],
)
def test_a_rule_counts_what_it_says(rule: Row, violations: int | None, evaluated: int | None, status: str) -> None:
    (result,) = run_rules([rule], FRAMES, "scope", CHECKED_AT)
    assert (result.violations, result.evaluated, result.status) == (violations, evaluated, status)


def test_results_come_in_the_order_of_the_rules_and_say_what_to_do() -> None:
    rules = [
        Row("empty", "expect_column_values_to_not_be_null", "value", dataset="empty", severity="blocking"),
        Row("bad", "expect_column_values_to_be_between", "value", BETWEEN, severity="blocking"),
        Row("good", "expect_column_values_to_not_be_null", "parent"),
    ]
    results = run_rules(rules, FRAMES, "batches 1-2", CHECKED_AT)
    assert [result.rule_code for result in results] == ["empty", "bad", "good"]
    assert [result.is_blocking for result in results] == [False, True, False]
    assert results[1].message_en == "Name: 1 of 3 contradict it. Correct it."
    assert results[1].message_vi == "Tên: 1/3 vi phạm. Hãy sửa."
    assert {result.scope for result in results} == {"batches 1-2"}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (Row("r", "expect_column_values_to_not_be_null", dataset="nothing"), "dataset 'nothing'"),
        (Row("r", "expect_miracles", "value"), "expectation 'expect_miracles'"),
    ],
)
def test_a_rule_that_cannot_be_run_is_a_sentence(rule: Row, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        run_rules([rule], FRAMES, "scope", CHECKED_AT)


@given(
    violations=st.none() | st.integers(0, 100),
    evaluated=st.none() | st.integers(0, 100),
    threshold=st.none() | st.floats(0, 1),
)
def test_a_check_that_evaluated_nothing_has_not_passed(
    violations: int | None, evaluated: int | None, threshold: float | None
) -> None:
    status = status_of(violations, evaluated, threshold)
    assert (status == "error") == (violations is None or evaluated is None)
    assert (status == "not_applicable") == (violations is not None and evaluated == 0)
    if status == "passed":
        assert violations is not None
        assert evaluated
        assert violations <= (threshold or 0) * evaluated + 1e-9


def test_results_wait_for_the_data_that_they_were_found_for(tmp_path: Path) -> None:
    results = run_rules([Row("r", "expect_column_values_to_not_be_null", "parent")], FRAMES, "s", CHECKED_AT)
    save_results(tmp_path, "published", "build-1", results)
    assert load_results(tmp_path, "published", "build-1") == results
    with pytest.raises(MissingResultsError, match="build-2"):
        load_results(tmp_path, "published", "build-2")
    with pytest.raises(MissingResultsError, match="intake_batch"):
        load_results(tmp_path, "intake_batch", "build-1")


def test_a_stage_without_rules_was_gone_through_all_the_same(tmp_path: Path) -> None:
    save_results(tmp_path, "dbt", "build-1", [])
    assert load_results(tmp_path, "dbt", "build-1") == []


def test_the_table_has_the_published_columns() -> None:
    result = CheckResult("r", "tên", "name", "d", "s", None, None, None, "error", "warning", CHECKED_AT, "vi", "en")
    assert to_frame([result]).columns == list(RESULT_SCHEMA)
    assert to_frame([]).columns == list(RESULT_SCHEMA)
