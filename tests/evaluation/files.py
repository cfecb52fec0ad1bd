"""Runs `niis doses evaluate` as a person does: tables to CSV files, and the file of verdicts back."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from pipelines.cli import app

Rows = list[dict[str, Any]]


def run(folder: Path, *options: str, **tables: Rows) -> Result:
    """Write each table to a CSV file of its name and run the command over them; verdicts go to `verdicts.csv`."""
    arguments = ["doses", "evaluate", "--out", str(folder / "verdicts.csv"), *options]
    for name, rows in tables.items():
        path = folder / f"{name}.csv"
        arguments += [f"--{name}", str(path)]
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(dict.fromkeys(column for row in rows for column in row)))
            writer.writeheader()
            writer.writerows(rows)
    return CliRunner().invoke(app, arguments)


def evaluate(folder: Path, *options: str, **tables: Rows) -> list[dict[str, str]]:
    """Do the same and return the verdicts."""
    result = run(folder, *options, **tables)
    assert result.exit_code == 0, result.stderr
    return read(folder / "verdicts.csv")


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
