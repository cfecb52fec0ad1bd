"""Small programmes drawn by hypothesis: every way in which rows of one place and time can meet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

from pipelines.facilities import SCHEMA, write_facilities
from pipelines.reference import Registry, load_registry
from pipelines.settings import Settings
from tests.metrics.building import RECEIVED_AT, take_in
from tests.oracles.indicators import Facility, Submitted, span

# Two communes of one district that became one, one commune that was split, and one place of another province.
PROVINCES = ("01", "02", "08", "06")
MEASURES = (
    "doses_penta1_u1", "doses_penta3_u1", "doses_penta1", "doses_opv3_u1", "doses_mcv1_u1",
    "target_under1", "target_18m", "sessions_planned", "sessions_held", "vials_opened_mr", "doses_used_mr",
)  # fmt: skip
PERIODS = (
    "2024-11", "2024-12", "2025-01", "2025-02", "2025-03", "2024Q4", "2025Q1", "2022", "2023", "2024", "2025",
)  # fmt: skip
INDICATORS = (
    "coverage_penta1", "coverage_penta3", "coverage_penta1_all_ages", "coverage_mcv1", "coverage_mcv2", "coverage_hib3",
    "dropout_penta1_penta3", "dropout_penta1_mcv1", "completeness_reports", "timeliness_reports", "sessions_held_ratio",
    "wastage_open_vial_mr", "ratio_opv3_penta3", "zero_dose_target", "under_immunised", "penta3_over_mean_prev3",
    "coverage_penta3@penta1_derived", "coverage_mcv2@penta1_derived", "coverage_rollout_pcv1", "consistent_reporting",
)  # fmt: skip
PRODUCTS = ("penta_sii", "hexa_hexaxim", "penta_pentaxim", "mr", "measles", "opv")
# Files by the time that they say they were sent at; no two of them can be of the same version.
SENT_AT = (None, *(datetime(2025, month, day, 8) for month, day in ((1, 3), (2, 4), (3, 2), (4, 5), (4, 6), (7, 1))))
_HEADER_DOSES = (
    "record_id", "action", "facility_code", "report_month", "submitted_at", "submission_mode", "person_code",
    "birth_date", "product_code", "given_at", "dose_number", "dose_status", "record_origin",
)  # fmt: skip
_HEADER_REPORTS = (
    "facility_code", "area_code", "hierarchy_code", "period", "submitted_at", "submission_mode", "action",
    "source_code", "measure_code", "value",
)  # fmt: skip


@dataclass(frozen=True)
class DoseRow:
    """One line of dose records; places and files are numbers, taken modulo how many there are."""

    file_no: int
    facility_no: int
    record_no: int
    action: str
    given: date
    late_months: int
    birth: date
    product_code: str
    dose_number: int
    status: int
    origin: str


@dataclass(frozen=True)
class ReportRow:
    """One line of a report."""

    file_no: int
    reporter_no: int
    action: str
    period: str
    measure_code: str
    value: int | None
    source_code: str


@dataclass(frozen=True)
class Case:
    """A small programme, before it is written."""

    replacing: frozenset[int]
    opened: tuple[date, ...]
    closed: tuple[date | None, ...]
    doses: tuple[DoseRow, ...]
    reports: tuple[ReportRow, ...]


_FILES = st.integers(0, len(SENT_AT) - 1)
_ACTIONS = st.sampled_from(["add", "add", "add", "change", "void"])
_DOSES = st.builds(
    DoseRow,
    file_no=_FILES,
    facility_no=st.integers(0, 30),
    record_no=st.integers(0, 3),
    action=_ACTIONS,
    given=st.dates(date(2024, 11, 1), date(2025, 3, 31)),
    late_months=st.sampled_from([0, 0, 1]),
    birth=st.one_of(
        st.dates(date(2024, 1, 1), date(2024, 10, 31)), st.sampled_from([date(2024, 2, 29), date(2024, 1, 31)])
    ),
    product_code=st.sampled_from(PRODUCTS),
    dose_number=st.integers(1, 4),
    status=st.sampled_from([2, 2, 2, 3]),
    origin=st.sampled_from(["facility", "facility", "declared"]),
)
_REPORTS = st.builds(
    ReportRow,
    file_no=_FILES,
    reporter_no=st.integers(0, 60),
    action=_ACTIONS,
    period=st.sampled_from(PERIODS),
    measure_code=st.sampled_from(MEASURES),
    value=st.one_of(st.none(), st.integers(0, 40)),
    source_code=st.sampled_from(["routine", "routine", "synthetic"]),
)
CASES = st.builds(
    Case,
    replacing=st.frozensets(_FILES, max_size=2),
    opened=st.tuples(*[st.sampled_from([date(2010, 1, 1), date(2010, 1, 1), date(2025, 1, 15)])] * 4),
    closed=st.tuples(*[st.sampled_from([None, None, date(2025, 2, 1), date(2025, 2, 15)])] * 4),
    doses=st.lists(_DOSES, min_size=30, max_size=60).map(tuple),
    reports=st.lists(_REPORTS, min_size=60, max_size=120).map(tuple),
)


def facilities(registry: Registry, case: Case) -> list[Facility]:
    """Return two facilities in each of some communes: of those that were merged, and of one that was split."""
    levels = ["commune", "district", "commune", "province"]
    found = []
    for number, (commune, successor) in enumerate(_places(registry)):
        for turn in range(2):
            pick = (number + turn) % 4
            found.append(
                Facility(
                    f"{commune}{2 * number + turn + 1:02d}",
                    ("C", commune, successor),
                    levels[pick],
                    case.opened[pick],
                    case.closed[pick],
                    "synthetic" if pick else "routine",
                )
            )
    return found


def _places(registry: Registry) -> list[tuple[str, str]]:
    """Return pairs of a commune of 2017 and one of today in which a part of it lies."""
    lies_in = {code: _ancestor(registry, code, "province") for code in registry.primary_successor}
    found = []
    for province in PROVINCES:
        communes = sorted(code for code, above in lies_in.items() if above == province)
        found += [(code, registry.primary_successor[code]) for code in communes[:2]]
    split = next(row for row in registry.area_changes if row.change_kind == "split" and not row.is_primary)
    return [*found, (split.from_code, split.to_code), (split.from_code, registry.primary_successor[split.from_code])]


def _ancestor(registry: Registry, code: str, level_code: str) -> str:
    area = registry.areas["63", code]
    while area.level_code != level_code:
        area = registry.areas["63", area.parent_code or ""]
    return area.area_code


def reporters(registry: Registry, known: list[Facility]) -> list[Any]:
    """Return who reports: every facility, and areas of every level of both trees around them."""
    areas = {("63", "VN"), ("34", "VN")}
    for facility in known:
        for tree, code in zip(("63", "34"), facility.place[1:], strict=True):
            step: str | None = code
            while step is not None:
                areas.add((tree, step))
                step = registry.areas[tree, step].parent_code
    return [*(row.code for row in known), *sorted(areas)]


def submitted(case: Case) -> Submitted:
    """Return the rows of a case that intake accepts, as the oracle takes them."""
    registry = load_registry()
    known = facilities(registry, case)
    who = reporters(registry, known)
    doses, reports, seen = [], [], set()
    for row in case.doses:
        facility = known[row.facility_no % len(known)]
        sent = SENT_AT[row.file_no]
        key = ("D", row.file_no, facility.code, row.record_no)
        is_open = facility.opened <= row.given and (facility.closed is None or row.given < facility.closed)
        if key in seen or not is_open or (sent is not None and row.given >= sent.date()):
            continue
        seen.add(key)
        doses.append(
            {
                "file_no": row.file_no,
                "record_id": f"R{row.record_no}",
                "action": row.action,
                "facility_code": facility.code,
                "report_month": (row.given.replace(day=1) + timedelta(days=31 * row.late_months)).replace(day=1),
                "submitted_at": sent,
                "submission_mode": "replace" if row.file_no in case.replacing else "amend",
                "birth_date": row.birth,
                "product_code": row.product_code,
                "given_date": row.given,
                "dose_number": row.dose_number,
                "dose_status": row.status,
                "record_origin": row.origin,
                "is_done": row.status == 2 and row.origin == "facility",
            }
        )
    for line in case.reports:
        reporter = who[line.reporter_no % len(who)]
        sent = SENT_AT[line.file_no]
        key = ("R", line.file_no, reporter, line.period, line.measure_code)
        if key in seen or (sent is not None and span(line.period)[0] > sent.date()):
            continue
        seen.add(key)
        reports.append(
            {
                "file_no": line.file_no,
                "action": line.action,
                "reporter": reporter,
                "period": line.period,
                "submitted_at": sent,
                "submission_mode": "replace" if line.file_no in case.replacing else "amend",
                "source_code": line.source_code,
                "measure_code": line.measure_code,
                "value": line.value,
            }
        )
    return Submitted(known, _with_ids(doses, "D"), _with_ids(reports, "R"), date(2025, 4, 10), RECEIVED_AT)


def _with_ids(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Add what the bytes of the files decide: which submission a row is of."""
    by_file: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        by_file.setdefault(row["file_no"], []).append(row)
    contents = {number: content(kind, found) for number, found in by_file.items()}
    return [
        row | {"submission_id": hashlib.sha256(contents[row["file_no"]]).hexdigest()[:20], "row_hash": f"{number:09d}"}
        for number, row in enumerate(rows)
    ]


def content(kind: str, rows: list[dict[str, Any]]) -> bytes:
    """Return the bytes of one file."""
    lines = [_dose_cells(row) for row in rows] if kind == "D" else [_report_cells(row) for row in rows]
    header = _HEADER_DOSES if kind == "D" else _HEADER_REPORTS
    return ("\n".join([",".join(header), *(",".join(line[name] for name in header) for line in lines)]) + "\n").encode()


def _common(row: dict[str, Any]) -> dict[str, str]:
    sent = row["submitted_at"]
    return {
        "action": row["action"],
        "submission_mode": row["submission_mode"],
        "submitted_at": "" if sent is None else f"{sent:%Y-%m-%d %H:%M:%S}",
    }


def _dose_cells(row: dict[str, Any]) -> dict[str, str]:
    return _common(row) | {
        "record_id": row["record_id"],
        "facility_code": row["facility_code"],
        "report_month": f"{row['report_month']:%Y-%m}",
        "person_code": "P1",
        "birth_date": row["birth_date"].isoformat(),
        "product_code": row["product_code"],
        "given_at": row["given_date"].isoformat(),
        "dose_number": str(row["dose_number"]),
        "dose_status": str(row["dose_status"]),
        "record_origin": row["record_origin"],
    }


def _report_cells(row: dict[str, Any]) -> dict[str, str]:
    by_area = not isinstance(row["reporter"], str)
    tree, area = row["reporter"] if by_area else ("", "")
    return _common(row) | {
        "facility_code": "" if by_area else row["reporter"],
        "area_code": area,
        "hierarchy_code": tree,
        "period": row["period"],
        "source_code": row["source_code"],
        "measure_code": row["measure_code"],
        "value": "" if row["value"] is None else str(row["value"]),
    }


def write_case(rows: Submitted, settings: Settings) -> None:
    """Write the register and the files of a case, and take them in."""
    write_register(rows, settings)
    take_in(settings, write_files(rows, settings.home / "files"))


def write_register(rows: Submitted, settings: Settings) -> None:
    """Write the facilities of a case."""
    registry = load_registry()
    types = {row.level_code: row.facility_type_code for row in reversed(registry.facility_types.values())}
    register = pl.DataFrame(
        [
            (*[row.code] * 3, types[row.level_code], *row.place[1:], row.opened, row.closed, row.source_code)
            for row in rows.facilities
        ],
        schema=SCHEMA,
        orient="row",
    )
    write_facilities(register, settings.facilities)


def write_files(rows: Submitted, folder: Path) -> list[Path]:
    """Write the files of a case into a new folder; return their paths."""
    folder.mkdir(parents=True)
    paths = []
    for kind, found in (("D", rows.doses), ("R", rows.reports)):
        by_file: dict[int, list[Any]] = {}
        for row in found:
            by_file.setdefault(row["file_no"], []).append(row)
        for number, lines in by_file.items():
            paths.append(folder / f"{kind}{number}.csv")
            paths[-1].write_bytes(content(kind, lines))
    return paths
