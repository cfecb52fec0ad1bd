"""XLSX, Parquet and NDJSON: formats that know their own cells."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from pipelines.intake.formats.delimited import split_lines
from pipelines.intake.formats.encoding import decode
from pipelines.intake.formats.lines import CELL_SEPARATOR, Lines, RefusedFileError

# An archive says how large it unpacks to, and can lie: both what it says and what comes out are limited. The size
# matters more than the ratio, which honest workbooks reach as well.
_XLSX_BYTES = 200 * 2**20
_XLSX_ENTRIES = 1_000
_READ_BYTES = 2**20


def read_xlsx(content: bytes) -> Lines:
    """Return the lines of the first sheet. Raises RefusedFileError for bombs, macros, broken or empty workbooks."""
    import fastexcel  # noqa: PLC0415 - only needed where a workbook comes

    _check_archive(content)
    try:
        workbook = fastexcel.read_excel(content)
        sheet = workbook.load_sheet(0, header_row=None, dtypes="string")
        rows = sheet.to_polars().rows()
    except Exception as error:  # fastexcel raises many kinds; all of them mean that it cannot read the file
        raise RefusedFileError("FILE_CORRUPT", type(error).__name__) from error
    return _from_rows("xlsx", rows)


def read_parquet(content: bytes) -> Lines:
    """Return the rows of a Parquet file as text. Raises RefusedFileError when it is damaged."""
    try:
        frame = pl.read_parquet(io.BytesIO(content))
        text = frame.select(pl.all().cast(pl.String))
    except Exception as error:  # as above
        raise RefusedFileError("FILE_CORRUPT", type(error).__name__) from error
    return _with_header("parquet", text.columns, text.rows(), header_count=0)


def read_ndjson(content: bytes) -> Lines:
    """Return the objects of a file, one a line; the header is every key in the order of its first appearance."""
    text, encoding = decode(content)
    physical = split_lines(text)
    objects: list[dict[str, Any] | None] = []
    raw, numbers, blank = [], [], 0
    for number, line in enumerate(physical, 1):
        if not line or line.isspace():
            blank += 1
            continue
        raw.append(line)
        numbers.append(number)
        objects.append(_json_object(line))
    header = list(dict.fromkeys(key for item in objects if item is not None for key in item))
    lines = Lines(
        file_format="ndjson",
        header=header,
        separator=CELL_SEPARATOR,
        cells=[_joined("" if item is None else item.get(key) for key in header) if item else "" for item in objects],
        numbers=numbers,
        raw=raw,
        line_count=len(physical),
        header_count=0,
        blank_count=blank,
        encoding=encoding,
    )
    lines.problems = {index: "ROW_SYNTAX" for index, item in enumerate(objects) if not item}
    return lines


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no value")


def _check_archive(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > _XLSX_ENTRIES or sum(entry.file_size for entry in entries) > _XLSX_BYTES:
                raise RefusedFileError("FILE_TOO_LARGE", "xlsx")
            if any(entry.filename.endswith("vbaProject.bin") for entry in entries):
                raise RefusedFileError("FILE_FORMAT_UNSUPPORTED", "xlsm")
            left = _XLSX_BYTES
            for entry in entries:
                with archive.open(entry) as stream:
                    first = stream.read(_READ_BYTES)
                    if b"<!DOCTYPE" in first or b"<!ENTITY" in first:
                        raise RefusedFileError("FILE_CORRUPT", "DOCTYPE")
                    left -= len(first)
                    while part := stream.read(_READ_BYTES):
                        left -= len(part)
                        if left < 0:
                            raise RefusedFileError("FILE_TOO_LARGE", "xlsx")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise RefusedFileError("FILE_CORRUPT", type(error).__name__) from error


def _from_rows(file_format: str, rows: Sequence[tuple[Any, ...]]) -> Lines:
    first = next((index for index, row in enumerate(rows) if not _is_blank(row)), None)
    if first is None:
        raise RefusedFileError("FILE_EMPTY")
    header = ["" if cell is None else str(cell) for cell in rows[first]]
    while header and not header[-1].strip():
        header.pop()
    lines = _with_header(file_format, header, rows[first + 1 :], header_count=1, first_number=first + 2)
    lines.line_count += first
    lines.blank_count += first
    return lines


def _with_header(
    file_format: str,
    header: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    *,
    header_count: int,
    first_number: int = 1,
) -> Lines:
    kept = [(number, row) for number, row in enumerate(rows, first_number) if not _is_blank(row)]
    cells = [_joined(row[: len(header)]) for _, row in kept]
    return Lines(
        file_format=file_format,
        header=list(header),
        separator=CELL_SEPARATOR,
        cells=cells,
        numbers=[number for number, _ in kept],
        raw=[text.replace(CELL_SEPARATOR, "\t") for text in cells],
        line_count=len(rows) + header_count,
        header_count=header_count,
        blank_count=len(rows) - len(kept),
    )


def _joined(cells: Iterable[Any]) -> str:
    return CELL_SEPARATOR.join("" if cell is None else str(cell).replace(CELL_SEPARATOR, " ") for cell in cells)


def _is_blank(row: tuple[Any, ...]) -> bool:
    return all(cell is None or not str(cell).strip() for cell in row)
