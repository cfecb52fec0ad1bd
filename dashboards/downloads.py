"""What is shown, as a file: CSV that Excel reads, a workbook or Parquet that say where their numbers come from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl
import xlsxwriter

from dashboards import formats
from dashboards.exports.scope import fact_text
from dashboards.i18n import Texts

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A spreadsheet takes a text that begins with one of these for a formula (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Column:
    """One column of a download: the frame's name, the header and, for numbers, the decimals shown."""

    name: str
    header: str
    decimals: int | None = None


@dataclass(frozen=True)
class Extract:
    """Everything that a file needs, frozen when the page was drawn."""

    rows: pl.DataFrame
    columns: Sequence[Column]
    definitions: Sequence[Mapping[str, str]]  # header -> text, one mapping an indicator
    facts: Sequence[tuple[str, str | date | datetime]]  # as-of date, release, filters, completeness
    language: str


def neutral(text: str) -> str:
    """Return the text with an apostrophe before it when a spreadsheet would compute it."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def to_csv(extract: Extract) -> bytes:
    """Return UTF-8 with a byte order mark; numbers with a point, dates as ISO: for machines and Excel alike."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([neutral(column.header) for column in extract.columns])
    for row in extract.rows.select([column.name for column in extract.columns]).iter_rows():
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(extract: Extract) -> bytes:
    """Return a workbook of three sheets: the numbers, their definitions, their source and scope."""
    texts = Texts(extract.language)
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": texts("app_title")})
        head = book.add_format({"bold": True, "bg_color": "#1F5A93", "font_color": "#FFFFFF", "text_wrap": True})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        styles = _Styles(book, extract.language)
        sheet = book.add_worksheet(texts("sheet_data"))
        _write_table(sheet, extract.columns, extract.rows, head, styles)
        sheet = book.add_worksheet(texts("sheet_definitions"))
        headers = list(extract.definitions[0]) if extract.definitions else []
        for index, header in enumerate(headers):
            sheet.write_string(0, index, header, head)
            sheet.set_column(index, index, 34)
        for line, definition in enumerate(extract.definitions, start=1):
            for index, header in enumerate(headers):
                sheet.write_string(line, index, neutral(definition[header]), wrapped)
        sheet.freeze_panes(1, 0)
        sheet = book.add_worksheet(texts("sheet_scope"))
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 70)
        for line, (name, value) in enumerate(extract.facts):
            sheet.write_string(line, 0, name, book.add_format({"bold": True}))
            _write_cell(sheet, line, 1, value, styles=styles)
    return out.getvalue()


def to_parquet(extract: Extract) -> bytes:
    """Return the columns as they are, with what is said of them in the file's own metadata."""
    out = io.BytesIO()
    said = {name: fact_text(value, extract.language) for name, value in extract.facts}
    extract.rows.select([column.name for column in extract.columns]).write_parquet(
        out,
        metadata={
            "niis.facts": json.dumps(said, ensure_ascii=False),
            "niis.definitions": json.dumps(list(extract.definitions), ensure_ascii=False),
        },
    )
    return out.getvalue()


class _Styles:
    """The formats of one workbook, made once."""

    def __init__(self, book: xlsxwriter.Workbook, language: str) -> None:
        self._book = book
        self.day = book.add_format({"num_format": formats.date_pattern(language), "align": "left"})
        self.moment = book.add_format({"num_format": formats.date_pattern(language) + " hh:mm", "align": "left"})
        self.text = book.add_format({"num_format": "@"})
        self._numbers: dict[int, Any] = {}

    def number(self, decimals: int) -> Any:
        if decimals not in self._numbers:
            # Excel puts the separators of its own language in the place of these.
            pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
            self._numbers[decimals] = self._book.add_format({"num_format": pattern})
        return self._numbers[decimals]


def _write_table(sheet: Any, columns: Sequence[Column], rows: pl.DataFrame, head: Any, styles: _Styles) -> None:
    for index, column in enumerate(columns):
        sheet.write_string(0, index, column.header, head)
        texts = rows[column.name].cast(pl.String).str.len_chars().max() if rows.height else 0
        sheet.set_column(index, index, min(48, max(len(column.header), int(str(texts or 0))) + 3))
    for line, row in enumerate(rows.select([column.name for column in columns]).iter_rows(), start=1):
        for index, cell in enumerate(row):
            _write_cell(sheet, line, index, cell, decimals=columns[index].decimals, styles=styles)
    sheet.freeze_panes(1, 0)
    if rows.height:
        sheet.autofilter(0, 0, rows.height, len(columns) - 1)


def _write_cell(
    sheet: Any, line: int, index: int, cell: object, *, decimals: int | None = None, styles: _Styles
) -> None:
    if cell is None:
        sheet.write_blank(line, index, None)
    elif isinstance(cell, datetime):
        sheet.write_datetime(line, index, cell, styles.moment)
    elif isinstance(cell, date):
        sheet.write_datetime(line, index, cell, styles.day)
    elif isinstance(cell, bool):
        sheet.write_boolean(line, index, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(line, index, cell, styles.number(decimals or 0))
    else:
        sheet.write_string(line, index, neutral(str(cell)), styles.text)
