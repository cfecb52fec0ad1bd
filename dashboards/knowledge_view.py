"""The page of knowledge: estimates of open months, the curve of late arrivals, changes since an earlier release."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from dashboards import charts, components, formats, shell, source
from dashboards.knowledge import NoEstimateError, arrival_curve, changes, files_between, nowcast, path_to
from dashboards.shell import Context
from dashboards.views import area_name


def draw(context: Context) -> None:
    """Draw the page of the area and indicator that the state names."""
    texts = context.texts
    components.breadcrumb(context)
    st.title(texts("knowledge_title", area=area_name(context.tree.areas[context.state.area], texts)))
    components.filters(context)
    indicator = context.registry.indicators.row(
        by_predicate=pl.col("indicator_code") == context.state.indicator, named=True
    )
    with st.container(border=True):
        st.subheader(texts("nowcast"))
        st.caption(texts("nowcast_note"))
        _estimates(context, indicator)
    with st.container(border=True):
        st.subheader(texts("arrivals"))
        _curve(context)
    with st.container(border=True):
        st.subheader(texts("changes"))
        _changes(context, indicator)


def _estimates(context: Context, indicator: dict[str, Any]) -> None:
    texts, state = context.texts, context.state
    try:
        found = nowcast(context.release, state.indicator, state.hierarchy, state.area)
    except NoEstimateError:
        st.info(texts("nowcast_none"), icon=":material/info:")
        return
    if found.is_empty():
        st.info(texts("nowcast_complete"), icon=":material/check_circle:")
        return

    def value(cell: float | None) -> str:
        return formats.in_unit(cell, indicator["unit"], texts.language, indicator["decimals"])

    def interval(low: float | None, high: float | None) -> str:
        return texts("nowcast_too_short") if low is None else f"{value(low)} – {value(high)}"

    shares = context.release.arrival_parameters()
    narrow, wide = (
        texts("nowcast_interval", share=formats.number(100 * shares[name], texts.language))
        for name in ("interval_share", "wide_interval_share")
    )
    rows = [
        {
            texts("period"): formats.period(row["period"], "month", texts.language),
            texts("nowcast_delay"): formats.number(row["delay_days"], texts.language),
            texts("nowcast_counted"): value(row["value"]),
            texts("nowcast_share"): formats.in_unit(
                None if row["arrived_share"] is None else 100 * row["arrived_share"], "percent", texts.language, 1
            ),
            texts("nowcast_estimate"): value(row["estimate"]),
            narrow: interval(row["narrow_low"], row["narrow_high"]),
            wide: interval(row["wide_low"], row["wide_high"]),
            texts("status"): texts(f"nowcast_{row['status']}", months=row["months_used"]),
        }
        for row in found.iter_rows(named=True)
    ]
    st.dataframe(pl.DataFrame(rows), hide_index=True)


def _curve(context: Context) -> None:
    texts, state = context.texts, context.state
    try:
        path_to(context.release, state.hierarchy, state.area)
    except NoEstimateError:
        st.info(texts("arrivals_lowest"), icon=":material/info:")
        return
    curve = arrival_curve(context.release, state.hierarchy, state.area)
    if curve.is_empty():
        st.info(texts("arrivals_none"), icon=":material/info:")
        return
    dated = context.release.arrival_dates_of_senders(state.hierarchy, state.area)
    st.caption(texts("arrivals_note", share=formats.number(100 * (dated or 0.0), texts.language, 1)))
    levels = context.release.area_levels(state.hierarchy)
    named = {row["level_code"]: texts.named(row) for row in levels.iter_rows(named=True)}
    deadlines = [
        (row["deadline_days"], named[row["level_code"]])
        for row in context.release.reporting_deadlines().iter_rows(named=True)
        if row["level_code"] in named
    ]
    name = area_name(context.tree.areas[state.area], texts)
    components.chart(charts.arrival_curve(curve, deadlines, texts), alt=texts("arrivals_alt", area=name))


def _changes(context: Context, indicator: dict[str, Any]) -> None:
    texts, state = context.texts, context.state
    current = context.release.release_id
    days = [day for day in source.known_days() if not state.as_of or day < state.as_of]
    if not days:
        st.info(texts("changes_none"), icon=":material/info:")
        return
    chosen = st.selectbox(
        texts("changes_since"),
        days,
        index=min(1, len(days) - 1),
        format_func=lambda day: formats.day(pl.Series([day]).str.to_date()[0], texts.language),
        key="changes_since",
    )
    earlier = source.as_known(chosen)
    then = None if earlier is None else earlier.within(context.release.scope)
    if then is None or then.release_id == current:
        st.info(texts("changes_none"), icon=":material/info:")
        return
    found = changes(then, context.release, [state.indicator], state.hierarchy, [state.area], state.period_type)
    if found.is_empty():
        st.info(texts("changes_nothing"), icon=":material/check_circle:")
        return
    _changed_values(context, indicator, found)
    first, last = min(found["period_start_month"]), max(found["period_end_month"])
    files = files_between(
        then,
        context.release,
        state.indicator,
        state.hierarchy,
        state.area,
        first,
        last,
    )
    st.caption(texts("changes_files", count=formats.number(files.height, texts.language)))
    st.dataframe(
        pl.DataFrame(
            [
                {
                    texts("file_name"): row["original_name"],
                    texts("submission_id"): row["submission_id"],
                    texts("received_at"): formats.moment(row["received_at"], texts.language),
                    texts("places"): formats.number(row["place_count"], texts.language),
                    texts("rows"): formats.number(row["row_count"], texts.language),
                }
                for row in files.head(500).iter_rows(named=True)
            ]
        ),
        hide_index=True,
    )


def _changed_values(context: Context, indicator: dict[str, Any], found: pl.DataFrame) -> None:
    texts = context.texts
    unit = texts("unit_points") if indicator["unit"] == "percent" else ""

    def value(cell: float | None) -> str:
        return formats.in_unit(cell, indicator["unit"], texts.language, indicator["decimals"])

    rows = [
        {
            texts("period"): shell.period_text(context, row["period"]),
            texts("value_then"): value(row["value_then"]),
            texts("value_now"): value(row["value_now"]),
            texts("difference"): formats.NOTHING
            if row["difference"] is None
            else f"{formats.signed(row['difference'], texts.language, indicator['decimals'])} {unit}".strip(),
            texts("numerator"): f"{formats.number(row['numerator_then'], texts.language)} → "
            f"{formats.number(row['numerator_now'], texts.language)}",
            texts("units_included"): f"{formats.number(row['units_included_then'], texts.language)} → "
            f"{formats.number(row['units_included_now'], texts.language)}",
        }
        for row in found.iter_rows(named=True)
    ]
    if found.filter(pl.col("definition_version_then") != pl.col("definition_version_now")).height:
        st.warning(texts("changes_definition"), icon=":material/rule:")
    st.dataframe(pl.DataFrame(rows), hide_index=True)
