"""The comparison of two engines finds what differs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from parity.__main__ import ParityError, check_spark, show
from parity.compare import RELATIVE_TOLERANCE, Comparison, compare, missing
from pipelines.settings import variable_set

ROWS = (
    "(values (1, 'a', date '2025-01-31', 0.5::double, true), (2, null, null, null, false), (2, null, null, 7.25, null))"
)
COLUMNS = "(id, name, day, value, flag)"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(f"create table one as select * from {ROWS} as rows {COLUMNS}")
        yield opened


def differences(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    connection.execute(f"create or replace table other as {query}")
    return list(compare(connection, "relation", "one", "other").differences)


def test_the_same_rows_in_another_order_are_equal(connection: duckdb.DuckDBPyConnection) -> None:
    assert differences(connection, "select * from one order by value desc nulls last") == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select * from one where id = 1", "3 rows and 1 rows"),
        ("select name, id, day, value, flag from one", "columns id, name, day, value, flag and name, id, day"),
        ("select * replace (id::bigint as id) from one", "id is INTEGER and BIGINT"),
        ("select * replace (coalesce(name, '') as name) from one", "2 row(s) only on the first: id=2, name=None"),
        ("select * replace (name || ' ' as name) from one", "1 row(s) only on the second: id=1, name=a "),
        ("select * replace (day + 1 as day) from one", "1 row(s) only on the first: id=1"),
        ("select * replace (coalesce(flag, false) as flag) from one", "1 row(s) only on the first: id=2"),
        ("select * replace (coalesce(value, 0) as value) from one", "value differs in 1 row(s): id=2"),
        ("select * replace (value * (1 + 1e-6) as value) from one", "value differs in 2 row(s): id=1"),
        (
            "select * from one where id = 1 union all select * from one where id = 1"
            " union all select * from one where value is null",
            "1 row(s) only on the first: id=2",
        ),
    ],
)
def test_a_difference_is_said(connection: duckdb.DuckDBPyConnection, query: str, said: str) -> None:
    found = differences(connection, query)
    assert any(text.startswith(said) for text in found), found


def test_the_order_of_a_sum_is_no_difference(connection: duckdb.DuckDBPyConnection) -> None:
    assert (
        differences(connection, f"select * replace (value * (1 + {RELATIVE_TOLERANCE / 10}) as value) from one") == []
    )


def test_numbers_of_equal_rows_are_paired_by_size(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create or replace table one as select * from (values ('x', 1.0::double), ('x', 2.0)) as t (k, v)"
    )
    assert differences(connection, "select * from (values ('x', 2.0::double), ('x', 1.0)) as t (k, v)") == []
    assert differences(connection, "select * from (values ('x', 2.0::double), ('x', 2.0)) as t (k, v)") != []


def test_a_relation_without_other_columns_than_numbers_is_compared(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create or replace table one as select 1.0::double as v")
    assert differences(connection, "select 1.0::double as v") == []
    assert differences(connection, "select 1.5::double as v") == ["v differs in 1 row(s): : 1.0 and 1.5"]


def test_a_relation_that_was_not_compared_fails(capsys: pytest.CaptureFixture[str]) -> None:
    compared = [Comparison("dim_areas", 3, 2, ())]
    assert missing(["dim_areas", "fct_values"], compared) == ["fct_values"]
    assert show(compared, ["dim_areas", "fct_values"]) == 1
    assert "fct_values" in capsys.readouterr().out
    assert show(compared, ["dim_areas"]) == 0


def test_without_java_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    with variable_set("JAVA_HOME", tmp_path), pytest.raises(ParityError, match="openjdk-17-jre-headless"):
        check_spark()
