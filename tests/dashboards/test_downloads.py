"""A file holds what is shown, says where it comes from, and computes nothing in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.downloads import Column, Extract, neutral, to_csv, to_parquet, to_xlsx

COLUMNS = [Column("code", "Mã"), Column("name", "Tên"), Column("value", "Giá trị", 1)]


def extract(names: list[str]) -> Extract:
    rows = pl.DataFrame(
        {"code": [f"{n:05d}" for n in range(len(names))], "name": names, "value": [None, *range(1, len(names))]},
        schema={"code": pl.String, "name": pl.String, "value": pl.Float64},
    )
    facts = [("Số liệu đến ngày", date(2026, 4, 1)), ("Địa bàn", "=Việt Nam")]
    return Extract(rows, COLUMNS, [{"Chỉ số": "DPT3", "Định nghĩa": "@x"}], facts, "vi")


def test_the_workbook_has_numbers_dates_and_text_as_they_are() -> None:
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(extract(["Đắk Lắk", "=1+1", "-2"]))))
    assert book.sheetnames == ["Số liệu", "Định nghĩa", "Nguồn & phạm vi"]
    data = book["Số liệu"]
    assert [[cell.value for cell in row] for row in data.iter_rows()] == [
        ["Mã", "Tên", "Giá trị"],
        ["00000", "Đắk Lắk", None],
        ["00001", "'=1+1", 1],
        ["00002", "'-2", 2],
    ]
    assert data.freeze_panes == "A2"
    assert {cell.data_type for row in book["Số liệu"].iter_rows() for cell in row} <= {"s", "n"}
    scope = book["Nguồn & phạm vi"]
    assert scope["B1"].is_date
    assert scope["B2"].value == "'=Việt Nam"
    assert book["Định nghĩa"]["B2"].value == "'@x"


def test_the_csv_opens_in_excel_and_in_a_program() -> None:
    content = to_csv(extract(["Đắk Lắk", "@sum", "a"]))
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows == [
        ["Mã", "Tên", "Giá trị"],
        ["00000", "Đắk Lắk", ""],
        ["00001", "'@sum", "1.0"],
        ["00002", "a", "2.0"],
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＠"])
def test_no_cell_begins_a_formula(start: str) -> None:
    assert neutral(f"{start}cmd|' /c calc'!A0").startswith("'")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=1, max_size=5))
def test_a_workbook_gives_every_text_back(names: list[str]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(extract(names))))["Số liệu"]
    found = [sheet.cell(line + 2, 2).value for line in range(len(names))]
    assert found == [neutral(name) for name in names]


def test_parquet_holds_the_columns_and_says_what_they_are() -> None:
    rows = pl.DataFrame({"area_name": ["Hà Nội"], "value": [91.25], "hidden": ["no"]})
    columns = [Column("area_name", "Địa bàn"), Column("value", "Giá trị", 1)]
    extract = Extract(rows, columns, [{"Chỉ số": "Tỷ lệ"}], [("Bản", "r-1"), ("Đến ngày", date(2026, 3, 31))], "vi")
    content = io.BytesIO(to_parquet(extract))
    assert pl.read_parquet(content).to_dict(as_series=False) == {"area_name": ["Hà Nội"], "value": [91.25]}
    said = pl.read_parquet_metadata(content)
    assert json.loads(said["niis.facts"]) == {"Bản": "r-1", "Đến ngày": "31/03/2026"}
    assert json.loads(said["niis.definitions"]) == [{"Chỉ số": "Tỷ lệ"}]
