"""What a view is made of: pure functions from published values to what is drawn. No Streamlit, no SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboards import formats
from dashboards.i18n import Texts
from dashboards.warehouse import Area

Row = Mapping[str, Any]

NO_REPORT = "not_reported"
# Indicators of children expect and include children, the others reports.
COHORT_POLICY = "followed_children"
# Periods that grow or roll are compared with the same months a year before; the others with the one before.
_A_YEAR_BEFORE = frozenset({"ytd", "rolling12"})


@dataclass(frozen=True)
class Band:
    """One band of an indicator: from `lower` (included) to `upper` (not), None for no limit."""

    lower: float | None
    upper: float | None
    colour_token: str
    label: str

    def holds(self, value: float) -> bool:
        """Whether a value lies in the band."""
        return (self.lower is None or value >= self.lower) and (self.upper is None or value < self.upper)


@dataclass(frozen=True)
class Mark:
    """Events that begin in one period of a trend, ready to be drawn."""

    period_text: str
    sign: str  # the numbers of the events, as in the list below the chart
    label: str
    days: str


@dataclass(frozen=True)
class Kpi:
    """One headline number of an area, ready to be shown."""

    label: str
    value: str
    band: Band | None
    change: str | None  # with its sign; None when there is nothing to compare with
    compared_with: str
    completeness: str | None
    status: str | None  # in words, when the value is not simply there


def bands_of(thresholds: pl.DataFrame, indicator_code: str, texts: Texts) -> list[Band]:
    """Return the bands of an indicator from the lowest."""
    rows = thresholds.filter(pl.col("indicator_code") == indicator_code).sort("lower_bound", nulls_last=False)
    return [
        Band(row["lower_bound"], row["upper_bound"], row["colour_token"], texts.named(row, "label"))
        for row in rows.iter_rows(named=True)
    ]


def band_of(value: float | None, bands: Iterable[Band]) -> Band | None:
    """Return the band that holds a value, or None."""
    return None if value is None else next((band for band in bands if band.holds(value)), None)


def compared_period(period: str, period_type: str, known: Sequence[str]) -> str | None:
    """Return the period that a change is measured from, or None when the release has not got it."""
    if period_type in _A_YEAR_BEFORE:
        wanted = f"{int(period[:4]) - 1}{period[4:]}"
    elif period_type == "year":
        wanted = str(int(period) - 1)
    elif period_type == "quarter":
        year, quarter = int(period[:4]), int(period[-1])
        wanted = f"{year}Q{quarter - 1}" if quarter > 1 else f"{year - 1}Q4"
    else:
        year, month = int(period[:4]), int(period[5:])
        wanted = f"{year}-{month - 1:02d}" if month > 1 else f"{year - 1}-12"
    return wanted if wanted in known else None


def with_every_area(areas: Sequence[Area], values: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """Return one row an area, in the order given: an area without a row has not reported, which is not zero."""
    spine = pl.DataFrame(
        {
            "area_code": [area.area_code for area in areas],
            "area_name": [area_name(area, texts) for area in areas],
        },
        schema={"area_code": pl.String, "area_name": pl.String},
    )
    return spine.join(values, on="area_code", how="left", maintain_order="left").with_columns(
        pl.col("value_status").fill_null(NO_REPORT)
    )


def with_every_period(periods: Sequence[str], values: pl.DataFrame) -> pl.DataFrame:
    """Return one row a period, in the order given: a line must break where nothing was reported."""
    spine = pl.DataFrame({"period": list(periods)}, schema={"period": pl.String})
    return spine.join(values, on="period", how="left", maintain_order="left").with_columns(
        pl.col("value_status").fill_null(NO_REPORT)
    )


def ranked(frame: pl.DataFrame, direction: str) -> pl.DataFrame:
    """Return the areas that have a value, the best first; ties keep the order of names."""
    return frame.filter(pl.col("value").is_not_null()).sort(
        "value", descending=direction != "lower", maintain_order=True
    )


def kpi(
    indicator: Row,
    current: Row | None,
    before: Row | None,
    *,
    compared_with: str,
    bands: Sequence[Band],
    statuses: Mapping[str, str],
    texts: Texts,
) -> Kpi:
    """Return the card of an indicator. `current` and `before` are published rows, or None without a report."""
    language = texts.language
    value = current["value"] if current else None
    earlier = before["value"] if before else None
    status = current["value_status"] if current else NO_REPORT
    change = None
    if value is not None and earlier is not None:
        unit = texts("unit_points") if indicator["unit"] == "percent" else ""
        change = f"{formats.signed(value - earlier, language, indicator['decimals'])} {unit}".strip()
    return Kpi(
        label=texts.named(dict(indicator), "short"),
        value=formats.in_unit(value, indicator["unit"], language, indicator["decimals"]),
        band=band_of(value, bands),
        change=change,
        compared_with=compared_with,
        completeness=completeness(current, indicator, texts),
        status=None if status == "calculated" else statuses[status],
    )


def denominators_beside(denominators: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """Return one row a denominator of `Release.denominators`, the indicator's own first, with what it comes to.

    `values` are published rows of the codes in `read_as` for one area and period. `difference_pct` is how far the
    denominator lies from the indicator's own, in percent of that; `is_apart` whether by more than its tolerance.
    """
    joined = denominators.join(
        values.select("indicator_code", "denominator", "value", "value_status"),
        left_on="read_as",
        right_on="indicator_code",
        how="left",
        maintain_order="left",
    )
    own = next(iter(joined.filter(pl.col("is_own"))["denominator"].to_list()), None)
    if not own:
        return joined.with_columns(
            pl.lit(None, dtype=pl.Float64).alias("difference_pct"), pl.lit(False).alias("is_apart")
        )
    return joined.with_columns((100 * (pl.col("denominator") - own) / own).alias("difference_pct")).with_columns(
        (pl.col("difference_pct").abs() > pl.col("tolerance_pct")).fill_null(False).alias("is_apart")
    )


def red_category(access: float, utilisation: float, rule: Row, categories: Iterable[Row]) -> Row:
    """Return the category of a coverage and a dropout, both in percent, by a row of `red_rules`.

    A dropout of zero is a good one. A negative dropout is no utilisation at all: it belongs to the category without
    either, whatever the coverage.
    """
    is_access_good: bool | None = access >= rule["access_minimum"]
    limit = rule["utilisation_limit"]
    is_good: bool | None = utilisation <= limit if rule["is_limit_good"] else utilisation < limit
    if utilisation < 0:
        is_access_good = is_good = None
    return next(
        row for row in categories if (row["is_access_good"], row["is_utilisation_good"]) == (is_access_good, is_good)
    )


def completeness(row: Row | None, indicator: Row, texts: Texts) -> str | None:
    """Return `29 of 30 reports`, or children for a cohort, or None when nothing was expected."""
    if not row or not row["units_expected"]:
        return None
    return texts(
        "children_of" if indicator["missing_policy"] == COHORT_POLICY else "reports_of",
        included=formats.number(row["units_included"], texts.language),
        expected=formats.number(row["units_expected"], texts.language),
    )


def marks_of(
    events: Sequence[Row], periods: Sequence[Row], period_texts: Mapping[str, str], texts: Texts
) -> tuple[list[Mark], list[str]]:
    """Return a mark for each period in which events fall, and a line for each event, in order of time.

    `periods` are rows with period, period_start_month and period_end_month. An event stands at the first of them that
    it overlaps; one that overlaps none is left out.
    """
    at: dict[str, list[tuple[int, Row]]] = {}
    lines: list[str] = []
    ordered = sorted(periods, key=lambda row: (row["period_end_month"], row["period"]))
    for event in sorted(events, key=lambda row: (row["valid_from"], row["event_code"])):
        for period in ordered:
            if event["valid_from"] < formats.months_before(period["period_end_month"], -1) and (
                event["valid_to"] > period["period_start_month"]
            ):
                at.setdefault(period["period"], []).append((len(lines) + 1, event))
                lines.append(f"{len(lines) + 1}. {texts.named(dict(event), 'label')} ({_days(event, texts)})")
                break
    marks = [
        Mark(
            period_text=period_texts[code],
            sign=", ".join(str(number) for number, _ in found),
            label="; ".join(texts.named(dict(event), "label") for _, event in found),
            days="; ".join(_days(event, texts) for _, event in found),
        )
        for code, found in at.items()
    ]
    return marks, lines


def _days(event: Row, texts: Texts) -> str:
    """Return from when to when an event lasted; a month or less is the month."""
    last = formats.months_before(event["valid_to"], 1)
    first, end = (formats.period(f"{day:%Y-%m}", "month", texts.language) for day in (event["valid_from"], last))
    return first if first == end else f"{first} – {end}"


def default_first(codes: list[str], indicators: pl.DataFrame) -> list[str]:
    """Put the headline coverage of the series' last dose first: what a programme is asked about before all else."""
    coverage = indicators.filter(pl.col("is_headline") & (pl.col("indicator_kind") == "coverage"))
    dropout = indicators.filter(pl.col("is_headline") & (pl.col("indicator_kind") == "dropout"))
    last_doses = {code.rsplit("_", 1)[-1] for code in dropout["indicator_code"].to_list()}
    preferred = [row["indicator_code"] for row in coverage.iter_rows(named=True) if row["dose_code"] in last_doses]
    return preferred[:1] + [code for code in codes if code not in preferred[:1]]


def area_name(area: Area, texts: Texts) -> str:
    """Return the area's name in the reader's language."""
    return area.name_en if texts.language == "en" and area.name_en else area.name_vi


def waterfall(bridge: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """Return the bars of a bridge in order: name, lower, upper, value_text, kind (total, more, less), explanation.

    `bridge` has the rows of `Release.coverage_bridge`; those of percentage points and denominators are no bars.
    """
    bars: list[dict[str, Any]] = []
    level = 0.0
    for row in bridge.iter_rows(named=True):
        value, is_step = row["value"], row["step_kind"] == "step"
        if row["step_kind"] in {"denominator", "denominator_step"}:
            continue
        before, level = (level, level + value) if is_step else (0.0, value)
        number = formats.number(value, texts.language, 0)
        bars.append(
            {
                "name": texts.named(row),
                "lower": min(before, level),
                "upper": max(before, level),
                "value_text": f"+{number}" if is_step and value > 0 else number,
                "kind": ("more" if value > 0 else "less") if is_step else "total",
                "explanation": texts.named(row, "explanation"),
            }
        )
    return pl.DataFrame(bars)
