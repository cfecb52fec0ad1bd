"""Reads the plain CSV files of a generated programme without the intake, for the oracle."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.reference import Registry
from tests.oracles.indicators import Facility, Submitted

_ACTIONS = {"": "add", "add": "add", "sửa": "change", "hủy": "void"}
_MODES = {"": "amend", "amend": "amend", "thay thế": "replace"}
_DONE = "2"
_DECLARED = {"declared", "Tự khai"}
_IDENTITY = (
    "facility_code",
    "area_code",
    "hierarchy_code",
    "period",
    "submitted_at",
    "submission_mode",
    "action",
    "source_code",
)


def read_programme(folder: Path, registry: Registry, received_at: datetime) -> Submitted:
    """Return what the files of a programme say, without the lines and files that its labels call spoilt."""
    spoilt: dict[str, set[int]] = defaultdict(set)
    refused = set()
    for label in _rows((folder / "labels.csv").read_bytes()):
        if label["line_no"]:
            spoilt[label["file_name"]].add(int(label["line_no"]))
        else:
            refused.add(label["file_name"])
    doses: list[dict[str, Any]] = []
    reports: list[dict[str, Any]] = []
    known = set()
    sent = []
    for path in sorted((folder / "submissions").iterdir()):
        content = path.read_bytes()
        submission_id = hashlib.sha256(content).hexdigest()[:20]
        if path.name in refused or submission_id in known:
            continue
        known.add(submission_id)
        for line_no, row in enumerate(_rows(content), 2):
            if line_no in spoilt[path.name]:
                continue
            common = {
                "submission_id": submission_id,
                "row_hash": hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest(),
                "action": _ACTIONS[row.get("action", "")],
                "submission_mode": _MODES[row.get("submission_mode", "")],
                "submitted_at": _moment(row["submitted_at"]),
            }
            sent.append(common["submitted_at"])
            if "record_id" in row:
                doses.append(_dose(row) | common)
            elif "period" in row:  # what is neither counts nothing, such as an appointment
                reports += [cells | common for cells in _report(row, registry)]
    facilities = [_facility(row, registry) for row in _rows((folder / "facilities.csv").read_bytes())]
    return Submitted(facilities, doses, reports, max(sent).date(), received_at)


def _rows(content: bytes) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(content.decode("utf-8-sig")))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: str) -> date:
    day, month, year = text.split("/")
    return date(int(year), int(month), int(day))


def _dose(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "record_id": row["record_id"],
        "facility_code": row["facility_code"],
        "report_month": date.fromisoformat(row["report_month"] + "-01"),
        "birth_date": _day(row["birth_date"]),
        "product_code": row["product_code"],
        "given_date": _day(row["given_at"].split(" ")[-1]),
        "dose_number": int(row["dose_number"]),
        "is_done": row["dose_status"] == _DONE and row["record_origin"] not in _DECLARED,
    }


def _report(row: Mapping[str, str], registry: Registry) -> Iterable[dict[str, Any]]:
    reporter: Any = row.get("facility_code") or (row["hierarchy_code"], row["area_code"])
    cells = (
        {row["measure_code"]: row["value"]}
        if "measure_code" in row
        else {name: value for name, value in row.items() if name not in _IDENTITY}
    )
    for measure_code, value in cells.items():
        # A blank cell of a wide report says nothing where the registry does not take it for a zero.
        if value or "measure_code" in row or registry.measures[measure_code].blank_means == "zero":
            yield {
                "reporter": reporter,
                "period": row["period"],
                "source_code": row["source_code"],
                "measure_code": measure_code,
                "value": float(value) if value else None,
            }


def _facility(row: Mapping[str, str], registry: Registry) -> Facility:
    return Facility(
        row["facility_code"],
        ("C", row["commune_code_2017"], row["commune_code_2025"]),
        registry.facility_types[row["facility_type_code"]].level_code,
        date.fromisoformat(row["opened_date"]),
        date.fromisoformat(row["closed_date"]) if row["closed_date"] else None,
        row["source_code"],
    )
