"""CSV and its relatives, one physical line at a time.

A quoted line break is not allowed: a reader that follows an unclosed quote over line ends can swallow the rest of a
file without a word. Here the line that holds it is rejected, and the next line is read as if nothing had happened.
"""

from __future__ import annotations

import csv
import re

from pipelines.intake.formats.encoding import decode
from pipelines.intake.formats.lines import CELL_SEPARATOR, Lines, RefusedFileError

_LINE_END = re.compile(r"\r\n|\n|\r")
_DELIMITERS = (",", ";", "\t", "|")


def read_delimited(content: bytes) -> Lines:
    """Return the lines of a delimited text file. Raises RefusedFileError when it has no header or no known encoding."""
    text, encoding = decode(content)
    physical = split_lines(text)
    first = next((index for index, line in enumerate(physical) if not _is_blank(line)), None)
    if first is None:
        raise RefusedFileError("FILE_EMPTY")
    delimiter = _delimiter(physical[first])
    header = split_cells(physical[first], delimiter)
    if header is None:
        raise RefusedFileError("FILE_HEADER_UNKNOWN", physical[first][:80])

    raw, numbers, blank = [], [], first
    for number, line in enumerate(physical[first + 1 :], first + 2):
        if line and not line.isspace():
            raw.append(line)
            numbers.append(number)
        else:
            blank += 1
    problems: dict[int, str] = {}
    separator, cells = delimiter, raw
    if '"' in text:
        separator, cells = CELL_SEPARATOR, []
        for index, line in enumerate(raw):
            found = split_cells(line, delimiter)
            if found is None:
                problems[index] = "ROW_QUOTE"
            cells.append(CELL_SEPARATOR.join(found or []))
    return Lines(
        file_format="csv",
        header=header,
        separator=separator,
        cells=cells,
        numbers=numbers,
        raw=raw,
        line_count=len(physical),
        header_count=1,
        blank_count=blank,
        encoding=encoding,
        delimiter=delimiter,
        problems=problems,
    )


def split_lines(text: str) -> list[str]:
    """Return the physical lines of a text; CRLF, LF and CR each end one, and the end of the file ends the last."""
    lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def split_cells(line: str, delimiter: str) -> list[str] | None:
    """Return the cells of one physical line, or None when its quotes do not close."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        rows = list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    cells = rows[0] if len(rows) == 1 else None
    # A cell that carries the separator itself would fall apart again.
    return None if cells is None or any(CELL_SEPARATOR in cell for cell in cells) else cells


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _is_blank(line: str) -> bool:
    return not line or line.isspace()
