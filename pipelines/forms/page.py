"""The first sheet of a workbook as a page to print: whatever template was filled is what is printed."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from pipelines.forms.workbook import MAIN, cell_text, parsed, shared_strings, sheet_paths

_TEMPLATE = Path(__file__).parent / "page.typ"
_STYLES = "xl/styles.xml"
_REFERENCE = re.compile(r"([A-Z]+)([0-9]+)")
_DEFAULT_WIDTH = 9.0
# Formats of numbers that need no entry of their own in a workbook (ECMA-376, 18.8.30): number -> decimals.
_BUILT_IN_DECIMALS = {2: 2, 4: 2, 10: 2, 39: 2, 40: 2}

WriteNumber = Callable[[float, int], str]


def to_pdf(workbook: bytes, footer: str, write_number: WriteNumber) -> bytes:
    """Return the first sheet as PDF on A4; `write_number` writes a number with so many decimals.

    Widths, merged cells, borders, bold and aligned texts and the orientation are the workbook's. Fonts are those inside
    typst, so that the page is the same on every machine; the same workbook gives the same bytes.
    """
    import typst  # noqa: PLC0415 - only who prints pays for it

    data = {**_page(workbook, write_number), "footer": footer}
    page = typst.compile(
        str(_TEMPLATE), format="pdf", ignore_system_fonts=True, sys_inputs={"data": json.dumps(data)}, timestamp=0
    )
    return bytes(page)


def _page(workbook: bytes, write_number: WriteNumber) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as book:
        sheet = parsed(book.read(sheet_paths(book)[0]))
        strings = shared_strings(book)
        styles = _styles(parsed(book.read(_STYLES)))
    merged, covered = _merged(sheet)
    cells = []
    for cell in sheet.iter(f"{MAIN}c"):
        row, column = _position(str(cell.get("r")))
        if (row, column) in covered:
            continue
        style = styles[int(cell.get("s") or 0)]
        rows, columns = merged.get((row, column), (1, 1))
        cells.append(
            {
                "x": column,
                "y": row,
                "rowspan": rows,
                "colspan": columns,
                "text": _text(cell, strings, style["decimals"], write_number),
                **style,
            }
        )
    last = max((cell["x"] + cell["colspan"] for cell in cells), default=1)
    setup = sheet.find(f"{MAIN}pageSetup")
    return {
        "cells": cells,
        "widths": _widths(sheet, last),
        "is_landscape": setup is not None and setup.get("orientation") == "landscape",
    }


def _text(cell: ElementTree.Element, strings: list[str], decimals: int, write_number: WriteNumber) -> str:
    number = cell.findtext(f"{MAIN}v")
    if number is None or cell.get("t") in {"s", "inlineStr"}:
        return cell_text(cell, strings)
    return number if cell.get("t") == "str" else write_number(float(number), decimals)


def _position(reference: str) -> tuple[int, int]:
    found = _REFERENCE.fullmatch(reference)
    assert found is not None, reference
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]) - 1, column - 1


def _merged(sheet: ElementTree.Element) -> tuple[dict[tuple[int, int], tuple[int, int]], set[tuple[int, int]]]:
    """Return how far each merged cell reaches, and the cells that it covers."""
    reach, covered = {}, set()
    for merge in sheet.iter(f"{MAIN}mergeCell"):
        first, _, last = str(merge.get("ref")).partition(":")
        (top, left), (bottom, right) = _position(first), _position(last)
        reach[top, left] = (bottom - top + 1, right - left + 1)
        covered |= {(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)}
        covered.discard((top, left))
    return reach, covered


def _widths(sheet: ElementTree.Element, count: int) -> list[float]:
    widths = [_DEFAULT_WIDTH] * count
    for column in sheet.iter(f"{MAIN}col"):
        for index in range(int(column.get("min") or 1) - 1, min(int(column.get("max") or 1), count)):
            widths[index] = float(column.get("width") or _DEFAULT_WIDTH)
    return widths


def _styles(root: ElementTree.Element) -> list[dict[str, Any]]:
    """Return what each style of cells says of printing."""
    fonts = root.findall(f"{MAIN}fonts/{MAIN}font")
    borders = root.findall(f"{MAIN}borders/{MAIN}border")
    fills = root.findall(f"{MAIN}fills/{MAIN}fill")
    codes = {int(f.get("numFmtId") or 0): str(f.get("formatCode")) for f in root.iter(f"{MAIN}numFmt")}
    found = []
    for style in root.findall(f"{MAIN}cellXfs/{MAIN}xf"):
        font = fonts[int(style.get("fontId") or 0)]
        size = font.find(f"{MAIN}sz")
        alignment = style.find(f"{MAIN}alignment")
        fill = fills[int(style.get("fillId") or 0)].find(f"{MAIN}patternFill")
        border = borders[int(style.get("borderId") or 0)]
        format_id = int(style.get("numFmtId") or 0)
        found.append(
            {
                "is_bold": font.find(f"{MAIN}b") is not None,
                "is_italic": font.find(f"{MAIN}i") is not None,
                "size": float(size.get("val") or 11) if size is not None else 11.0,
                "align": (alignment.get("horizontal") if alignment is not None else None) or "",
                "is_boxed": any(side.get("style") for side in border),
                "is_filled": fill is not None and fill.get("patternType") == "solid",
                "decimals": _decimals(codes[format_id]) if format_id in codes else _BUILT_IN_DECIMALS.get(format_id, 0),
            }
        )
    return found


def _decimals(code: str) -> int:
    found = re.search(r"\.([0#]+)", code)
    return len(found[1]) if found else 0
