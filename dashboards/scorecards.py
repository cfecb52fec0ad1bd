"""Scorecards and the letter to a facility, put together from a release: nothing here computes a score."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import polars as pl

from dashboards import formats
from dashboards.warehouse import Release, ReleaseError
from pipelines.stewardship.letter import Letter, Part, Task

# The tree in force, in which facilities are ranked.
TREE = "34"
_LISTED = 6


def year_of(release: Release, year: int | None) -> int:
    """Return the year asked for, or the newest. Raises ReleaseError when the release has no scorecards of it."""
    years = release.scorecard_years()
    if not years:
        raise ReleaseError(
            "Bản phát hành này chưa có phiếu điểm; hãy chạy `niis run --everything`. / "
            "This release has no scorecards; run `niis run --everything`."
        )
    if year is not None and year not in years:
        known = ", ".join(str(one) for one in years)
        raise ReleaseError(
            f"Không có phiếu điểm của năm {year}; có: {known}. / There are no scorecards of {year}; there are: {known}."
        )
    return years[0] if year is None else year


def facility_scorecard(release: Release, facility_code: str, year: int) -> pl.DataFrame:
    """One row a part of a facility's scorecard, the whole first. Raises ReleaseError when there is no such facility."""
    place = release.facility_place(facility_code, TREE)
    if place is None:
        raise ReleaseError(
            f"Không có cơ sở {facility_code} trong danh mục. / There is no facility {facility_code} in the register."
        )
    found = release.facility_scorecards(TREE, [place.area_code], year)
    return found.filter(pl.col("place_code") == facility_code) if found.height else found


def ranked_below(release: Release, hierarchy_code: str, area_code: str, year: int) -> pl.DataFrame:
    """Return the whole scores of the areas directly below one, or of a lowest area's facilities, the best first."""
    below = release.children(hierarchy_code, area_code)["area_code"].to_list()
    if below:
        found = release.area_scorecards(hierarchy_code, below, year)
    else:
        found = release.facility_scorecards(hierarchy_code, [area_code], year)
    if not found.height:
        return found
    return found.filter(pl.col("points").is_null()).sort("score", "place_code", descending=[True, False])


def letter_of(release: Release, facility_code: str, year: int | None = None) -> Letter:
    """Return the letter to a facility. Raises ReleaseError, and AccessDeniedError where its findings are not shown."""
    chosen = year_of(release, year)
    scorecard = facility_scorecard(release, facility_code, chosen)
    place = release.facility_place(facility_code, TREE)
    assert place is not None, "a scorecard is of a facility of the register"
    register = release.facilities(TREE, [place.area_code])
    (name,) = register.filter(pl.col("facility_code") == facility_code)["name_vi"].to_list()
    commune = release.area(TREE, place.area_code)
    province = release.area(TREE, commune.parent_code or "") if commune else None
    info = release.info()
    rows = scorecard.to_dicts()
    wholes = [row for row in rows if row["points"] is None]
    return Letter(
        facility=name,
        facility_code=facility_code,
        commune=commune.name_vi if commune else place.area_code,
        province=province.name_vi if province else "",
        year=chosen,
        day=formats.day(info.as_of_date, "vi"),
        release_id=info.release_id,
        overall=_part(wholes[0]) if wholes else None,
        rank=f"{wholes[0]['peer_rank']} / {wholes[0]['peer_count']}" if wholes else "",
        parts=[_part(row) for row in rows if row["points"] is not None],
        tasks=_tasks(release.facility_findings(facility_code, chosen).to_dicts()),
        is_synthetic=info.is_synthetic,
    )


def _part(row: dict[str, Any]) -> Part:
    in_order = formats.number(row["evaluated"] - row["violations"], "vi")
    return Part(
        name=row["name_vi"],
        definition=row["definition_vi"],
        score=f"{formats.number(row['score'], 'vi', 1)} %",
        band=row["label_vi"],
        colour_token=row["colour_token"],
        counted=f"{in_order} / {formats.number(row['evaluated'], 'vi')}",
    )


def _tasks(findings: list[dict[str, Any]]) -> list[Task]:
    """Return a task a rule that a facility can do something about, in the order of its gravest finding."""
    order: dict[str, int] = {}
    for row in findings:
        order.setdefault(row["rule_code"], len(order))
    mended = [row for row in findings if row["facility_action_vi"]]
    mended.sort(key=lambda row: order[row["rule_code"]])
    tasks = []
    for _, group in groupby(mended, key=lambda row: row["rule_code"]):
        rows = list(group)
        listed = rows[:_LISTED]
        details = [f"{_period(row['period'])}{row['detail_vi']}" for row in listed]
        first = rows[0]
        tasks.append(
            Task(
                rule=first["name_vi"],
                rationale=first["rationale_vi"],
                action=first["facility_action_vi"],
                details=details,
                more=len(rows) - len(listed),
            )
        )
    return tasks


def _period(period: str | None) -> str:
    if period is None:
        return ""
    kind = "month" if "-" in period else "quarter" if "Q" in period else "year"
    return f"{formats.period(period, kind, 'vi')}: "
