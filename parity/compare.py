"""Whether two engines left the same rows: schema, number of rows, and every value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

# Engines add floating-point numbers up in different orders; a sum of some thousand numbers differs in its last digits.
RELATIVE_TOLERANCE = 1e-9
_FLOATS = {"DOUBLE", "FLOAT"}
_SHOWN_ROWS = 3


@dataclass(frozen=True)
class Comparison:
    """What was found of one relation."""

    name: str
    row_count: int
    column_count: int
    differences: tuple[str, ...]  # sentences; none when both engines left the same


def compare(connection: duckdb.DuckDBPyConnection, name: str, left: str, right: str) -> Comparison:
    """Compare two relations of a connection, `left` being the reference.

    Text, dates, times, integers and truth values must be equal; floating-point numbers may differ by
    RELATIVE_TOLERANCE. Rows have no order: each must occur as often on both sides. Columns have one, and a type.
    """
    # A view would be worked out again by every question.
    connection.execute(f"create or replace temp table compared_left as select * from {left}")
    connection.execute(f"create or replace temp table compared_right as select * from {right}")
    left, right = "compared_left", "compared_right"
    columns, others = _columns(connection, left), _columns(connection, right)
    (row_count,) = _one(connection, f"select count(*) from {left}")
    (other_count,) = _one(connection, f"select count(*) from {right}")
    differences = [*_schema_differences(columns, others)]
    if row_count != other_count:
        differences.append(f"{row_count} rows and {other_count} rows")
    if not differences:
        differences.extend(_value_differences(connection, columns, left, right))
    return Comparison(name, row_count, len(columns), tuple(differences))


def missing(expected: Iterable[str], compared: Iterable[Comparison]) -> list[str]:
    """Return the relations that should have been compared and were not."""
    return sorted(set(expected) - {item.name for item in compared})


def parquet(folder: Path) -> str:
    """Return the relation that reads the files that Spark left in a folder."""
    return f"read_parquet('{folder}/*.parquet')"


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    rows = connection.execute(f"describe select * from {relation}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    return tuple(connection.execute(query).fetchall()[0])


def _schema_differences(columns: Mapping[str, str], others: Mapping[str, str]) -> list[str]:
    if list(columns) != list(others):
        return [f"columns {', '.join(columns)} and {', '.join(others)}"]
    return [
        f"{column} is {columns[column]} and {others[column]}" for column in columns if columns[column] != others[column]
    ]


def _value_differences(
    connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str], left: str, right: str
) -> list[str]:
    floats = [column for column, data_type in columns.items() if data_type in _FLOATS]
    exact = [column for column in columns if column not in floats]
    found = _unmatched(connection, exact, left, right)
    if found or not floats:
        return found
    return _float_differences(connection, exact, floats, left, right)


def _unmatched(connection: duckdb.DuckDBPyConnection, exact: list[str], left: str, right: str) -> list[str]:
    """Return rows whose exact columns the other side does not hold as often."""
    if not exact:
        return []
    names = _quoted(exact)
    found = []
    for one, other, side in ((left, right, "only on the first"), (right, left, "only on the second")):
        query = f"select {names} from {one} except all select {names} from {other}"
        (count,) = _one(connection, f"select count(*) from ({query})")
        if count:
            rows = connection.execute(f"select * from ({query}) order by all limit {_SHOWN_ROWS}").fetchall()
            found.append(f"{count} row(s) {side}: " + "; ".join(_row(exact, row) for row in rows))
    return found


def _float_differences(
    connection: duckdb.DuckDBPyConnection, exact: list[str], floats: list[str], left: str, right: str
) -> list[str]:
    """Return numbers that differ: rows that are equal in everything else are paired in the order of their numbers."""
    names, numbers = _quoted(exact), _quoted(floats)
    partition = f"partition by {names} " if exact else ""

    def ranked(relation: str) -> str:
        return f"select *, row_number() over ({partition}order by {numbers}) as pair_no from {relation}"

    same = " and ".join(f'one."{name}" is not distinct from other."{name}"' for name in [*exact, "pair_no"])
    found = []
    for column in floats:
        one, other = f'one."{column}"', f'other."{column}"'
        is_close = (
            f"abs({one} - {other}) <= {RELATIVE_TOLERANCE} * greatest(abs({one}), abs({other}))"
            f" or {one} is not distinct from {other}"
        )
        query = (
            f"select {_quoted(exact, 'one.')}{', ' if exact else ''}{one}, {other}"
            f" from ({ranked(left)}) as one inner join ({ranked(right)}) as other on {same}"
            f" where not coalesce({is_close}, false)"
        )
        (count,) = _one(connection, f"select count(*) from ({query})")
        if count:
            rows = connection.execute(f"{query} limit {_SHOWN_ROWS}").fetchall()
            shown = "; ".join(f"{_row(exact, row)}: {row[-2]!r} and {row[-1]!r}" for row in rows)
            found.append(f"{column} differs in {count} row(s): {shown}")
    return found


def _quoted(names: Iterable[str], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name in names)


def _row(names: list[str], values: tuple[object, ...]) -> str:
    return ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=False))
