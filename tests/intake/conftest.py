"""A small register, and files written line by line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.facilities import write_facilities
from pipelines.intake.batch import IncomingFile, IntakeBatch, take_in
from pipelines.reference import load_registry
from pipelines.settings import Settings

RECEIVED_AT = datetime(2025, 1, 1, 12)
HEADER = (
    "record_id,action,facility_code,report_month,submitted_at,submission_mode,person_code,full_name,birth_date,sex,"
    "mother_name,product_code,lot_number,given_at,dose_number,dose_status,service_type"
)
GOOD = (
    "R1,add,0000101,2024-03,2024-04-03 08:00:00,amend,P1,Nguyễn Thị Ánh,01/01/2024,Nữ,Trần Thị Hoà,penta_sii,L1,"
    "08:30 05/03/2024,1,2,TCMR"
)
APPOINTMENT_HEADER = (
    "appointment_id,action,facility_code,submitted_at,submission_mode,person_code,full_name,birth_date,phone,"
    "product_code,dose_number,appointment_date,appointment_status"
)
GOOD_APPOINTMENT = (
    "H1,add,0000101,2024-03-05 09:00:00,amend,P1,Nguyễn Thị Ánh,01/01/2024,0912345678,penta_sii,2,05/04/2024,Đã hẹn"
)


def register() -> pl.DataFrame:
    codes = ["0000101", "0000401"]
    return pl.DataFrame(
        {
            "facility_code": codes,
            "name_vi": ["Trạm Y tế Phúc Xá", "Trạm Y tế Trúc Bạch"],
            "name_en": ["Phuc Xa station", "Truc Bach station"],
            "facility_type_code": ["commune_station"] * 2,
            "commune_code_2017": ["00001", "00004"],
            "commune_code_2025": ["00097", "00004"],
            "opened_date": [date(2010, 1, 1)] * 2,
            "closed_date": [None, None],
            "source_code": ["synthetic"] * 2,
        },
        schema_overrides={"closed_date": pl.Date},
    )


def taken(*contents: bytes) -> IntakeBatch:
    files = [IncomingFile(f"file{number}", content) for number, content in enumerate(contents)]
    return take_in(files, load_registry(), register(), RECEIVED_AT, 1)


def changed(**cells: str) -> str:
    row = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | cells
    return ",".join(row.values())


def text(*lines: str) -> bytes:
    return ("\n".join([HEADER, *lines]) + "\n").encode()


def appointment(**cells: str) -> str:
    row = dict(zip(APPOINTMENT_HEADER.split(","), GOOD_APPOINTMENT.split(","), strict=True)) | cells
    return ",".join(row.values())


def appointments(*lines: str) -> bytes:
    return ("\n".join([APPOINTMENT_HEADER, *lines]) + "\n").encode()


@pytest.fixture
def home(tmp_path: Path) -> Callable[[str], Settings]:
    """Makes empty homes with the small register."""

    def make(name: str) -> Settings:
        settings = Settings(tmp_path / name)
        write_facilities(register(), settings.facilities)
        return settings

    return make
