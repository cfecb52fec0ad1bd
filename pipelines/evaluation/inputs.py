"""The files of an evaluation: doses, a schedule and perhaps the ages of products. Text becomes values or a problem."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipelines.evaluation.macros import render
from pipelines.evaluation.tables import Layout, Table, read_table
from pipelines.intake import parsing

AGES = (
    "minimum_age",
    "recommended_age",
    "maximum_age",
    "minimum_interval",
    "minimum_interval_from_first",
    "not_needed_from_age",
)
PRODUCT_AGES = ("minimum_age", "maximum_age")


def _with_days(names: Sequence[str]) -> tuple[str, ...]:
    return (*names, *(f"{name}_days" for name in names))


DOSES = Layout(
    "a file of doses",
    ("person_code", "birth_date", "antigen_code", "given_date"),
    ("product_code", "sequence", "death_date"),
)
SCHEDULE = Layout(
    "a schedule", ("antigen_code", "dose_number"), (*_with_days(AGES), "product_code", "valid_from", "valid_to")
)
PRODUCTS = Layout("a file of products", ("product_code",), _with_days(PRODUCT_AGES))

_WRITE_AGE = "write it as 6 weeks, 12 months - 4 days or 1 year 6 months"
_WRITE_DATE = "write it as YYYY-MM-DD or DD/MM/YYYY"


def read_doses(path: Path) -> Table:
    """Return the doses: one row a line, dates as dates, `sequence` as a whole number."""
    table = read_table(path, DOSES)
    for name in DOSES.required:
        _require(table, name)
    for name in ("birth_date", "given_date", "death_date"):
        _to_date(table, name)
    _to_number(table, "sequence", smallest=0)
    _check_one_value(table, "birth_date", "person_code")
    _check_one_value(table, "death_date", "person_code")
    return table


def read_schedule(path: Path) -> Table:
    """Return the schedule: one row a dose, ages and intervals as text, dates as dates."""
    table = read_table(path, SCHEDULE)
    for name in SCHEDULE.required:
        _require(table, name)
    _to_number(table, "dose_number", smallest=1)
    _to_ages(table, AGES)
    joined = table.frame.get_column("product_code").str.contains("[,;/]").fill_null(value=False)
    table.blame(joined, "product_code", "several products are joined by another sign than |", "write them as a|b|c")
    for name in ("valid_from", "valid_to"):
        _to_date(table, name)
    if table.frame.is_empty():
        table.problems.append(f"{path.name}: the schedule has no dose; give a line a dose.")
    if not table.problems:
        _check_versions(table)
    return table


def read_products(path: Path) -> Table:
    """Return the products: one row a product, with the ages between which it may be given."""
    table = read_table(path, PRODUCTS)
    _require(table, "product_code")
    _to_ages(table, PRODUCT_AGES)
    repeated = table.frame.get_column("product_code").is_duplicated()
    table.blame(repeated, "product_code", "the product stands twice", "leave it once")
    return table


def _require(table: Table, name: str) -> None:
    table.blame(table.frame.get_column(name).is_null(), name, "a value is needed", "fill it in or take the line out")


def _replace(table: Table, name: str, values: pl.Series, problem: str, action: str) -> None:
    written = table.frame.get_column(name)
    table.blame(written.is_not_null() & values.is_null(), name, problem, action)
    table.frame = table.frame.with_columns(values.alias(name))


def _to_date(table: Table, name: str) -> None:
    _replace(table, name, parsing.days(table.frame.get_column(name)), "this is no date", _WRITE_DATE)


def _to_number(table: Table, name: str, smallest: int) -> None:
    values = parsing.whole_numbers(table.frame.get_column(name))
    values = values.set((~values.is_between(smallest, 10_000)).fill_null(value=False), None)
    _replace(table, name, values, "this is no such number", f"write a whole number from {smallest} to 10000")


def _to_ages(table: Table, names: Sequence[str]) -> None:
    """Make one text column of each age and of its variant in days; only what the macros can read is accepted."""
    for name in names:
        days = f"{name}_days"
        both = table.frame.get_column(name).is_not_null() & table.frame.get_column(days).is_not_null()
        table.blame(both, name, f"{days} is filled in as well", "leave one of the two empty")
        _to_number_of_days(table, days)
        text = table.frame.get_column(name)
        table.blame(~_is_readable(text), name, "this is no age or interval", _WRITE_AGE)
        table.frame = table.frame.with_columns(
            pl.coalesce(pl.col(name), pl.col(days).cast(pl.String) + " days").alias(name)
        ).drop(days)


def _to_number_of_days(table: Table, name: str) -> None:
    values = parsing.whole_numbers(table.frame.get_column(name))
    values = values.set((~values.is_between(0, 100_000)).fill_null(value=False), None)
    _replace(table, name, values, "this is no number of days", "write a whole number from 0 to 100000")


def _is_readable(text: pl.Series) -> pl.Series:
    """Say of each text whether the macros can read it as an age; of none that they can."""
    distinct = text.drop_nulls().unique().to_list()
    with duckdb.connect() as database:
        query = f"select age, {render('age_is_readable', 'age')} from (select unnest(?) as age)"
        readable = dict(database.execute(query, [distinct]).fetchall()) if distinct else {}
    return pl.Series([value is None or readable[value] for value in text], dtype=pl.Boolean)


def _check_one_value(table: Table, name: str, key: str) -> None:
    other = table.frame.select(pl.col(name).ne_missing(pl.col(name).first().over(key))).to_series()
    table.blame(other, name, f"the first line of this {key} has another", "make them the same")


def _check_versions(table: Table) -> None:
    """For every birth date the doses of an antigen are 1, 2, 3 ... and each of them has one line."""
    for (antigen,), rows in table.frame.group_by("antigen_code", maintain_order=True):
        starts = sorted({start for start in rows["valid_from"] if start} | {end for end in rows["valid_to"] if end})
        for start in [None, *starts]:
            _check_numbers(table, str(antigen), start, _in_force(rows, start))


def _in_force(rows: pl.DataFrame, day: date | None) -> pl.DataFrame:
    """Return the lines in force for births on `day`; None is before any date."""
    if day is None:
        return rows.filter(pl.col("valid_from").is_null())
    return rows.filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") <= day))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") > day))
    )


def _check_numbers(table: Table, antigen: str, start: date | None, rows: pl.DataFrame) -> None:
    numbers = rows["dose_number"].to_list()
    since = f"for births from {start}" if start else "for births before any date named"
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        lines = ", ".join(map(str, rows.filter(pl.col("dose_number") == number)["line_no"]))
        table.problems.append(
            f"{table.path.name}, lines {lines}: {antigen} has dose {number} more than once {since}; leave one,"
            " or tell them apart by valid_from and valid_to."
        )
    for number in sorted(set(range(1, max(numbers, default=0))) - set(numbers)):
        table.problems.append(
            f"{table.path.name}: {antigen} has dose {max(numbers)} but no dose {number} {since}; add it."
        )
