"""Labelled defects: every kind that intake must catch, put into known lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Row = dict[str, str]
DUPLICATE = "DUPLICATE"


@dataclass(frozen=True)
class Label:
    """What intake must say of a line; `reason_codes` holds DUPLICATE for a repeated line, a file code for a file."""

    file_name: str
    line_no: int | None  # None for a file that is refused whole
    reason_codes: tuple[str, ...]


def _set(**values: str) -> Callable[[Row], None]:
    return lambda row: row.update(values)


# What to do to a row, and the reasons that it must be rejected for.
DOSE_DEFECTS: tuple[tuple[tuple[str, ...], Callable[[Row], None]], ...] = (
    (("REQUIRED_MISSING",), _set(birth_date="")),
    (("REQUIRED_MISSING",), _set(record_id="")),
    (("DATE_INVALID",), _set(birth_date="31/02/2024")),
    (("DATE_INVALID",), _set(given_at="2024-01-1")),
    (("DATE_INVALID",), _set(lot_expiry_date="hết hạn")),
    (("MONTH_INVALID",), _set(report_month="2024-13")),
    (("FACILITY_UNKNOWN",), _set(facility_code="9999999")),
    (("FACILITY_NOT_OPEN",), _set(birth_date="01/12/2008", given_at="08:00 05/01/2009")),
    (("PRODUCT_UNKNOWN",), _set(product_code="VX-999")),
    (("COMMUNE_UNKNOWN",), _set(household_commune_code="99999")),
    (("STATUS_UNKNOWN",), _set(dose_status="9")),
    (("ACTION_UNKNOWN",), _set(action="xem")),
    (("MODE_UNKNOWN",), _set(submission_mode="khác")),
    (("SERVICE_TYPE_UNKNOWN",), _set(service_type="7")),
    (("SEX_UNKNOWN",), _set(sex="X")),
    (("REACTION_UNKNOWN",), _set(reaction_code="8")),
    (("DOSE_NUMBER_INVALID",), _set(dose_number="0")),
    (("DOSE_NUMBER_INVALID",), _set(dose_number="hai")),
    (("GIVEN_BEFORE_BIRTH",), lambda row: row.update(given_at="08:00 01/06/2015", birth_date="02/06/2015")),
    (("GIVEN_IN_FUTURE",), lambda row: row.update(given_at=_after(row["submitted_at"]))),
    (("BIRTH_IN_FUTURE", "GIVEN_BEFORE_BIRTH"), _set(birth_date="01/01/2060")),
    (("NATIONAL_ID_INVALID",), _set(national_id="12345")),
    (("SUBMITTED_IN_FUTURE",), _set(submitted_at="2099-01-01 00:00:00")),
    (("TEXT_LEGACY_ENCODING",), _set(full_name="NguyÔn ThÞ ¸nh")),
    (("TEXT_LEGACY_ENCODING",), _set(mother_name="Nguyá»…n Thá»‹ Hoa")),
    (("TEXT_CONTROL_CHARACTER",), _set(full_name="Trần\x07Văn An")),
    (("PRODUCT_UNKNOWN", "SEX_UNKNOWN"), _set(product_code="???", sex="?")),
)
APPOINTMENT_DEFECTS: tuple[tuple[tuple[str, ...], Callable[[Row], None]], ...] = (
    (("REQUIRED_MISSING",), _set(appointment_id="")),
    (("REQUIRED_MISSING",), _set(person_code="")),
    (("REQUIRED_MISSING",), _set(appointment_date="")),
    (("DATE_INVALID",), _set(appointment_date="31/02/2024")),
    (("FACILITY_UNKNOWN",), _set(facility_code="9999999")),
    (("PRODUCT_UNKNOWN",), _set(product_code="VX-999")),
    (("DOSE_NUMBER_INVALID",), _set(dose_number="10")),
    (("APPOINTMENT_STATUS_UNKNOWN",), _set(appointment_status="chắc đến")),
    (("APPOINTMENT_BEFORE_BIRTH",), _set(birth_date="01/06/2015", appointment_date="31/05/2015")),
    (("APPOINTMENT_NOT_YET",), _set(appointment_status="Đã đến", appointment_date="01/01/2099")),
    (("ACTION_UNKNOWN",), _set(action="xem")),
    (("MODE_UNKNOWN",), _set(submission_mode="khác")),
    (("SUBMITTED_IN_FUTURE",), _set(submitted_at="2099-01-01 00:00:00")),
    (("TEXT_LEGACY_ENCODING",), _set(full_name="NguyÔn ThÞ ¸nh")),
)
REPORT_DEFECTS: tuple[tuple[tuple[str, ...], Callable[[Row], None]], ...] = (
    (("REQUIRED_MISSING",), _set(period="")),
    (("PERIOD_INVALID",), _set(period="tháng ba")),
    (("PERIOD_IN_FUTURE",), _set(period="2090-01")),
    (("FACILITY_UNKNOWN",), _set(facility_code="9999999")),
    (("REPORTER_MISSING",), _set(facility_code="")),
    (("DATE_INVALID",), _set(submitted_at="hôm qua")),
    (("SUBMITTED_IN_FUTURE",), _set(submitted_at="2099-01-01 00:00:00")),
    (("SOURCE_UNKNOWN",), _set(source_code="nghe nói")),
    (("VALUE_INVALID",), _set(sessions_held="bốn")),
    (("VALUE_NEGATIVE",), _set(sessions_held="-2")),
    (("VALUE_NOT_WHOLE",), _set(sessions_held="2.5")),
)
LONG_REPORT_DEFECTS: tuple[tuple[tuple[str, ...], Callable[[Row], None]], ...] = (
    (("MEASURE_UNKNOWN",), _set(measure_code="doses_khong_co")),
    (("REQUIRED_MISSING",), _set(measure_code="")),
)
UNREADABLE: tuple[tuple[str, bytes, str], ...] = (
    ("tep_rong.csv", b"", "FILE_EMPTY"),
    ("bao_cao.pdf", b"%PDF-1.7\n1 0 obj\n", "FILE_FORMAT_UNSUPPORTED"),
    ("khong_ro_cot.csv", "Cột 1,Cột 2\n1,2\n".encode(), "FILE_HEADER_UNKNOWN"),
    (
        "thieu_cot.csv",
        "Mã mũi tiêm,Mã cơ sở tiêm chủng,Ngày sinh\n1,0000101,01/01/2024\n".encode(),
        "FILE_HEADER_MISSING_FIELDS",
    ),
    ("phong_chu_cu.csv", "Hä vµ tªn,Ngµy sinh\nNguyÔn ThÞ ¸nh,01/01/2024\n".encode("latin-1"), "FILE_ENCODING_UNKNOWN"),
    ("chi_tieu_de.csv", "Mã cơ sở tiêm chủng,Kỳ báo cáo,Mã chỉ tiêu báo cáo,Giá trị\n".encode(), "FILE_WITHOUT_ROWS"),
    ("hong.xlsx", b"PK\x03\x04 not a workbook", "FILE_CORRUPT"),
)


def spoil(
    header: Sequence[str],
    lines: list[str],
    defects: Sequence[tuple[tuple[str, ...], Callable[[Row], None]]],
    count: int,
    random: np.random.Generator,
    first_kind: int,
) -> list[tuple[int, tuple[str, ...]]]:
    """Put `count` defects into lines of a CSV body, in place; return (position, reasons) of each.

    Beside the defects of values come a line of the wrong width, an unclosed quote and a repeated line, in turn.
    """
    if not lines or not count:
        return []
    chosen = random.choice(len(lines), size=min(count, len(lines) // 3), replace=False)
    taken = set(chosen.tolist())
    labels: list[tuple[int, tuple[str, ...]]] = []
    kinds = len(defects) + 3
    for turn, position in enumerate(sorted(taken)):
        kind = (first_kind + turn) % kinds
        if kind < len(defects):
            reasons, change = defects[kind]
            row = dict(zip(header, lines[position].split(","), strict=True))
            change(row)
            lines[position] = ",".join(row[name] for name in header)
        elif kind == len(defects):
            reasons = ("ROW_WIDTH",)
            lines[position] += ",thừa"
        elif kind == len(defects) + 1:
            reasons = ("ROW_QUOTE",)
            cells = lines[position].split(",")
            lines[position] = ",".join(['"' + cells[0], *cells[1:]])
        elif position > 0 and position - 1 not in taken:
            reasons = (DUPLICATE,)
            lines[position] = lines[position - 1]
        else:
            reasons = ("ROW_WIDTH",)
            lines[position] += ",thừa"
        labels.append((int(position), reasons))
    return labels


def _after(submitted_at: str) -> str:
    """Return a moment of the year after, as a facility would write it."""
    return f"08:00 15/01/{int(submitted_at[:4]) + 1}"
