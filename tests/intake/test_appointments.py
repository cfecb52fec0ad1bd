"""Appointments: what is kept of a line, and what makes a line unacceptable."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from pipelines.intake.schemas import APPOINTMENTS
from pipelines.synthetic.defects import APPOINTMENT_DEFECTS
from tests.intake.conftest import APPOINTMENT_HEADER, GOOD_APPOINTMENT, appointment, appointments, taken


def test_a_line_becomes_a_row_of_the_lake() -> None:
    batch = taken(appointments(GOOD_APPOINTMENT))
    (row,) = batch.datasets["appointments"].to_dicts()
    assert list(row) == list(APPOINTMENTS)
    assert row | {"submission_id": "", "row_hash": ""} == {
        "submission_id": "",
        "batch_no": 1,
        "line_no": 2,
        "appointment_key": "0000101|H1",
        "action": "add",
        "submitted_at": datetime(2024, 3, 5, 9),
        "version_at": datetime(2024, 3, 5, 9),
        "submission_mode": "amend",
        "facility_code": "0000101",
        "report_month": date(2024, 4, 1),
        "appointment_id": "H1",
        "person_code": "P1",
        "full_name": "Nguyễn Thị Ánh",
        "birth_date": date(2024, 1, 1),
        "phone": "0912345678",
        "product_code": "penta_sii",
        "dose_number": 2,
        "appointment_date": date(2024, 4, 5),
        "appointment_status": "booked",
        "row_hash": "",
    }
    assert batch.datasets["dose_records"].is_empty()


def test_the_columns_that_must_be_there_are_enough_and_may_be_named_in_vietnamese() -> None:
    batch = taken(
        "Mã lịch hẹn;Mã cơ sở tiêm chủng;Mã đối tượng;Ngày hẹn tiêm\nH1;0000101;P1;2024-05-31\n".encode("utf-8-sig")
    )
    (row,) = batch.datasets["appointments"].to_dicts()
    assert (row["appointment_status"], row["action"], row["version_at"]) == (
        "booked",
        "add",
        datetime(2024, 5, 31, 23, 59, 59),
    )
    assert batch.submissions["language"].to_list() == ["vi"]


def test_a_file_of_appointments_without_its_date_is_refused_and_told_what_is_missing() -> None:
    batch = taken(b"appointment_id,facility_code,person_code,appointment_status\nH1,0000101,P1,booked\n")
    (file,) = batch.submissions.to_dicts()
    assert (file["refusal_code"], file["refusal_detail"]) == (
        "FILE_HEADER_MISSING_FIELDS",
        "appointments: appointment_date",
    )


def test_a_void_needs_no_more_than_its_name_and_a_month() -> None:
    nothing = {"person_code": "", "appointment_date": "", "birth_date": "", "appointment_status": ""}
    batch = taken(
        appointments(
            appointment(action="void", **nothing),
            appointment(action="void", appointment_id="H2", submitted_at="", **nothing),
        )
    )
    assert batch.datasets["appointments"]["report_month"].to_list() == [date(2024, 3, 1)]
    assert batch.datasets["rejected_rows"]["field_names"].to_list() == [["appointment_date"]]


@pytest.mark.parametrize(("reasons", "change"), APPOINTMENT_DEFECTS)
def test_each_defect_is_rejected_for_its_reasons_and_every_line_is_accounted_for(
    reasons: tuple[str, ...], change
) -> None:
    row = dict(zip(APPOINTMENT_HEADER.split(","), GOOD_APPOINTMENT.split(","), strict=True))
    change(row)
    batch = taken(appointments(GOOD_APPOINTMENT, ",".join(row.values()), GOOD_APPOINTMENT))
    assert batch.datasets["rejected_rows"]["reason_codes"].to_list() == [list(reasons)]
    (file,) = batch.submissions.to_dicts()
    assert [file[f"{part}_count"] for part in ("line", "header", "accepted", "rejected", "duplicate")] == [
        4,
        1,
        1,
        1,
        1,
    ]
