"""Runs `niis compute` as a person does: tables to CSV files, and the file of values back."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from typer.testing import CliRunner, Result

from pipelines.cli import app

Rows = Sequence[Sequence[object]]
HEADERS = {
    "areas": "area_code,parent_code",
    "measures": "area_code,period,measure_code,value",
    "indicators": "indicator_code,term_role,measure_code,weight,multiplier",
}


def write(path: Path, header: str, rows: Rows) -> None:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def call(folder: Path, indicators: str | None = None, out: str | None = None) -> Result:
    """Run the command over the files of a folder; values go to `values.csv`."""
    return CliRunner().invoke(
        app,
        [
            "compute", "--areas", str(folder / "areas.csv"), "--measures", str(folder / "measures.csv"),
            "--indicators", indicators or str(folder / "indicators.csv"), "--out", out or str(folder / "values.csv"),
        ],
    )  # fmt: skip


def run(folder: Path, areas: Rows, measures: Rows, indicators: Rows | str, header: str | None = None) -> Result:
    """Write each table and run the command over them; `header` is that of the indicators."""
    write(folder / "areas.csv", HEADERS["areas"], areas)
    write(folder / "measures.csv", HEADERS["measures"], measures)
    if isinstance(indicators, str):
        return call(folder, indicators)
    write(folder / "indicators.csv", header or HEADERS["indicators"], indicators)
    return call(folder)


def compute(
    folder: Path, areas: Rows, measures: Rows, indicators: Rows | str, header: str | None = None
) -> dict[tuple[str, str, str], tuple[str, str, str, str]]:
    """Do the same and return numerator, denominator, value and status, as text, by area, period and indicator."""
    result = run(folder, areas, measures, indicators, header)
    assert result.exit_code == 0, result.stderr
    return read(folder / "values.csv")


def read(path: Path) -> dict[tuple[str, str, str], tuple[str, str, str, str]]:
    """Return the values of a file."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows == sorted(rows, key=lambda row: (row["area_code"], row["period"], row["indicator_code"]))
    return {
        (row["area_code"], row["period"], row["indicator_code"]): (
            row["numerator"], row["denominator"], row["value"], row["value_status"],
        )
        for row in rows
    }  # fmt: skip
