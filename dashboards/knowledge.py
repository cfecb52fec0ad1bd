"""What a reader is told of knowledge itself: what changed between two copies, and what an open month will come to.

Pure functions of what `Release` gives, except that they ask it. No Streamlit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from dashboards.warehouse import Release
from pipelines.nowcast import Arrivals, Estimate, Held, arrange, estimate, held_back, month_end, parameters_of

_THEN_AND_NOW = ("value", "numerator", "denominator", "units_included", "units_expected", "value_status",
                 "definition_version")  # fmt: skip
_KEYS = ["area_code", "level_code", "indicator_code", "period_type", "period", "period_start_month", "period_end_month"]


class NoEstimateError(Exception):
    """An indicator of this kind is not estimated; the message says why."""


def changes(
    then: Release,
    now: Release,
    indicator_codes: Sequence[str],
    hierarchy_code: str,
    area_codes: Sequence[str],
    period_type: str,
) -> pl.DataFrame:
    """Return the values that differ between two copies, a row an area, indicator and period, the newest period first.

    Columns: the keys, `value_then`, `value_now`, `difference` (now less then; null where one of them has no value), and
    both sides of numerator, denominator, units and status. A value that one side has no row for is null there.
    """
    sides = [
        release.indicator_values(indicator_codes, hierarchy_code, area_codes=area_codes, period_type=period_type)
        .select(*_KEYS, *_THEN_AND_NOW)
        .rename({name: f"{name}_{side}" for name in _THEN_AND_NOW})
        for release, side in ((then, "then"), (now, "now"))
    ]
    both = sides[0].join(sides[1], on=_KEYS, how="full", coalesce=True)
    differs = pl.any_horizontal(*(pl.col(f"{name}_then").ne_missing(pl.col(f"{name}_now")) for name in _THEN_AND_NOW))
    return (
        both.filter(differs)
        .with_columns((pl.col("value_now") - pl.col("value_then")).alias("difference"))
        .sort("area_code", "indicator_code", "period", descending=[False, False, True])
    )


def files_between(
    then: Release,
    now: Release,
    indicator_code: str,
    hierarchy_code: str,
    area_code: str,
    first_month: date,
    last_month: date,
) -> pl.DataFrame:
    """Return the files behind a value that came between two copies (`Release.files_behind`).

    A file came between when the older copy does not know it; or, where that copy rests on senders' times, when rows of
    it were sent after its day.
    """
    files = now.files_behind(indicator_code, hierarchy_code, area_code, first_month, last_month)
    came = ~pl.col("submission_id").is_in(sorted(then.submission_ids()))
    info = then.info()
    if info.knowledge_basis == "sent":
        came = came | (pl.col("submitted_at").dt.date() > info.known_on)
    return files.filter(came)


def arrivals_of(release: Release, hierarchy_code: str, path: Sequence[str]) -> list[Arrivals]:
    """Return the arrivals of the areas of a path from the top of the tree down, over the same months."""
    rows = release.arrivals(hierarchy_code, path)
    months = rows["month"].unique().sort().to_list()
    longest = parameters_of(release.arrival_parameters()).longest_delay_days
    by_area: dict[str, list[Any]] = defaultdict(list)
    for area_code, *arrival in rows.iter_rows():
        by_area[area_code].append(tuple(arrival))
    return [arrange(by_area[code], months, longest) for code in path]


def arrival_curve(release: Release, hierarchy_code: str, area_code: str) -> pl.DataFrame:
    """Return what share of an area's reports and doses had arrived so many days after the end of their months.

    delay_days, report_share (of the reports expected), dose_share (of the doses that came at all), over the months that
    are all in; empty without such months.
    """
    (arrivals,) = arrivals_of(release, hierarchy_code, [area_code])
    longest = parameters_of(release.arrival_parameters()).longest_delay_days
    today = release.info().as_of_date
    whole = [n for n, month in enumerate(arrivals.months) if (today - month_end(month)).days >= longest]
    expected = release.reports_expected(hierarchy_code, area_code)
    reports_due = sum(expected.get(arrivals.months[n], 0.0) for n in whole)
    doses = float(arrivals.doses[whole].sum())
    if not whole or not reports_due or not doses:
        return pl.DataFrame(schema={"delay_days": pl.Int64, "report_share": pl.Float64, "dose_share": pl.Float64})
    return pl.DataFrame(
        {
            "delay_days": range(longest + 1),
            "report_share": arrivals.reports[whole].sum(axis=0).cumsum() / reports_due,
            "dose_share": arrivals.doses[whole].sum(axis=0).cumsum() / doses,
        }
    )


def nowcast(release: Release, indicator_code: str, hierarchy_code: str, area_code: str) -> pl.DataFrame:
    """Return the estimate of each month of an indicator that is not all in yet, the oldest first.

    period, delay_days (since the end of the month), status, arrived_share, months_used, numerator and value (as
    counted), estimate, and the ends of the narrow and the wide interval. Raises NoEstimateError for an indicator whose
    value does not grow with the doses that arrive, or an area that has no curve.
    """
    if not release.counts_doses(indicator_code):
        raise NoEstimateError(
            f"{indicator_code} does not set doses against a target, so late reports do not simply add to it;"
            " estimates are made of coverage."
        )
    path = path_to(release, hierarchy_code, area_code)
    arrivals = arrivals_of(release, hierarchy_code, path)
    parameters = parameters_of(release.arrival_parameters())
    today = release.info().as_of_date
    rows = []
    values = release.indicator_values([indicator_code], hierarchy_code, area_codes=[area_code], period_type="month")
    for row in values.sort("period").iter_rows(named=True):
        month = row["period_start_month"]
        if month not in arrivals[-1].months or row["value"] is None:
            continue
        made = estimate(arrivals, month, today, parameters)
        if made.status in {"complete", "not_over"}:
            continue
        rows.append(_estimated(row, made))
    return pl.DataFrame(rows, schema=_ESTIMATE_SCHEMA)


def score(release: Release, hierarchy_code: str, area_code: str, delays: Sequence[int]) -> list[Held]:
    """Return how the estimates of an area's past months compare with what they came to (`nowcast.held_back`)."""
    arrivals = arrivals_of(release, hierarchy_code, path_to(release, hierarchy_code, area_code))
    return held_back(arrivals, delays, release.info().as_of_date, parameters_of(release.arrival_parameters()))


def path_to(release: Release, hierarchy_code: str, area_code: str) -> list[str]:
    """Return the codes from the top of the tree to an area. Raises NoEstimateError below the levels with a curve."""
    path: list[str] = []
    area = release.area(hierarchy_code, area_code)
    while area is not None:
        path.insert(0, area.area_code)
        area = release.area(hierarchy_code, area.parent_code) if area.parent_code else None
    if not path or len(path) > release.area_levels(hierarchy_code)["depth"].max():  # type: ignore[operator]
        raise NoEstimateError(f"{area_code} has too few reports a month for an estimate; ask for the area above it.")
    return path


_ESTIMATE_SCHEMA: dict[str, Any] = {
    "period": pl.String, "delay_days": pl.Int64, "status": pl.String, "arrived_share": pl.Float64,
    "months_used": pl.Int64, "numerator": pl.Float64, "value": pl.Float64, "estimate": pl.Float64,
    "narrow_low": pl.Float64, "narrow_high": pl.Float64, "wide_low": pl.Float64, "wide_high": pl.Float64,
}  # fmt: skip


def _estimated(row: dict[str, Any], made: Estimate) -> dict[str, Any]:
    def times(interval: tuple[float, float] | None, end: int) -> float | None:
        return None if interval is None else row["value"] * interval[end]

    return {
        "period": row["period"],
        "delay_days": made.delay_days,
        "status": made.status,
        "arrived_share": made.share,
        "months_used": made.months_used,
        "numerator": row["numerator"],
        "value": row["value"],
        "estimate": None if made.factor is None else row["value"] * made.factor,
        "narrow_low": times(made.narrow, 0),
        "narrow_high": times(made.narrow, 1),
        "wide_low": times(made.wide, 0),
        "wide_high": times(made.wide, 1),
    }
