"""Homes made of dose records that a test writes: a register of a few facilities, and records as rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.facilities import write_facilities
from pipelines.inbox import submit
from pipelines.settings import Settings
from tests.conftest import RUN_AT
from tests.steps import run_steps, start_with

Rows = list[tuple[Any, ...]]
AS_OF = date.fromisoformat(RUN_AT[:10])

# Two stations in Ha Noi, one of them in a split commune, a hospital there, and two stations in Ha Giang.
PLACES = {
    "0000101": ("00001", "00097"),
    "0000401": ("00004", "00004"),
    "0000402": ("00004", "00004"),
    "0100301": ("01003", "01012"),
    "0101201": ("01012", "01012"),
}
FIELDS = (
    "record_id", "action", "facility_code", "report_month", "submitted_at", "submission_mode", "person_code",
    "national_id", "full_name", "birth_date", "sex", "mother_name", "phone", "household_commune_code",
    "temporary_commune_code", "product_code", "given_at", "dose_number", "dose_status", "service_type", "birth_time",
    "within_24h", "death_date", "birth_order", "record_origin",
)  # fmt: skip


def register() -> pl.DataFrame:
    """Return the register of the facilities in `PLACES`."""
    return pl.DataFrame(
        {
            "facility_code": list(PLACES),
            "name_vi": [f"Trạm {code}" for code in PLACES],
            "name_en": [f"Station {code}" for code in PLACES],
            "facility_type_code": ["commune_station" if code.endswith("01") else "hospital" for code in PLACES],
            "commune_code_2017": [old for old, _ in PLACES.values()],
            "commune_code_2025": [new for _, new in PLACES.values()],
            "opened_date": [date(2010, 1, 1)] * len(PLACES),
            "closed_date": [None] * len(PLACES),
            "source_code": ["synthetic"] * len(PLACES),
        },
        schema_overrides={"closed_date": pl.Date},
    )


def dose(**cells: object) -> dict[str, str]:
    """Return a record with usual values where the test says nothing; dates may be given as dates."""
    usual = {"facility_code": "0000101", "dose_number": "1", "dose_status": "2", "service_type": "TCMR", "sex": "Nữ",
             "mother_name": "Trần Thị Hoà", "submitted_at": "2026-04-02 08:00:00"}  # fmt: skip
    return usual | {name: "" if value is None else str(value) for name, value in cells.items()}


def as_file(rows: Iterable[Mapping[str, str]]) -> str:
    """Return rows as one CSV submission."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def start(home: Path, no_data: Path) -> Settings:
    """Return a home with the register, and the warehouse without data that the fixture `no_data` gives."""
    settings = Settings(home)
    write_facilities(register(), settings.facilities)
    start_with(settings, no_data)
    return settings


def send(settings: Settings, name: str, rows: Iterable[Mapping[str, str]], at: str = RUN_AT) -> None:
    """Submit rows as one file and take it to publication."""
    path = settings.home / f"{name}.csv"
    path.write_text(as_file(rows), encoding="utf-8")
    submit(settings, [path])
    run_steps(settings, at)


def warehouse(settings: Settings, sql: str) -> Rows:
    """Run a query on the built warehouse."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def person_values(settings: Settings) -> dict[tuple[str, str, str, date], float]:
    """Return the measures of persons by measure, tree, area and month."""
    rows = warehouse(
        settings,
        "select measure_code, hierarchy_code, area_code, month, sum(value) from fct_person_measure_values group by all",
    )
    return {(measure, tree, area, month): value for measure, tree, area, month, value in rows}
