"""What lies beneath a published value: asked of a release once, for the command line and the dashboards alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import polars as pl

from dashboards.anomalies import Anomaly, Evidence, Finding, anomaly_of, likely_causes
from dashboards.decomposition import Change, Fraction, Gap, change_of, gap_to
from dashboards.formats import months_before
from dashboards.warehouse import Release

Row = Mapping[str, Any]
GoalKind = Literal["good", "full"]

# Shares of areas and the like are no sums over the areas below.
_NO_SUM = "distribution"
_GOOD = "good"


@dataclass(frozen=True)
class Question:
    """The value that is asked about."""

    indicator_code: str  # with @denominator where another one than the indicator's own is read
    hierarchy_code: str
    area_code: str
    period_type: str
    period: str
    against: str | None  # an earlier period of the type


@dataclass(frozen=True)
class Explanation:
    """What a release says of a value. Rows are as published; an empty list says that there is nothing."""

    question: Question
    indicator: Row
    value: Row | None
    before: Row | None  # of the period compared with
    parts: pl.DataFrame  # see Release.parts
    goal: float | None  # in the indicator's unit
    goal_kind: GoalKind
    gaps: list[Gap]
    changes: list[Change]
    names: Mapping[str, tuple[str, str]]  # of the areas below: Vietnamese, English
    files: pl.DataFrame  # see Release.files_behind; those with most rows first
    checks: pl.DataFrame  # see Release.checks_touching
    events: list[Row]
    anomaly: Anomaly | None
    causes: list[Finding]


def explain(release: Release, question: Question, *, goal_kind: GoalKind = "good") -> Explanation:
    """Return what lies beneath a value. The indicator, area and period of the question exist in the release."""
    indicator = release.definition(question.indicator_code)
    value, before = _own(release, question, question.period), None
    if question.against is not None:
        before = _own(release, question, question.against)
    start, end = release.months_of(question.period_type, question.period)
    children = release.children(question.hierarchy_code, question.area_code)
    goal = goal_of(indicator, release.thresholds(), goal_kind)
    gaps, changes = _decomposed(release, question, indicator, value, before, goal)
    doses = release.doses_of(question.indicator_code)
    lookback = release.anomaly_causes()
    anomaly = anomaly_of(indicator, value["value"] if value else None)
    causes: list[Finding] = []
    if anomaly is not None and lookback.height:
        rows = lookback.to_dicts()
        causes = likely_causes(anomaly, rows, list(_evidence(release, question, indicator, rows, doses, (start, end))))
    return Explanation(
        question=question,
        indicator=indicator,
        value=value,
        before=before,
        parts=release.parts(question.indicator_code, question.hierarchy_code, question.area_code, start, end),
        goal=goal,
        goal_kind=goal_kind,
        gaps=gaps,
        changes=changes,
        names={row["area_code"]: (row["name_vi"], row["name_en"]) for row in children.iter_rows(named=True)},
        files=_files(release, question, start, end),
        checks=release.checks_touching([question.indicator_code, indicator["base_indicator_code"]]),
        events=list(
            events_touching(
                release.events(), question.hierarchy_code, series_of(doses), path_of(release, question), start, end
            )
        ),
        anomaly=anomaly,
        causes=causes,
    )


def goal_of(indicator: Row, thresholds: pl.DataFrame, kind: GoalKind) -> float | None:
    """Return the value to reach: the edge of the good band, or all of it (none of it where less is better).

    None where the registry sets no such goal.
    """
    is_less_better = indicator["direction"] == "lower"
    if kind == "full":
        return (0.0 if is_less_better else float(indicator["multiplier"])) if indicator["unit"] == "percent" else None
    bands = thresholds.filter(
        (pl.col("indicator_code") == indicator["base_indicator_code"]) & (pl.col("colour_token") == _GOOD)
    )
    if not bands.height:
        return None
    edge = bands["upper_bound"].max() if is_less_better else bands["lower_bound"].min()
    return None if edge is None else float(edge)  # type: ignore[arg-type]


def series_of(doses: pl.DataFrame) -> set[str]:
    """Return the series of `Release.doses_of`."""
    return set(doses["series_code"]) if doses.height else set()


def path_of(release: Release, question: Question) -> set[str]:
    """Return the area of a question and those above it."""
    found: set[str] = set()
    code: str | None = question.area_code
    while code is not None and code not in found:
        found.add(code)
        area = release.area(question.hierarchy_code, code)
        code = area.parent_code if area else None
    return found


def events_touching(
    events: pl.DataFrame, hierarchy_code: str, series: set[str], areas: set[str], start_month: date, end_month: date
) -> Iterator[Row]:
    """Yield the events that overlap the months and touch one of the series or all, in one of the areas or the nation.

    An indicator that counts no dose is touched by what touches everything.
    """
    for row in events.iter_rows(named=True):
        touched = set((row["series_codes"] or "").split())
        is_here = row["area_code"] is None or (row["hierarchy_code"] == hierarchy_code and row["area_code"] in areas)
        if (
            is_here
            and (not touched or touched & series)
            and row["valid_from"] < months_before(end_month, -1)
            and row["valid_to"] > start_month
        ):
            yield row


def _own(release: Release, question: Question, period: str) -> Row | None:
    rows = release.indicator_values(
        [question.indicator_code],
        question.hierarchy_code,
        area_codes=[question.area_code],
        period_type=question.period_type,
        period_from=period,
        period_to=period,
    )
    return rows.row(0, named=True) if rows.height else None


def _files(release: Release, question: Question, start_month: date, end_month: date) -> pl.DataFrame:
    files = release.files_behind(
        question.indicator_code, question.hierarchy_code, question.area_code, start_month, end_month
    )
    return files.sort("row_count", "submission_id", descending=[True, False]) if files.height else files


def _decomposed(
    release: Release, question: Question, indicator: Row, value: Row | None, before: Row | None, goal: float | None
) -> tuple[list[Gap], list[Change]]:
    if value is None or value["value"] is None or indicator["indicator_kind"] == _NO_SUM:
        return [], []
    multiplier = float(indicator["multiplier"])
    now = _below(release, question, question.period)
    gaps: list[Gap] = []
    if goal is not None:
        gaps = gap_to(goal, _fraction(value), now, multiplier, is_less_better=indicator["direction"] == "lower")
    changes: list[Change] = []
    if question.against is not None and before is not None and before["value"] is not None:
        earlier = _below(release, question, question.against)
        changes = change_of((_fraction(before), _fraction(value)), earlier, now, multiplier)
    return gaps, changes


def _below(release: Release, question: Question, period: str) -> dict[str, Fraction]:
    rows = release.indicator_values(
        [question.indicator_code],
        question.hierarchy_code,
        parent_code=question.area_code,
        period_type=question.period_type,
        period_from=period,
        period_to=period,
    )
    return {row["area_code"]: _fraction(row) for row in rows.iter_rows(named=True)}


def _fraction(row: Row) -> Fraction:
    """Return what a published row divides: without a report nothing is added to the area above."""
    return Fraction(row["numerator"] or 0.0, row["denominator"])


def _evidence(
    release: Release,
    question: Question,
    indicator: Row,
    causes: Sequence[Row],
    doses: pl.DataFrame,
    months: tuple[date, date],
) -> Iterator[Evidence]:
    """Yield what the release holds that may speak for a cause."""
    start, end = months
    series, path = series_of(doses), path_of(release, question)
    events = release.events()
    lookback = max((int(row["lookback_months"]) for row in causes if row["evidence_kind"] == "event"), default=0)
    for event in events_touching(events, question.hierarchy_code, series, path, months_before(start, lookback), end):
        # What happened to everything (a change of law) stopped no supply.
        if event["series_codes"]:
            yield Evidence("event", event=event)
    products = doses["product_code"].unique().to_list() if doses.height else []
    known = {row["indicator_code"]: row for row in release.indicators().iter_rows(named=True)}
    for cause in causes:
        if cause["indicator_pattern"]:
            wanted = {cause["indicator_pattern"].format(product=code) for code in products} or {
                cause["indicator_pattern"]
            }
            yield from _indicator_evidence(release, question, cause, [known[code] for code in wanted & known.keys()])
    yield from _denominator_evidence(release, question, indicator)
    years = (start.year, end.year)
    share = release.inflow_share(question.hierarchy_code, question.area_code, *years)
    yield Evidence("inflow", value=share, unit="percent")
    codes = doses["dose_code"].unique().to_list() if doses.height else []
    numbers = release.differing_dose_numbers(question.hierarchy_code, question.area_code, codes, *years)
    for row in numbers.iter_rows(named=True):
        yield Evidence("misnumbered", row["name_vi"], row["name_en"], row["share"], unit="percent")


def _indicator_evidence(
    release: Release, question: Question, cause: Row, indicators: Sequence[Row]
) -> Iterator[Evidence]:
    values = release.indicator_values(
        [row["indicator_code"] for row in indicators],
        question.hierarchy_code,
        area_codes=[question.area_code],
        period_type=question.period_type,
        period_from=question.period,
        period_to=question.period,
    )
    by_code = {row["indicator_code"]: row for row in indicators}
    for row in values.sort("indicator_code").iter_rows(named=True):
        about = by_code[row["indicator_code"]]
        yield Evidence(
            cause["evidence_kind"],
            about["label_vi"],
            about["label_en"],
            row["value"],
            decimals=about["decimals"],
            unit=about["unit"],
            indicator_code=row["indicator_code"],
        )


def _denominator_evidence(release: Release, question: Question, indicator: Row) -> Iterator[Evidence]:
    others = release.denominators(indicator["base_indicator_code"])
    for row in others.iter_rows(named=True):
        if row["read_as"] == question.indicator_code:
            continue
        other = _own(release, Question(row["read_as"], *_place(question)), question.period)
        if other is not None:
            yield Evidence(
                "denominator",
                row["name_vi"],
                row["name_en"],
                other["value"],
                decimals=indicator["decimals"],
                unit=indicator["unit"],
            )


def _place(question: Question) -> tuple[str, str, str, str, None]:
    return question.hierarchy_code, question.area_code, question.period_type, question.period, None
