"""Doses of a place by who pays, sex and age group, as far as its facilities' records say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
import streamlit as st

from dashboards import charts, components, formats
from dashboards.breakdowns import NO_RECORDS, by_category, chosen_counts
from dashboards.downloads import Column, Extract
from dashboards.exports.scope import release_facts
from dashboards.shell import Context, period_text
from dashboards.views import COHORT_POLICY, Row, area_name, with_every_area
from dashboards.warehouse import Area
from pipelines.reference import BREAKDOWNS

_TREND_MONTHS = 24


def draw(context: Context, area: Area, below: Sequence[Area], indicator: Row) -> None:
    """Draw the panel of the indicator's dose, closed unless the link names a category: counts are asked for then.

    Nothing where the indicator is of no dose, or counts children instead of doses.
    """
    texts, state, dose = context.texts, context.state, indicator["dose_code"]
    if not dose or indicator["missing_policy"] == COHORT_POLICY or not state.period:
        return
    categories = context.release.breakdown_categories()
    if not categories.height:
        return
    chosen = state.categories()
    key = f"breakdown_{state.hierarchy}_{state.area}_{dose}"
    panel = st.expander(
        texts("breakdown"),
        key=key,
        on_change="rerun",
        icon=":material/groups:",
        expanded=any(chosen.values()),
    )
    if not panel.open:
        return
    with panel:
        st.caption(texts("breakdown_note"))
        _choices(context, categories)
        places = [area, *below]
        counts = _counts(context, places, dose)
        own = counts.row(0, named=True)
        if own["value_status"] == NO_RECORDS:
            st.info(texts("breakdown_none", area=area_name(area, texts)), icon=":material/info:")
            return
        _numbers(context, own)
        _categories(context, area, dose, categories)
        _trend(context, area, indicator)
        if below:
            _areas(context, below, counts.slice(1), indicator)


def _choices(context: Context, categories: pl.DataFrame) -> None:
    texts, chosen = context.texts, context.state.categories()
    with st.grid(columns=3, min_column_width=180):
        for code in BREAKDOWNS:
            rows = categories.filter(pl.col("breakdown_code") == code)
            names = {"": texts("breakdown_all")} | {
                row["category_code"]: texts.named(row) for row in rows.iter_rows(named=True)
            }
            components.choose(code, list(names), chosen[code], names.__getitem__, texts(f"breakdown_{code}"))


def _counts(context: Context, places: Sequence[Area], dose: str) -> pl.DataFrame:
    release, state = context.release, context.state
    codes = [place.area_code for place in places]
    months = release.months_of(state.period_type, state.period)
    joint = release.dose_breakdowns([dose], state.hierarchy, codes, *months)
    others = [code for code in codes if code not in set(joint["area_code"])]
    margins = release.dose_margins([dose], state.hierarchy, others, *months) if others else joint.clear()
    return chosen_counts(codes, joint, margins, state.categories())


def _numbers(context: Context, own: Row) -> None:
    texts, language = context.texts, context.texts.language
    share = None
    if own["dose_count"] is not None and own["record_count"]:
        share = 100 * own["dose_count"] / own["record_count"]
    components.number_cards(
        [
            (texts("breakdown_chosen"), formats.number(own["dose_count"], language)),
            (texts("breakdown_share"), formats.in_unit(share, "percent", language, 1)),
            (texts("breakdown_records"), formats.number(own["record_count"], language)),
        ]
    )
    if own["value_status"] != "calculated":
        key = "breakdown_hidden" if own["record_count"] is None else "breakdown_one_at_a_time"
        st.info(texts(key), icon=":material/visibility_off:")


def _categories(context: Context, area: Area, dose: str, categories: pl.DataFrame) -> None:
    release, state, texts = context.release, context.state, context.texts
    asked = ([dose], state.hierarchy, [area.area_code], *release.months_of(state.period_type, state.period))
    joint = release.dose_breakdowns(*asked)
    margins = joint if joint.height else release.dose_margins(*asked)
    rows = by_category(categories, joint, margins, state.categories())
    with st.grid(columns=3, min_column_width=240):
        for code in BREAKDOWNS:
            own = rows.filter(pl.col("breakdown_code") == code)
            with st.container():
                st.dataframe(
                    pl.DataFrame(
                        {
                            texts(f"breakdown_{code}"): [texts.named(row) for row in own.iter_rows(named=True)],
                            texts("doses"): [formats.number(count, texts.language) for count in own["dose_count"]],
                            texts("share"): [
                                formats.in_unit(share, "percent", texts.language, 1) for share in own["share"]
                            ],
                        }
                    ),
                    hide_index=True,
                    column_config={
                        texts(name): st.column_config.TextColumn(texts(name), alignment="right")
                        for name in ("doses", "share")
                    },
                )


def _trend(context: Context, area: Area, indicator: Row) -> None:
    """Draw the doses of the choice by month, up to the end of the period; only of who sees small counts."""
    texts, state = context.texts, context.state
    _, last = context.release.months_of(state.period_type, state.period)
    first = formats.months_before(last, _TREND_MONTHS - 1)
    months = context.release.dose_breakdown_months(indicator["dose_code"], state.hierarchy, area.area_code, first, last)
    chosen = [pl.col(code) == value for code, value in state.categories().items() if value]
    if months["month"].n_unique() < len(BREAKDOWNS[:2]):
        return
    every = months.group_by("month").agg(pl.col("dose_count").sum().alias("all"))
    kept = months.filter(*chosen).group_by("month").agg(pl.col("dose_count").sum()) if chosen else None
    names = [(texts("breakdown_records"), every.rename({"all": "dose_count"}))]
    if kept is not None:
        # A month with records and none of the choice has zero of it.
        zeros = every.select("month").join(kept, on="month", how="left").with_columns(pl.col("dose_count").fill_null(0))
        names.append((texts("breakdown_chosen"), zeros))
    frame = pl.concat(
        [
            rows.sort("month").select(
                pl.col("month").dt.strftime("%Y-%m").alias("period"),
                pl.lit(name).alias("series"),
                pl.col("dose_count").cast(pl.Float64).alias("value"),
            )
            for name, rows in names
        ]
    )
    frame = frame.with_columns(
        pl.Series("period_text", [formats.period(code, "month", texts.language) for code in frame["period"]]),
        pl.Series("value_text", [formats.number(value, texts.language) for value in frame["value"]]),
    )
    components.chart(
        charts.lines(frame, texts, dashed=texts("breakdown_records") if kept is not None else ""),
        alt=texts("breakdown_alt", indicator=texts.named(dict(indicator), "label"), area=area_name(area, texts)),
    )


def _areas(context: Context, below: Sequence[Area], counts: pl.DataFrame, indicator: Row) -> None:
    texts, language, state = context.texts, context.texts.language, context.state
    frame = _worded(context, below, counts)
    right = {
        texts(name): st.column_config.TextColumn(texts(name), alignment="right")
        for name in ("breakdown_chosen", "breakdown_share", "breakdown_records")
    }
    st.dataframe(
        frame.select(
            pl.col("area_name").alias(texts("area")),
            pl.Series(texts("breakdown_chosen"), [formats.number(count, language) for count in frame["dose_count"]]),
            pl.Series(
                texts("breakdown_share"), [formats.in_unit(share, "percent", language, 1) for share in frame["share"]]
            ),
            pl.Series(texts("breakdown_records"), [formats.number(count, language) for count in frame["record_count"]]),
            pl.col("status_text").alias(texts("status")),
        ),
        hide_index=True,
        height=min(420, 38 + 35 * max(frame.height, 1)),
        column_config=right,
    )
    columns = [
        Column("area_code", texts("area_code")),
        Column("area_name", texts("area")),
        Column("dose_count", texts("breakdown_chosen"), 0),
        Column("share", f"{texts('breakdown_share')} (%)", 1),
        Column("record_count", texts("breakdown_records"), 0),
        Column("status_text", texts("status")),
    ]
    facts = [
        *release_facts(context.release.info(), context.release.check_results(), texts),
        (texts("indicator"), texts.named(dict(indicator), "label")),
        (texts("period"), period_text(context)),
        *((texts(f"breakdown_{code}"), value or texts("breakdown_all")) for code, value in state.categories().items()),
    ]
    definition = {texts("definition_name"): texts("breakdown"), texts("definition"): texts("breakdown_note")}
    extract = Extract(frame, columns, [definition], facts, language)

    def taken() -> Extract:
        leaving = replace(context, release=context.release.leaving())
        rows = _worded(leaving, below, _counts(leaving, below, indicator["dose_code"]))
        return Extract(rows, columns, [definition], facts, language)

    stem = f"doses_{indicator['dose_code']}_{state.hierarchy}_{state.area}_{state.period_type}_{state.period}"
    components.downloads(extract, stem, context, taken)


def _worded(context: Context, below: Sequence[Area], counts: pl.DataFrame) -> pl.DataFrame:
    texts = context.texts
    statuses = {
        row["value_status"]: texts.named(row, "label") for row in context.registry.statuses.iter_rows(named=True)
    }
    statuses[NO_RECORDS] = texts("breakdown_no_records")
    return with_every_area(below, counts, texts).with_columns(
        pl.when(pl.col("record_count") > 0).then(100 * pl.col("dose_count") / pl.col("record_count")).alias("share"),
        pl.col("value_status").replace_strict(statuses, return_dtype=pl.String).alias("status_text"),
    )
