"""From three files to indicators, one a line: the warehouse's macros over DuckDB in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.compute import queries
from pipelines.compute.inputs import MOST_DECIMALS, Definitions, builtin, read_areas, read_indicators, read_measures
from pipelines.compute.periods import Period, parse, with_whole_longer_ones
from pipelines.evaluation.tables import Table, raise_problems
from pipelines.reference import load_registry

COLUMNS = ("area_code", "period", "indicator_code", "numerator", "denominator", "value", "value_status")
BUILTIN = "builtin"


@dataclass(frozen=True)
class Computation:
    """Rows with COLUMNS, by area, period and indicator, and what the reader should know of the files."""

    rows: list[tuple[str | float | None, ...]]
    notes: tuple[str, ...]


def compute_files(areas: Path, measures: Path, indicators: Path | None) -> Computation:
    """Return every indicator of every area in every period of the file, and in those that its periods make whole.

    `indicators` None means those of the registry. Raises EvaluationInputError with a sentence for each problem.
    """
    tree = read_areas(areas)
    given = read_measures(measures, tree)
    tables = [tree, given]
    left_out = 0
    if indicators is None:
        definitions, left_out = builtin(load_registry(), given.frame.get_column("measure_code").drop_nulls())
    else:
        table, definitions = read_indicators(indicators)
        tables.append(table)
    raise_problems(tables)
    periods = with_whole_longer_ones(given.frame.get_column("period").unique())
    rows = _computed(tree.frame, given.frame, definitions, periods)
    return Computation(rows, tuple(_notes(tables, definitions, left_out)))


def to_csv(rows: list[tuple[str | float | None, ...]]) -> str:
    """Return rows as CSV; numbers as the shortest text that reads back as the same number."""
    shown = [tuple(_shown(cell) if isinstance(cell, float) else cell for cell in row) for row in rows]
    return pl.DataFrame(shown, schema=dict.fromkeys(COLUMNS, pl.String), orient="row").write_csv()


def _shown(number: float) -> str:
    return repr(number).removesuffix(".0")


def _computed(
    areas: pl.DataFrame, given: pl.DataFrame, definitions: Definitions, periods: list[Period]
) -> list[tuple[str | float | None, ...]]:
    number_type = _number_type(given.get_column("value"))
    with duckdb.connect() as database:
        # Sums of numbers that are not exact depend on their order, and the order of a file says nothing.
        database.execute("set threads = 1")
        for name, frame in {
            "areas": areas.select(pl.lit("").alias("hierarchy_code"), "area_code", "parent_code", "depth"),
            "given": given.select("area_code", "period", "measure_code", "value"),
            "given_periods": _period_frame(map(parse, given.get_column("period").unique())).drop("month"),
            "period_months": _period_frame(periods).explode("month"),
            "indicators": definitions.indicators,
            "terms": definitions.terms,
        }.items():
            _load(database, name, frame.sort(frame.columns))
        database.execute(queries.closure())
        database.execute(queries.reports(number_type))
        database.execute(queries.inside())
        database.execute(queries.outers())
        found = database.execute(queries.sizes()).fetchall()
        database.execute(queries.placed(found))
        database.execute(queries.contributions(number_type))
        for step in (queries.parts, queries.period_values, queries.matched_sums, queries.covered):
            database.execute(step())
        rows = database.execute(queries.values()).fetchall()
    expected = areas.height * len(periods) * definitions.indicators.height
    if len(rows) != expected:
        raise AssertionError(f"{len(rows)} rows instead of {expected}")
    # Zero has no sign for a reader.
    return [(*row[:3], *(None if number is None else number + 0.0 for number in row[3:6]), row[6]) for row in rows]


def _load(database: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    database.register(f"{name}_rows", frame.to_arrow())
    database.execute(f"create temp table {name} as select * from {name}_rows")
    database.unregister(f"{name}_rows")


def _number_type(values: pl.Series) -> str:
    """Return a decimal type that holds every value as it is written, or double when there is none."""
    decimals = values.str.extract(r"\.([0-9]*)$", 1).str.len_chars().max()
    most = decimals if isinstance(decimals, int) else 0
    return f"decimal(38, {most})" if most <= MOST_DECIMALS else "double"


def _period_frame(periods: Iterable[Period]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (period.text, period.start, period.end, period.start, period.span_months, period.months())
            for period in periods
        ],
        schema={
            "period": pl.String,
            "start_month": pl.Date,
            "end_month": pl.Date,
            "period_start_month": pl.Date,
            "span_months": pl.Int32,
            "month": pl.List(pl.Date),
        },
        orient="row",
    )


def _notes(tables: list[Table], definitions: Definitions, left_out: int) -> list[str]:
    notes = [
        f"{table.path.name}: columns that mean nothing here are passed over: {', '.join(table.ignored)}."
        for table in tables
        if table.ignored
    ]
    name = tables[1].path.name
    given = set(tables[1].frame.get_column("measure_code"))
    used = set(definitions.terms.get_column("measure_code"))
    unused, unknown = sorted(given - used), sorted(used - given)
    if unused:
        notes.append(f"{name}: no indicator uses {', '.join(unused)}.")
    if unknown:
        notes.append(f"{name} has no line of {', '.join(unknown)}; what needs one of them has no value.")
    if left_out:
        notes.append(f"{left_out} built-in indicators are left out, since {name} has none of their measures.")
    return notes
