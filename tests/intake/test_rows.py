"""What makes a row unacceptable, one reason at a time and all of them together."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from pipelines.reference import load_registry
from pipelines.synthetic.defects import DOSE_DEFECTS
from tests.intake.conftest import GOOD, HEADER, changed, taken, text


@pytest.mark.parametrize(("reasons", "change"), DOSE_DEFECTS)
def test_each_defect_is_rejected_for_its_reasons(reasons: tuple[str, ...], change) -> None:
    row = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    extra = {"national_id", "phone", "household_commune_code", "lot_expiry_date", "reaction_code"}
    row |= {"national_id": "001024000001", "household_commune_code": "00001", "lot_expiry_date": "2025-01-01"}
    row |= {"phone": "0912345678", "reaction_code": "0"}
    change(row)
    content = (",".join(row) + "\n" + ",".join(row.values()) + "\n").encode()
    batch = taken(content)
    assert extra <= set(row)
    assert batch.datasets["dose_records"].is_empty()
    (found,) = batch.datasets["rejected_rows"].get_column("reason_codes").to_list()
    assert set(found) == set(reasons)
    assert set(found) <= set(load_registry().reasons)


def test_a_row_is_told_every_reason_with_field_and_value() -> None:
    batch = taken(text(changed(sex="X", product_code="???", given_at="hôm qua")))
    (row,) = batch.datasets["rejected_rows"].to_dicts()
    told = set(zip(row["reason_codes"], row["field_names"], row["field_values"], strict=True))
    assert told == {
        ("SEX_UNKNOWN", "sex", "X"),
        ("PRODUCT_UNKNOWN", "product_code", "???"),
        ("DATE_INVALID", "given_at", "hôm qua"),
    }


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("08:30 05/03/2024", datetime(2024, 3, 5, 8, 30)),
        ("05/03/2024 08:30", datetime(2024, 3, 5, 8, 30)),
        ("5/3/2024", datetime(2024, 3, 5)),
        ("2024-03-05", datetime(2024, 3, 5)),
        ("2024-03-05T08:30:15", datetime(2024, 3, 5, 8, 30, 15)),
        ("2024-02-29 23:59", datetime(2024, 2, 29, 23, 59)),
    ],
)
def test_dates_are_read_as_they_are_written_in_viet_nam_and_in_iso(written: str, meant: datetime) -> None:
    batch = taken(text(changed(given_at=written, birth_date="2024-01-01")))
    assert batch.datasets["dose_records"].get_column("given_at").to_list() == [meant]


@pytest.mark.parametrize(
    "written", ["2024-01-1", "2024-13-01", "30/02/2024", "2024", "05-03-2024", "2023-02-29", "05/03/24"]
)
def test_what_is_not_exactly_a_date_is_no_date(written: str) -> None:
    batch = taken(text(changed(given_at=written)))
    assert batch.datasets["rejected_rows"].get_column("reason_codes").to_list() == [["DATE_INVALID"]]


def test_a_void_needs_only_what_names_the_record() -> None:
    cells = dict.fromkeys(HEADER.split(","), "") | {"record_id": "R1", "action": "hủy", "facility_code": "0000101"}
    cells["submitted_at"] = "2024-05-01"
    batch = taken(text(",".join(cells.values())))
    assert batch.datasets["dose_records"].get_column("action").to_list() == ["void"]


MORE_FIELDS = HEADER + ",birth_time,within_24h,death_date,birth_order,contact_opt_out,record_origin"


def with_more(*cells: str, base: str = GOOD) -> bytes:
    return (MORE_FIELDS + "\n" + ",".join([base, *cells]) + "\n").encode()


def test_what_is_known_of_birth_death_and_origin_is_kept() -> None:
    (row,) = taken(with_more("04:05", "Có", "2024-03-20", "2", "x", "Tự khai")).datasets["dose_records"].to_dicts()
    assert row["birth_at"] == datetime(2024, 1, 1, 4, 5)
    assert (row["is_within_24h"], row["contact_opt_out"], row["record_origin"]) == (True, True, "declared")
    assert (row["death_date"], row["birth_order"]) == (date(2024, 3, 20), 2)


def test_what_is_not_said_is_not_known_and_the_origin_is_the_facility() -> None:
    (row,) = taken(text(GOOD)).datasets["dose_records"].to_dicts()
    unknown = ("birth_at", "is_within_24h", "death_date", "birth_order", "contact_opt_out")
    assert [row[name] for name in unknown] == [None] * 5
    assert row["record_origin"] == "facility"


def test_a_time_behind_the_birth_date_is_the_time_of_birth() -> None:
    (row,) = taken(text(changed(birth_date="23:40 01/01/2024"))).datasets["dose_records"].to_dicts()
    assert (row["birth_date"], row["birth_at"]) == (date(2024, 1, 1), datetime(2024, 1, 1, 23, 40))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("25:00", "", "", "", "", ""), "TIME_INVALID"),
        (("", "maybe", "", "", "", ""), "FLAG_UNKNOWN"),
        (("", "", "2023-12-31", "", "", ""), "DEATH_BEFORE_BIRTH"),
        (("", "", "2024-06-01", "", "", ""), "DEATH_IN_FUTURE"),
        (("", "", "", "0", "", ""), "BIRTH_ORDER_INVALID"),
        (("", "", "", "", "có lẽ", ""), "FLAG_UNKNOWN"),
        (("", "", "", "", "", "nghe nói"), "ORIGIN_UNKNOWN"),
    ],
)
def test_what_is_wrong_with_birth_death_and_origin_is_said(cells: tuple[str, ...], reason: str) -> None:
    (row,) = taken(with_more(*cells)).datasets["rejected_rows"].to_dicts()
    assert row["reason_codes"] == [reason]


def test_a_card_is_who_somebody_is_and_not_what_was_given() -> None:
    rows = taken(text(GOOD, changed(record_id="R2", given_at="2024-03-20"), changed(full_name="Nguyễn Thị An")))
    first, second, other = rows.datasets["dose_records"].get_column("person_card_key").to_list()
    assert first == second != other


def test_the_same_row_again_is_a_duplicate_however_it_is_written() -> None:
    again = changed(birth_date="2024-01-01", sex="2", given_at="2024-03-05 08:30", action="", submission_mode="")
    batch = taken(text(GOOD, again, changed(record_id="R2")))
    counts = batch.submissions.select("accepted_count", "duplicate_count", "rejected_count").row(0)
    assert counts == (2, 1, 0)


def report(
    *lines: str, header: str = "Mã cơ sở tiêm chủng,Kỳ báo cáo,sessions_planned,sessions_held,aefi_common"
) -> bytes:
    return ("\n".join([header, *lines]) + "\n").encode()


def test_a_wide_report_becomes_a_row_a_measure_and_keeps_blanks_that_mean_zero() -> None:
    batch = taken(report("0000101,03/2024,4,,"))
    found = dict(batch.datasets["report_values"].select("measure_code", "value").iter_rows())
    assert found == {"sessions_planned": 4.0, "aefi_common": None}


def test_a_report_without_any_number_still_came() -> None:
    header = "facility_code,period,sessions_planned,sessions_held"
    batch = taken(report("0000101,2024-03,,", header=header))
    assert batch.datasets["report_values"].select("measure_code", "value").rows() == [("sessions_planned", None)]


@pytest.mark.parametrize(
    ("written", "period", "first", "last"),
    [
        ("2024-03", "2024-03", date(2024, 3, 1), date(2024, 3, 1)),
        ("03/2024", "2024-03", date(2024, 3, 1), date(2024, 3, 1)),
        ("2024Q2", "2024Q2", date(2024, 4, 1), date(2024, 6, 1)),
        ("2024-Q4", "2024Q4", date(2024, 10, 1), date(2024, 12, 1)),
        ("2023", "2023", date(2023, 1, 1), date(2023, 12, 1)),
    ],
)
def test_periods(written: str, period: str, first: date, last: date) -> None:
    header = "area_code,hierarchy_code,period,measure_code,value"
    batch = taken(report(f"001,63,{written},doses_penta1_u1,5", header=header))
    columns = ["reporter_code", "period", "period_start_month", "period_end_month", "value"]
    assert batch.datasets["report_values"].select(columns).rows() == [("A:63:001", period, first, last, 5.0)]


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        ("0000101,2024-03,x,1,0", ["VALUE_INVALID"]),
        ("0000101,2024-03,-1,1,0", ["VALUE_NEGATIVE"]),
        ("0000101,2024-03,1.5,1,0", ["VALUE_NOT_WHOLE"]),
        ("0000101,2024-03,1.000.000,1,0", ["VALUE_INVALID"]),
        ("0000101,tháng 3,1,1,0", ["PERIOD_INVALID"]),
        ("0000101,2031-03,1,1,0", ["PERIOD_IN_FUTURE"]),
        (",2024-03,1,1,0", ["REPORTER_MISSING"]),
        ("7777777,2024-03,1,1,0", ["FACILITY_UNKNOWN"]),
    ],
)
def test_a_line_of_a_report_is_accepted_or_rejected_as_a_whole(line: str, reasons: list[str]) -> None:
    batch = taken(report(line))
    assert batch.datasets["report_values"].is_empty()
    assert batch.datasets["rejected_rows"].get_column("reason_codes").to_list() == [reasons]
