"""Runs `niis outliers` as a person does: rows to a CSV file, and its answer back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from typer.testing import CliRunner, Result

from pipelines.cli import app
from tests.compute.files import HEADERS, write


def run(folder: Path, rows: Iterable[Sequence[object]], *options: str) -> Result:
    """Write the rows to a file and run the command over it."""
    write(folder / "values.csv", HEADERS["measures"], list(rows))
    return CliRunner().invoke(app, ["outliers", str(folder / "values.csv"), *options])


def find(folder: Path, rows: Iterable[Sequence[object]], *options: str) -> list[dict[str, str]]:
    """Do the same and return the answer, in the order of the rows."""
    result = run(folder, rows, "--format", "csv", *options)
    assert result.exit_code == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


def months(
    values: Iterable[object], area: str = "A", measure: str = "doses", first: int = 2024
) -> list[tuple[object, ...]]:
    """Return rows of a series, a month each, from January of `first`."""
    return [
        (area, f"{first + number // 12}-{number % 12 + 1:02}", measure, value) for number, value in enumerate(values)
    ]
