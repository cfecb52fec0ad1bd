"""The same lines as different facilities would export them: other headers, delimiters, encodings and formats."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl
import xlsxwriter

from pipelines.reference import Registry

PLAIN = "csv"
# How many of a thousand facilities export in each way; the rest write plain CSV.
_STYLES = (
    ("csv_semicolon_vi", 30),
    ("csv_utf16_tab", 15),
    ("csv_bom_vi", 30),
    ("csv_windows_1258", 10),
    ("ndjson", 5),
    ("parquet", 3),
    ("xlsx", 2),
)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC).replace(tzinfo=None)
SUFFIXES = {"ndjson": ".ndjson", "parquet": ".parquet", "xlsx": ".xlsx"}


def style_of(number: float) -> str:
    """Return the way in which a facility exports, for a number in 0..1 drawn for it."""
    for style, share in _STYLES:
        number -= share / 1000
        if number < 0:
            return style
    return PLAIN


def encode(style: str, header: Sequence[str], lines: Sequence[str], registry: Registry) -> bytes:
    """Return a file of `lines` (cells separated by commas, without quotes)."""
    if style == PLAIN:
        return ("\n".join([",".join(header), *lines]) + "\n").encode()
    rows = [line.split(",") for line in lines]
    if style in SUFFIXES:
        return _table(style, header, rows)
    fields = registry.fields("dose_records")
    if style in {"csv_semicolon_vi", "csv_bom_vi"}:
        header = [fields[name].name_vi for name in header]
    delimiter = {"csv_semicolon_vi": ";", "csv_utf16_tab": "\t"}.get(style, ",")
    text = "\r\n".join(delimiter.join(cells) for cells in [list(header), *rows]) + "\r\n"
    if style == "csv_windows_1258":
        return _windows_1258(text)
    return text.encode({"csv_utf16_tab": "utf-16", "csv_bom_vi": "utf-8-sig"}.get(style, "utf-8"))


def _table(style: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    if style == "ndjson":
        objects = (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in rows)
        return ("\n".join(objects) + "\n").encode()
    buffer = io.BytesIO()
    if style == "parquet":
        pl.DataFrame(rows, schema=list(header), orient="row").write_parquet(buffer)
    else:
        # A fixed date: the same seed gives the same bytes.
        with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
            workbook.set_properties({"created": _EPOCH})
            sheet = workbook.add_worksheet("du_lieu")
            for number, cells in enumerate([header, *rows]):
                for column, cell in enumerate(cells):
                    sheet.write_string(number, column, cell)
    return buffer.getvalue()


def _windows_1258(text: str) -> bytes:
    """Return text in Windows-1258, which writes tones as marks behind their letters."""
    return b"".join(_bytes_1258(letter) for letter in text)


def _bytes_1258(letter: str) -> bytes:
    try:
        return letter.encode("cp1258")
    except UnicodeEncodeError:
        # The tone comes apart, the vowel keeps its own mark: ế is ê and an acute.
        parts = unicodedata.normalize("NFD", letter)
        tones = [mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323"]
        vowel = unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in tones))
        return (vowel + "".join(tones)).encode("cp1258")
