"""Printing rows for people (a table) or for programs (CSV, JSON); numbers keep full precision for programs."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipelines.files import write_text_atomically

Row = Mapping[str, Any]


class Format(StrEnum):
    """How data is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


FormatOption = Annotated[
    Format,
    typer.Option("--format", help="Cách in số liệu: bảng, CSV hay JSON / how data is printed: table, csv or json."),
]


class CommandError(Exception):
    """A command cannot do what was asked; the message says why and what to do."""


def put_text(out: Path, text: str) -> None:
    """Write a whole file at once, or to standard output when it is called `-`."""
    if str(out) == "-":
        sys.stdout.write(text)
    else:
        write_text_atomically(out, text)


def print_rows(rows: Sequence[Row], columns: Sequence[str], form: Format) -> None:
    """Print `rows` with `columns` in the given order to standard output."""
    if form is Format.JSON:
        json.dump(
            [{column: plain(row[column]) for column in columns} for row in rows],
            sys.stdout,
            ensure_ascii=False,
            indent=2,
        )
        sys.stdout.write("\n")
    elif form is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([["" if row[column] is None else plain(row[column]) for column in columns] for row in rows])
    else:
        table = Table(show_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, justify="right" if _is_numeric(rows, column) else "left", overflow="fold")
        for row in rows:
            table.add_row(*(_shown(row[column]) for column in columns))
        console().print(table)


def console(*, stderr: bool = False) -> Console:
    """Return a console; a pipe gets lines wide enough not to be broken."""
    width = None if (sys.stderr if stderr else sys.stdout).isatty() else 200
    return Console(stderr=stderr, width=width, highlight=False, markup=False)


def say(text: str) -> None:
    """Print one line for a person, on standard error so that standard output stays data."""
    console(stderr=True).print(text, soft_wrap=True)


def plain(value: Any) -> Any:
    """Return a value as CSV and JSON have it: dates and times as ISO text."""
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(plain(value))


def _is_numeric(rows: Sequence[Row], column: str) -> bool:
    values = [row[column] for row in rows if row[column] is not None]
    return bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
