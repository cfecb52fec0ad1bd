"""What the next build leaves out of adjusted values: reported values that stewards excluded as outliers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.stewardship.events import OUTLIER, MeasuredValue, State, Subject, measured_value

EXCLUDED = "excluded"
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "reporter_code": pl.String,
    "period": pl.String,
    "span_start_month": pl.Date,
    "month": pl.Date,
    "measure_code": pl.String,
    "decided_at": pl.Datetime("us"),
}


def excluded_values(states: Mapping[Subject, State]) -> dict[MeasuredValue, State]:
    """Return the reported values that are excluded now, with the state that says so."""
    return {
        measured_value(subject.subject_key): state
        for subject, state in states.items()
        if subject.subject_kind == OUTLIER and state.state_code == EXCLUDED
    }


def months_of(period: str) -> tuple[date, date]:
    """Return the first and the last month of a period written as 2024-03, 2024Q1 or 2024."""
    year = int(period[:4])
    if "Q" in period:
        last = 3 * int(period[-1])
        return date(year, last - 2, 1), date(year, last, 1)
    if "-" in period:
        month = date(year, int(period[-2:]), 1)
        return month, month
    return date(year, 1, 1), date(year, 12, 1)


def exclusions(states: Mapping[Subject, State]) -> pl.DataFrame:
    """Return the values that are left out: one row a value, sorted by its key; columns as in `SCHEMA`."""
    rows = [
        (value.reporter_code, value.period, *months_of(value.period), value.measure_code, state.decided_at)
        for value, state in excluded_values(states).items()
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("reporter_code", "period", "measure_code")


def write_exclusions(path: Path, states: Mapping[Subject, State]) -> None:
    """Write what is left out for the build to read; the file is replaced as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    exclusions(states).write_parquet(beside)
    beside.replace(path)
