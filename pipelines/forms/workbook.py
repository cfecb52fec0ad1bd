"""Filling a workbook: a template's cells hold placeholders such as `{period}`, everything else of it stays as it is.

Only the cells with placeholders are written anew, inside the template's own XML: columns, borders, formats of numbers
and the print set-up are whatever the person who made the template wanted.

FormError    a template cannot be filled; the message says what is wrong with it
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_IGNORABLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Ignorable"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_STRINGS = "xl/sharedStrings.xml"
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
# What XML cannot hold, not even escaped.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Value = float | str


class FormError(Exception):
    """A form cannot be made; the message says why and what to do."""


def placeholders(template: bytes) -> set[str]:
    """Return the names that a template asks for. Raises FormError when it is no workbook."""
    with _opened(template) as book:
        strings = shared_strings(book)
        return {
            name
            for path in sheet_paths(book)
            for cell in parsed(book.read(path)).iter(f"{MAIN}c")
            for name in _PLACEHOLDER.findall(cell_text(cell, strings))
        }


def fill(template: bytes, values: Mapping[str, Value]) -> bytes:
    """Return the template with every placeholder replaced; the same values give the same bytes.

    A cell that is one placeholder becomes a number where the value is one; within a text, values are written as text.
    A text is stored as a text: no spreadsheet takes it for a formula. Raises FormError when the template is no workbook
    or asks for what is not there.
    """
    unknown = placeholders(template) - values.keys()
    if unknown:
        names = ", ".join(sorted(unknown))
        raise FormError(
            f"Mẫu dùng tên chưa khai báo: {names}; hãy thêm dòng vào seeds/forms/form_fields.csv hoặc sửa mẫu. /"
            f" The template asks for {names}, which nobody declared: add rows to seeds/forms/form_fields.csv,"
            " or mend the template."
        )
    out = io.BytesIO()
    with _opened(template) as book, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as filled:
        strings = shared_strings(book)
        sheets = set(sheet_paths(book))
        for item in book.infolist():
            content = book.read(item)
            if item.filename in sheets:
                content = _filled_sheet(content, strings, values)
            filled.writestr(zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def sheet_paths(book: zipfile.ZipFile) -> list[str]:
    """Return where a workbook keeps its sheets, the first one first."""
    return sorted((name for name in book.namelist() if _SHEET.fullmatch(name)), key=lambda name: (len(name), name))


def shared_strings(book: zipfile.ZipFile) -> list[str]:
    """Return the texts that the cells of a workbook point to."""
    if _STRINGS not in book.namelist():
        return []
    root = parsed(book.read(_STRINGS))
    return ["".join(text.text or "" for text in item.iter(f"{MAIN}t")) for item in root.iter(f"{MAIN}si")]


def parsed(content: bytes) -> ElementTree.Element:
    """Return a part of a workbook. Raises FormError when it is damaged, or defines entities, as no workbook does."""
    damaged = FormError(
        "Tệp mẫu bị hỏng; hãy lưu lại dưới dạng Excel (.xlsx). /"
        " The template is damaged; save it as an Excel workbook (.xlsx) again."
    )
    if b"<!DOCTYPE" in content:
        raise damaged
    try:
        return ElementTree.fromstring(content)  # noqa: S314 - without a document type there are no entities
    except ElementTree.ParseError as error:
        raise damaged from error


def cell_text(cell: ElementTree.Element, strings: list[str]) -> str:
    """Return the text of a cell; '' for a number or an empty one."""
    if cell.get("t") == "s":
        return strings[int(cell.findtext(f"{MAIN}v") or 0)]
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iter(f"{MAIN}t"))
    return ""


def _opened(template: bytes) -> zipfile.ZipFile:
    try:
        book = zipfile.ZipFile(io.BytesIO(template))
    except zipfile.BadZipFile as error:
        raise FormError(
            "Mẫu không phải tệp XLSX; hãy lưu lại dưới dạng Excel (.xlsx). /"
            " The template is no XLSX file; save it as an Excel workbook (.xlsx)."
        ) from error
    if not sheet_paths(book):
        raise FormError("Mẫu không có trang tính nào. / The template has no sheet; save it as an Excel workbook.")
    return book


def _filled_sheet(content: bytes, strings: list[str], values: Mapping[str, Value]) -> bytes:
    root = parsed(content)
    for prefix, uri in _namespaces(content):
        ElementTree.register_namespace(prefix, uri)
    # It names prefixes; those that no element uses are not declared any more.
    root.attrib.pop(_IGNORABLE, None)
    for cell in root.iter(f"{MAIN}c"):
        text = cell_text(cell, strings)
        if _PLACEHOLDER.search(text):
            _write(cell, _filled_text(text, values))
    written: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _namespaces(content: bytes) -> Iterator[tuple[str, str]]:
    found: Any = ElementTree.iterparse(io.BytesIO(content), events=["start-ns"])  # noqa: S314 - parsed before
    for _, pair in found:
        # Prefixes of this shape are the library's own, and refused.
        if not re.fullmatch(r"ns\d+", pair[0]):
            yield pair


def _filled_text(text: str, values: Mapping[str, Value]) -> Value:
    whole = _PLACEHOLDER.fullmatch(text.strip())
    return values[whole[1]] if whole else _PLACEHOLDER.sub(lambda found: str(values[found[1]]), text)


def _write(cell: ElementTree.Element, value: Value) -> None:
    for child in list(cell):
        cell.remove(child)
    if isinstance(value, str):
        cell.set("t", "inlineStr")
        text = ElementTree.SubElement(ElementTree.SubElement(cell, f"{MAIN}is"), f"{MAIN}t")
        text.set(_SPACE, "preserve")
        text.text = _UNWRITABLE.sub("", value)
    else:
        cell.attrib.pop("t", None)
        ElementTree.SubElement(cell, f"{MAIN}v").text = repr(value)
