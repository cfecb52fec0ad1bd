"""A workbook as an analyst gets it, to the long files of `niis compute`, by a mapping: which column is which measure.

The mapping is described in docs/how_to/compute_indicators.md. Rows whose area the tree does not have (titles,
explanations, empty lines) are passed over and counted; cells that hold no number are missing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MONTHS = {
    name: number
    for number, name in enumerate(
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
         "december"], 1,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A line of the mapping; an empty `month_column` means that the values are those of years."""

    sheet: str
    area_column: str
    year_column: str
    month_column: str
    value_column: str
    measure_code: str


def read_mapping(text: str) -> list[Column]:
    """Return the lines of a mapping."""
    return [Column(**row) for row in csv.DictReader(io.StringIO(text))]


class Workbook:
    """The sheets of a workbook as rows of text; the first row of a sheet names its columns."""

    def __init__(self, path: Path) -> None:
        import fastexcel  # noqa: PLC0415 - only the tests with the workbook need it

        self._book = fastexcel.read_excel(path)
        self._sheets: dict[str, tuple[list[str], Sequence[tuple[Any, ...]]]] = {}

    def rows(self, sheet: str) -> Iterator[dict[str, str]]:
        """Yield the rows of a sheet below its first, without spaces around cells."""
        if sheet not in self._sheets:
            first, *rows = self._book.load_sheet(sheet, header_row=None, dtypes="string").to_polars().rows()
            self._sheets[sheet] = ([(cell or "").strip() for cell in first], rows)
        header, rows = self._sheets[sheet]
        for row in rows:
            yield {name: (cell or "").strip() for name, cell in zip(header, row, strict=True)}


def areas(book: Workbook, country: str) -> list[tuple[str, str]]:
    """Return the tree of the sheet of districts: district, region, country."""
    rows = [row for row in book.rows("Admin_data") if row["Country"] == country]
    regions = sorted({row["First_admin_level"] for row in rows})
    return [
        (country, ""),
        *((region, country) for region in regions),
        *((f"district {row['district']}", row["First_admin_level"]) for row in rows),
    ]


def measures(book: Workbook, mapping: list[Column], known: set[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield area, period, measure and value of every row of an area that is known."""
    for column in mapping:
        for row in book.rows(column.sheet):
            area = f"district {row[column.area_column]}"
            if area in known:
                value = row[column.value_column] if column.value_column != "1" else "1"
                is_number = re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", value)
                yield area, _period(row, column), column.measure_code, value if is_number else ""


def _period(row: dict[str, str], column: Column) -> str:
    year = row[column.year_column].removesuffix(".0")
    return f"{year}-{MONTHS[row[column.month_column].lower()]:02}" if column.month_column else year
