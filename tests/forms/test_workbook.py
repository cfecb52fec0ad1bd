"""A template is filled where it asks for something, and stays as it is everywhere else."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import Font

from pipelines.forms.page import to_pdf
from pipelines.forms.workbook import FormError, fill, placeholders


def template(cells: dict[str, str | float]) -> bytes:
    """A workbook as a person makes one: another library, a width, a bold cell, a second sheet, a merged title."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.column_dimensions["A"].width = 31
    sheet.merge_cells("A1:C1")
    for place, value in cells.items():
        sheet[place] = value
        sheet[place].font = Font(bold=True)
        sheet[place].number_format = "#,##0.0"
    book.create_sheet("Second")["B2"] = "{period}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def opened(workbook: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook))


def test_placeholders_become_values_and_everything_else_stays() -> None:
    made = template({"A1": "Kỳ {period} – {area}", "A3": "{doses}", "B3": 7, "C3": "x"})
    assert placeholders(made) == {"period", "area", "doses"}
    book = opened(fill(made, {"period": "Quý 1/2025", "area": "Hà Nội & <Huế>", "doses": 1234.5, "unused": 1}))
    sheet = book.worksheets[0]
    assert [sheet[place].value for place in ("A1", "A3", "B3", "C3")] == [
        "Kỳ Quý 1/2025 – Hà Nội & <Huế>",
        1234.5,
        7,
        "x",
    ]
    assert book.worksheets[1]["B2"].value == "Quý 1/2025"
    assert sheet.column_dimensions["A"].width == 31
    assert sheet["A3"].font.bold
    assert sheet["A3"].number_format == "#,##0.0"
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A1:C1"]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", '=HYPERLINK("http://x","y")'])
def test_a_value_is_never_taken_for_a_formula(text: str) -> None:
    filled = fill(template({"A3": "{name}", "A4": "của {name}"}), {"name": text, "period": "2025"})
    sheet = opened(filled).worksheets[0]
    assert [(sheet[place].data_type, sheet[place].value) for place in ("A3", "A4")] == [
        ("s", text),
        ("s", f"của {text}"),
    ]
    assert b"<f>" not in filled


def test_a_placeholder_that_nobody_declared_is_a_sentence() -> None:
    with pytest.raises(FormError, match=r"asks for flight, which nobody declared: add rows to seeds/forms"):
        fill(template({"A3": "{flight}"}), {"period": "2025"})


@pytest.mark.parametrize("content", [b"", b"not a workbook"])
def test_what_is_no_workbook_is_a_sentence(content: bytes) -> None:
    with pytest.raises(FormError, match="save it as an Excel workbook"):
        placeholders(content)


def test_a_part_that_defines_entities_is_refused() -> None:
    out = io.BytesIO(template({"A3": "{doses}"}))
    with zipfile.ZipFile(out, "a") as book, pytest.warns(UserWarning, match="Duplicate name"):
        book.writestr("xl/worksheets/sheet1.xml", '<!DOCTYPE x [<!ENTITY a "b">]><worksheet>&a;</worksheet>')
    with pytest.raises(FormError, match="The template is damaged"):
        placeholders(out.getvalue())


def test_the_same_values_give_the_same_bytes() -> None:
    made = template({"A3": "{doses}"})
    values = {"doses": 3.0, "period": "2025"}
    assert fill(made, values) == fill(made, values)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_page_holds_the_texts_of_the_sheet(tmp_path: Path) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.set_landscape()
        sheet.merge_range(0, 0, 0, 2, "Tiêu đề {period}")
        sheet.write_string(1, 0, "{doses}", book.add_format({"num_format": "#,##0.00", "border": 1}))
        sheet.write_string(1, 2, "#strong[x] $1$ *y*")
    filled = fill(out.getvalue(), {"doses": 1234.5, "period": "2025"})
    path = tmp_path / "page.pdf"
    path.write_bytes(to_pdf(filled, "chân trang", lambda number, decimals: f"<{number:.{decimals}f}>"))
    text = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout
    for part in ("Tiêu đề 2025", "<1234.50>", "#strong[x] $1$ *y*", "chân trang", "1/1"):
        assert part.replace(" ", "") in text.replace(" ", "")
