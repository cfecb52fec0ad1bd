"""Every format, encoding and delimiter gives the same rows; no line of any file is lost."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from pipelines.intake.formats.delimited import read_delimited, split_cells, split_lines
from pipelines.intake.formats.lines import CELL_SEPARATOR, RefusedFileError
from pipelines.intake.formats.sniff import read_lines
from pipelines.reference import load_registry
from pipelines.synthetic.encodings import encode
from tests.intake.conftest import GOOD, HEADER, changed, taken, text

CELLS = [GOOD, changed(record_id="R2", full_name="Đặng Thuỳ Trâm", dose_number="2")]
COMPARED = [
    "record_id",
    "full_name",
    "mother_name",
    "birth_date",
    "given_at",
    "product_code",
    "dose_number",
    "row_hash",
]


LETTERS = st.characters(codec="utf-8", exclude_characters="\r\n" + CELL_SEPARATOR)


def rows(content: bytes) -> list[tuple]:
    batch = taken(content)
    assert batch.datasets["rejected_rows"].is_empty(), batch.datasets["rejected_rows"].to_dicts()
    return batch.datasets["dose_records"].select(COMPARED).sort("record_id").rows()


@pytest.mark.parametrize(
    "style",
    ["csv", "csv_semicolon_vi", "csv_utf16_tab", "csv_bom_vi", "csv_windows_1258", "ndjson", "parquet", "xlsx"],
)
def test_every_way_of_exporting_gives_the_same_rows(style: str) -> None:
    assert rows(encode(style, HEADER.split(","), CELLS, load_registry())) == rows(text(*CELLS))


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_line_ends_do_not_matter(ending: str) -> None:
    assert rows(ending.join([HEADER, *CELLS]).encode()) == rows(text(*CELLS))


def test_utf16_without_a_mark_is_recognised() -> None:
    assert rows(text(*CELLS).decode().encode("utf-16-le")) == rows(text(*CELLS))


def test_decomposed_letters_become_composed() -> None:
    decomposed = unicodedata.normalize("NFD", text(*CELLS).decode()).encode()
    assert rows(decomposed) == rows(text(*CELLS))


def test_quoted_cells_may_hold_the_delimiter_and_quotes() -> None:
    quoted = changed(full_name='"Nguyễn, ""Bé"" An"')
    batch = taken(text(quoted))
    assert batch.datasets["dose_records"].get_column("full_name").to_list() == ['Nguyễn, "Bé" An']


def test_an_unclosed_quote_costs_its_own_line_and_no_other() -> None:
    lines = [changed(record_id=f"R{number}") for number in range(50)]
    lines[10] = '"' + lines[10]
    batch = taken(text(*lines))
    assert batch.datasets["dose_records"].height == 49
    rejected = batch.datasets["rejected_rows"]
    assert rejected.select("line_no", "reason_codes").rows() == [(12, ["ROW_QUOTE"])]
    assert rejected.get_column("raw_text").to_list() == [lines[10]]


def test_a_spreadsheet_with_real_dates_is_read() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADER.split(","))
        sheet.write_row(1, 0, GOOD.split(","))
        sheet.write_number(1, HEADER.split(",").index("dose_number"), 1)
    assert rows(buffer.getvalue()) == rows(text(GOOD))


@given(st.text(st.characters(codec="utf-8", exclude_characters=CELL_SEPARATOR), max_size=300))
def test_splitting_into_lines_loses_nothing(content: str) -> None:
    lines = split_lines(content) if content else []
    assert "".join(lines) == content.replace("\r", "").replace("\n", "")


@given(st.lists(st.text(LETTERS, max_size=40), max_size=30))
def test_every_physical_line_is_header_blank_or_row(lines: list[str]) -> None:
    content = "\n".join(["a,b", *lines, "1,2"]).encode()
    found = read_delimited(content)
    assert found.line_count == len(lines) + 2
    assert found.header_count + found.blank_count + len(found.cells) == found.line_count
    assert found.raw == [line for line in [*lines, "1,2"] if line and not line.isspace()]


@given(st.lists(st.text(LETTERS), min_size=1, max_size=5))
def test_cells_survive_quoting(cells: list[str]) -> None:
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    assert split_cells(line, ",") == cells


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        found = read_lines(content)
    except RefusedFileError:
        return
    assert found.header_count + found.blank_count + len(found.cells) == found.line_count


def refusal(content: bytes) -> str:
    batch = taken(content)
    assert batch.datasets["dose_records"].is_empty()
    assert batch.datasets["rejected_rows"].is_empty()
    (row,) = batch.submissions.select("status", "refusal_code", "accepted_count").rows()
    assert (row[0], row[2]) == ("refused", None)
    return str(row[1])


def archive(name: str, size: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr(name, b"\0" * size)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE_EMPTY"),
        (b"\n\n  \n", "FILE_EMPTY"),
        (b"%PDF-1.7", "FILE_FORMAT_UNSUPPORTED"),
        (b"PK\x03\x04broken", "FILE_CORRUPT"),
        (archive("xl/vbaProject.bin", 10), "FILE_FORMAT_UNSUPPORTED"),
        (archive("xl/worksheets/sheet1.xml", 300 * 2**20), "FILE_TOO_LARGE"),
        (b"PAR1 cut off", "FILE_CORRUPT"),
        ("Họ tên,Tuổi\nAn,3\n".encode(), "FILE_HEADER_UNKNOWN"),
        (b"record_id,facility_code,birth_date\n1,2,3\n", "FILE_HEADER_MISSING_FIELDS"),
        ((HEADER + ",sex\n" + GOOD + ",M\n").encode(), "FILE_HEADER_DUPLICATE"),
        ((HEADER + "\n").encode(), "FILE_WITHOUT_ROWS"),
        ("Hä vµ tªn,Ngµy sinh\nNguyÔn ThÞ,1\n".encode("latin-1"), "FILE_ENCODING_UNKNOWN"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(content: bytes, code: str) -> None:
    assert refusal(content) == code
    assert code in load_registry().reasons


def test_json_lines_that_are_no_objects_are_rejected_one_by_one() -> None:
    good = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    content = "\n".join([json.dumps(good), '{"a": 1, "a": 2}', "[1]", "{broken", ""]).encode()
    batch = taken(content)
    assert batch.datasets["dose_records"].height == 1
    assert batch.datasets["rejected_rows"].get_column("reason_codes").to_list() == [["ROW_SYNTAX"]] * 3


def test_columns_in_another_order_and_columns_of_others_do_no_harm() -> None:
    names = HEADER.split(",")
    cells = GOOD.split(",")
    turned = ",".join(["ghi_chu", *reversed(names)]) + "\n" + ",".join(["x", *reversed(cells)]) + "\n"
    assert rows(turned.encode()) == rows(text(GOOD))


def test_the_lake_has_exactly_the_agreed_columns() -> None:
    batch = taken(text(GOOD))
    frame = batch.datasets["dose_records"]
    assert frame.schema["given_at"] == pl.Datetime("us")
    assert frame.select("record_key", "has_given_time", "submission_mode").row(0) == ("0000101|R1", True, "amend")
