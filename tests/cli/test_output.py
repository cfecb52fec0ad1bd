"""Rows for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.commands.output import Format, print_rows

ROWS = [
    {"area_code": "01", "value": 1 / 3, "count": 1234567, "as_of": date(2026, 3, 31)},
    {"area_code": "00004", "value": None, "count": 0, "as_of": None},
]
COLUMNS = ["area_code", "value", "count", "as_of"]


def test_json_keeps_codes_as_text_and_every_digit(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, COLUMNS, Format.JSON)
    assert json.loads(capsys.readouterr().out) == [
        {"area_code": "01", "value": 1 / 3, "count": 1234567, "as_of": "2026-03-31"},
        {"area_code": "00004", "value": None, "count": 0, "as_of": None},
    ]


def test_csv_leaves_a_missing_value_blank_and_writes_zero(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, COLUMNS, Format.CSV)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "area_code,value,count,as_of",
        f"01,{1 / 3!r},1234567,2026-03-31",
        "00004,,0,",
    ]


def test_a_table_is_for_reading(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, COLUMNS, Format.TABLE)
    shown = capsys.readouterr().out
    assert "0.33" in shown
    assert "1,234,567" in shown


def test_no_rows_still_have_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], COLUMNS, Format.CSV)
    assert capsys.readouterr().out == "area_code,value,count,as_of\n"


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_numbers_survive_csv(values: list[float]) -> None:
    import contextlib  # noqa: PLC0415

    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        print_rows([{"value": value} for value in values], ["value"], Format.CSV)
    read = list(csv.DictReader(io.StringIO(stream.getvalue())))
    assert [float(row["value"]) for row in read] == values
