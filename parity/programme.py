"""The small programme that both engines build: some communes over fourteen months, and what nobody generates."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

from pipelines.facilities import read_facilities
from pipelines.identify import identify
from pipelines.inbox import submit, take_in_waiting
from pipelines.progress import SilentReporter
from pipelines.reference import Registry, load_registry
from pipelines.settings import Settings
from pipelines.synthetic import generate

PROVINCE = "06"
FIRST_MONTH, LAST_MONTH = date(2024, 10, 1), date(2025, 11, 1)
COMMUNES_PER_DISTRICT = 1
SCALE = 0.15
RECEIVED_AT = datetime(2025, 12, 20, 12)
_HEADER = (
    "facility_code", "area_code", "hierarchy_code", "period", "submitted_at", "submission_mode", "action",
    "measure_code", "value",
)  # fmt: skip


def prepare(settings: Settings) -> str:
    """Generate the programme, take it in and say who is who; return in a sentence what it holds."""
    registry = load_registry()
    folder = settings.home / "generated"
    summary = generate(
        folder, [PROVINCE], FIRST_MONTH, LAST_MONTH, scale=SCALE, seed=4, layout="bulk",
        communes_per_district=COMMUNES_PER_DISTRICT,
    )  # fmt: skip
    (folder / "submissions" / "larger_reports.csv").write_text(
        _text(_larger_reports(registry, _first_facility(folder))), encoding="utf-8"
    )
    settings.facilities.parent.mkdir(parents=True)
    settings.facilities.write_bytes((folder / "facilities.csv").read_bytes())
    read_facilities(settings.facilities)
    submit(settings, [folder / "submissions"])
    taken = take_in_waiting(settings, registry, RECEIVED_AT)
    identify(settings, registry, SilentReporter())
    return f"{summary}; {taken.accepted_count} rows accepted, {taken.rejected_count} rejected"


def _first_facility(folder: Path) -> dict[str, str]:
    with (folder / "facilities.csv").open(encoding="utf-8", newline="") as stream:
        return next(csv.DictReader(stream))


def _larger_reports(registry: Registry, facility: dict[str, str]) -> list[tuple[str, ...]]:
    """Reports of areas and over longer times: within one another, overlapping, corrected, voided, in both trees."""
    areas = registry.areas
    below = [code for (tree, code), area in areas.items() if tree == "63" and area.parent_code == PROVINCE]
    district, other = sorted(below)[:2]
    commune = min(code for (tree, code), area in areas.items() if tree == "63" and area.parent_code == district)
    rows: list[tuple[str, ...]] = []

    def add(
        reporter: tuple[str, str, str], period: str, values: dict[str, str], sent: str = "", action: str = "add"
    ) -> None:
        rows.extend((*reporter, period, sent, "amend", action, measure, value) for measure, value in values.items())

    def area(code: str, tree: str = "63") -> tuple[str, str, str]:
        return "", code, tree

    doses = {"doses_penta1_u1": "400", "doses_penta3_u1": "390", "doses_mcv1_u1": ""}
    stock = {"vials_opened_mr": "50", "doses_used_mr": "300", "sessions_planned": "40", "sessions_held": "38"}
    # A month inside a quarter inside a year, of places inside each other.
    add(area(commune), "2025-01", {"doses_penta1_u1": "7"})
    add(area(district), "2025-01", doses)
    add(area(district), "2025Q1", {"doses_penta1_u1": "1500", "doses_penta3_u1": "1"} | stock)
    add(area(PROVINCE), "2025Q1", {"doses_penta1_u1": "9000"} | stock)
    add(area(PROVINCE), "2025", {"doses_penta1_u1": "20000", "target_under1": "5000"})
    add(area("VN"), "2024", {"target_under1": "1400000"})
    # The tree of 2025, and the same nation in both.
    add(area("VN", "34"), "2025", {"doses_penta1_u1": "800000", "target_under1": "1300001"})
    add(area("VN"), "2025", {"doses_penta1_u1": "800001"})
    province = areas["34", facility["commune_code_2025"]].parent_code or ""
    add(area(province, "34"), "2025Q4", {"doses_penta1_u1": "33"} | stock)
    # Neither contains the other: a province's month and its district's quarter.
    add(area(other), "2025Q2", {"doses_penta1_u1": "200"})
    add(area(PROVINCE), "2025-04", {"doses_penta1_u1": "100"})
    # A facility's quarter, and what was corrected and voided later.
    add((facility["facility_code"], "", ""), "2025Q3", {"doses_penta1_u1": "12"} | stock)
    add(area(district), "2025-02", {"doses_penta1_u1": "10", "doses_penta3_u1": "11"}, "2025-03-03 08:00:00")
    add(area(district), "2025-02", {"doses_penta1_u1": "20"}, "2025-04-03 08:00:00", "change")
    add(area(district), "2025-02", {"doses_penta3_u1": "11"}, "2025-04-03 08:00:00", "void")
    return rows


def _text(rows: list[tuple[str, ...]]) -> str:
    return "\n".join(",".join(row) for row in [_HEADER, *rows]) + "\n"
