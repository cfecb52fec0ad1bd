"""The one view of an area, whatever its level: numbers, map, ranking, trend, table and the way down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboards import (
    breakdown_view,
    charts,
    compare_view,
    components,
    denominators_view,
    explain_view,
    exports_view,
    formats,
    monitoring_view,
    red_view,
    shell,
)
from dashboards.definitions import definition_of
from dashboards.downloads import Column, Extract
from dashboards.explanation import events_touching, series_of
from dashboards.exports.scope import release_facts
from dashboards.shell import Context
from dashboards.state import WAS
from dashboards.views import (
    COHORT_POLICY,
    Band,
    Mark,
    Row,
    area_name,
    bands_of,
    compared_period,
    completeness,
    kpi,
    marks_of,
    ranked,
    waterfall,
    with_every_area,
    with_every_period,
)
from dashboards.warehouse import Area

_TREND_POINTS = 36
_NAMES_LISTED = 12


@dataclass(frozen=True)
class _Subject:
    """What is looked at: the area, what is below it, and the chosen indicator with its bands."""

    context: Context
    area: Area
    below: list[Area]
    indicator: Row
    bands: list[Band]
    statuses: Mapping[str, str]

    @property
    def period(self) -> str:
        return shell.period_text(self.context)


def draw(context: Context) -> None:
    """Draw the area that the state names."""
    shell.remember(context.state)
    area = context.tree.areas[context.state.area]
    texts = context.texts
    indicator = context.registry.indicators.row(
        by_predicate=pl.col("indicator_code") == context.state.indicator, named=True
    )
    subject = _Subject(
        context,
        area,
        listed_below(context, area),
        indicator,
        bands_of(context.registry.thresholds, context.state.indicator, texts),
        {row["value_status"]: texts.named(row, "label") for row in context.registry.statuses.iter_rows(named=True)},
    )
    components.breadcrumb(context)
    st.title(area_name(area, texts))
    components.filters(context)
    if context.listing is not None and not _say_list(subject):
        return
    _headlines(subject)
    own = _chosen_values(context, [area.area_code])
    _remarks(subject, own.row(0, named=True) if own.height else None)
    # What is worked out by the tree's own list says nothing of another one.
    is_of_tree = context.listing is None
    if is_of_tree:
        _adjusted(subject)
        explain_view.draw(context)
        denominators_view.draw(context, area, indicator, subject.statuses)
        compare_view.draw(context, area, indicator)
    frame = _compared(subject) if subject.below else None
    if frame is not None:
        _map_and_ranking(subject, frame)
        if is_of_tree:
            red_view.draw(context, area, subject.below)
    _trends(subject)
    if is_of_tree:
        monitoring_view.draw(context, area, indicator)
        breakdown_view.draw(context, area, subject.below, indicator)
        _by_age(subject)
        _bridge(subject)
    if frame is None:
        st.info(texts("below_none", area=area_name(area, texts)), icon=":material/info:")
        frame = _described(subject, with_every_area([area], own, texts))
    _table(subject, frame)
    if is_of_tree:
        exports_view.draw(context)


def listed_below(context: Context, area: Area) -> list[Area]:
    """Return what a view of an area compares, by the list that is drawn."""
    below = context.tree.shown_below(area.area_code)
    listing = context.listing
    if listing is None:
        return below
    codes = [one.area_code for one in below]
    if area.area_code in {one.parent_code for one in below}:
        known = listing.children(area.area_code)
        codes = [code for code in codes if code in known] + [code for code in known if code not in codes]
    found = []
    for code in codes:
        if code in listing.areas:
            listed, own = listing.areas[code], context.tree.get(code)
            name_en = own.name_en if own and own.name_vi == listed.name_vi else listed.name_vi
            found.append(
                Area(
                    area.hierarchy_code,
                    code,
                    listed.level_code,
                    listed.parent_code,
                    listed.name_vi,
                    name_en,
                    area.depth + 1,
                )
            )
    return found


def _say_list(subject: _Subject) -> bool:
    """Say by which list areas are drawn; False when the area is not in it."""
    context, texts = subject.context, subject.context.texts
    assert context.listing is not None and context.listed_on is not None
    day = formats.day(context.listed_on, texts.language)
    tree = context.registry.hierarchies.row(
        by_predicate=pl.col("hierarchy_code") == context.state.hierarchy, named=True
    )
    if subject.area.area_code not in context.listing.areas:
        st.warning(texts("areas_of_gone", area=area_name(subject.area, texts), day=day), icon=":material/event_busy:")
        return False
    st.info(texts("areas_of_note", day=day, tree=texts.named(tree)), icon=":material/account_tree:")
    return True


def _values(context: Context, areas: Sequence[str], indicators: Sequence[str], period: str) -> pl.DataFrame:
    if context.listing is not None:
        return context.release.values_on_list(
            indicators,
            context.state.hierarchy,
            context.listing,
            area_codes=areas,
            period_type=context.state.period_type,
            period_from=period,
            period_to=period,
        )
    return context.release.indicator_values(
        indicators,
        context.state.hierarchy,
        area_codes=areas,
        period_type=context.state.period_type,
        period_from=period,
        period_to=period,
    )


def _chosen_values(context: Context, areas: Sequence[str]) -> pl.DataFrame:
    """Return the values of the chosen indicator and period, with what of them rests on shares of split communes."""
    values = _values(context, areas, [context.state.indicator], context.state.period)
    return context.release.with_split_shares(values, context.state.hierarchy)


def _headlines(subject: _Subject) -> None:
    context, texts = subject.context, subject.context.texts
    headline = context.registry.indicators.filter(pl.col("is_headline"))
    codes = headline["indicator_code"].to_list()
    known = context.periods["period"].to_list()
    period = context.state.period
    earlier = compared_period(period, context.state.period_type, known) if period else None
    now = _by_indicator(_values(context, [subject.area.area_code], codes, period))
    before = _by_indicator(_values(context, [subject.area.area_code], codes, earlier)) if earlier else {}
    st.subheader(f"{texts('headlines')} · {subject.period}")
    components.kpi_cards(
        [
            kpi(
                row,
                now.get(row["indicator_code"]),
                before.get(row["indicator_code"]),
                compared_with=shell.period_text(context, earlier) if earlier else "",
                bands=bands_of(context.registry.thresholds, row["indicator_code"], texts),
                statuses=subject.statuses,
                texts=texts,
            )
            for row in headline.iter_rows(named=True)
        ],
        context,
    )


def _by_indicator(values: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {row["indicator_code"]: row for row in values.iter_rows(named=True)}


def _remarks(subject: _Subject, own: Row | None) -> None:
    """Say in words what is missing from the chosen number."""
    context, texts = subject.context, subject.context.texts
    is_over = dict(context.periods.select("period", "is_complete").iter_rows()).get(context.state.period, True)
    if not is_over:
        st.info(texts("period_open_note", period=subject.period), icon=":material/hourglass_top:")
    status = own["value_status"] if own else "not_reported"
    described = context.registry.statuses.row(by_predicate=pl.col("value_status") == status, named=True)
    if not described["has_value"]:
        st.info(
            texts(
                "empty_note",
                area=area_name(subject.area, texts),
                period=subject.period,
                status=subject.statuses[status],
                explanation=texts.named(described, "explanation"),
            ),
            icon=":material/info:",
        )
    elif own and status != "calculated":
        st.info(
            texts("partial_note", completeness=completeness(own, subject.indicator, texts) or ""),
            icon=":material/info:",
        )
    if own and own["split_share"]:
        share = formats.in_unit(100 * own["split_share"], "percent", texts.language, 1)
        st.info(texts("split_note", share=share), icon=":material/call_split:")


def _adjusted(subject: _Subject) -> None:
    """Show the value without what stewards left out, where it differs, and which values these are."""
    context, texts, state = subject.context, subject.context.texts, subject.context.state
    found = context.release.adjusted_values(
        [state.indicator], state.hierarchy, area_codes=[subject.area.area_code], period_type=state.period_type,
        period_from=state.period, period_to=state.period,
    )  # fmt: skip
    if not found.height:
        return
    row = found.row(0, named=True)
    left_out = context.release.exclusions(state.hierarchy, subject.area.area_code)
    raw, adjusted = (
        formats.in_unit(row[name], subject.indicator["unit"], texts.language, subject.indicator["decimals"])
        for name in ("raw_value", "value")
    )
    count = formats.number(left_out.height, texts.language)
    st.info(texts("adjusted_note", count=count, raw=raw, adjusted=adjusted), icon=":material/rule:")
    with st.expander(texts("adjusted_list")):
        for one in left_out.iter_rows(named=True):
            value = formats.number(one["value"], texts.language, 0)
            st.text(f"{texts.named(one, 'reporter')} · {one['period']} · {texts.named(one, 'measure')}: {value}")


def _compared(subject: _Subject) -> pl.DataFrame:
    context = subject.context
    codes = [area.area_code for area in subject.below]
    values = _chosen_values(context, codes)
    return _described(subject, with_every_area(subject.below, values, context.texts))


def _described(subject: _Subject, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the words of a row: value_text, band, status_text, source_text."""
    return charts.worded(
        frame,
        subject.indicator,
        subject.bands,
        subject.statuses,
        subject.context.registry.sources,
        subject.context.texts,
    )


def _map_and_ranking(subject: _Subject, frame: pl.DataFrame) -> None:
    context, texts = subject.context, subject.context.texts
    label = texts.named(dict(subject.indicator), "label")
    order = ranked(frame, subject.indicator["direction"])
    shapes = context.tree.shown_below(subject.area.area_code)
    layer = context.tree.layer(shapes)
    with st.grid(columns=2, min_column_width=340, gap="medium"):
        with st.container(border=True):
            st.subheader(texts("map"))
            st.caption(f"{label} · {subject.period}")
            if layer is None:
                st.info(texts("map_none"), icon=":material/map:")
            else:
                key = f"map_{context.state.hierarchy}_{subject.area.area_code}_{context.state.indicator}"
                drawn = charts.area_map(
                    layer, _shaped(context, shapes, frame), subject.indicator, subject.bands, texts=texts, height=520
                )
                components.chart(
                    drawn,
                    key=key,
                    on_select=_remember_click(key),
                    alt=_map_alt(subject, frame, order, label),
                )
                st.caption(texts("map_hint"))
                _as_files(subject, drawn, "map", subject.period)
        with st.container(border=True):
            st.subheader(texts("ranking"))
            st.caption(f"{label} · {subject.period}")
            if order.height:
                bars = charts.ranking(order, subject.indicator, subject.bands, texts)
                with st.container(height=560, border=False):
                    components.chart(
                        bars,
                        alt=texts(
                            "ranking_alt",
                            indicator=label,
                            period=subject.period,
                            first=_name_and_value(order, 0),
                            last=_name_and_value(order, -1),
                        ),
                    )
                _as_files(subject, bars, "ranking", subject.period)
            else:
                st.info(texts("ranking_empty"), icon=":material/info:")
            _without_value(subject, frame)
    _follow_click(subject)


def _shaped(context: Context, shapes: Sequence[Area], frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of a map: boundaries are the tree's, and each shows the area of the list in which it lies."""
    if context.listing is None:
        return frame
    homes = {area.area_code: context.listing.home(area.area_code) for area in shapes}
    lying = pl.DataFrame(list(homes.items()), schema={"shape_code": pl.String, "area_code": pl.String}, orient="row")
    return lying.join(frame, on="area_code", how="inner", maintain_order="left").with_columns(
        pl.col("shape_code").alias("area_code")
    )


def _map_alt(subject: _Subject, frame: pl.DataFrame, order: pl.DataFrame, label: str) -> str:
    texts = subject.context.texts
    common = {"indicator": label, "period": subject.period, "area": area_name(subject.area, texts)}
    if not order.height:
        return texts("map_alt_empty", **common)
    by_value = order.sort("value")
    return texts(
        "map_alt",
        **common,
        valued=order.height,
        count=frame.height,
        low=_name_and_value(by_value, 0),
        high=_name_and_value(by_value, -1),
    )


def _name_and_value(frame: pl.DataFrame, index: int) -> str:
    row = frame.row(index, named=True)
    return f"{row['area_name']} ({row['value_text']})"


def _without_value(subject: _Subject, frame: pl.DataFrame) -> None:
    names = frame.filter(pl.col("value").is_null())["area_name"].to_list()
    if names and len(names) < frame.height:
        listed = ", ".join(names[:_NAMES_LISTED]) + (" …" if len(names) > _NAMES_LISTED else "")
        st.caption(subject.context.texts("ranking_without", count=len(names), names=listed))


_CLICKED = "clicked_area"


def _remember_click(key: str) -> Any:
    """Return the callback of a map. Only a new click calls it: a click of an earlier visit does not drill again."""

    def callback() -> None:
        picked = st.session_state[key]["selection"].get(charts.SELECTION) or []
        if picked:
            st.session_state[_CLICKED] = picked[0]["area_code"]

    return callback


def _follow_click(subject: _Subject) -> None:
    code, listing = st.session_state.pop(_CLICKED, None), subject.context.listing
    area = subject.context.tree.get(listing.home(code) if code and listing else code)
    if area is not None:
        open_area(subject.context, area)


def open_area(context: Context, area: Area) -> None:
    """Go to the page of an area, with everything else as it is."""
    st.switch_page(shell.PAGES[shell.page_of(area)], query_params=context.state.at(area.area_code).to_params())


def _trends(subject: _Subject) -> None:
    context, texts = subject.context, subject.context.texts
    kind = context.state.period_type
    with st.container(border=True):
        st.subheader(texts("trend"))
        periods = context.periods["period"].to_list()
        if context.state.period in periods:
            periods = periods[: periods.index(context.state.period) + 1]
        _trend(subject, kind, periods[-_TREND_POINTS:])
        # A year that is not over would look like a fall.
        years = (
            context.registry.periods[context.state.hierarchy]["year"].filter(pl.col("is_complete"))["period"].to_list()
        )
        if kind != "year" and len(years) > 2:
            st.subheader(texts("trend_years"))
            _trend(subject, "year", years)


def _trend(subject: _Subject, period_type: str, periods: list[str]) -> None:
    texts = subject.context.texts
    label = texts.named(dict(subject.indicator), "label")
    if not periods:
        st.info(texts("trend_empty"), icon=":material/info:")
        return
    values = _series(subject, period_type, periods)
    valued = values.filter(pl.col("value").is_not_null())["period"].sort().to_list()
    if not valued:
        st.info(texts("trend_empty"), icon=":material/info:")
        return
    if period_type == "year":
        # A year that nobody reported stands as a gap, also between two sources.
        periods = [str(year) for year in range(int(periods[0]), int(periods[-1]) + 1)]
    periods = periods[periods.index(valued[0]) :]
    frame = _described(subject, with_every_period(periods, values)).with_columns(
        pl.Series("period_text", [formats.period(code, period_type, texts.language) for code in periods])
    )
    marks, lines = _events(subject, period_type, dict(zip(periods, frame["period_text"], strict=True)))
    drawn = charts.trend(frame, subject.indicator, subject.bands, texts, marks=marks)
    components.chart(
        drawn,
        alt=texts(
            "trend_alt",
            indicator=label,
            area=area_name(subject.area, texts),
            first=frame["period_text"][0],
            last=frame["period_text"][-1],
        ),
    )
    _as_files(subject, drawn, f"trend_{period_type}", f"{frame['period_text'][0]} – {frame['period_text'][-1]}")
    if lines:
        st.caption(f"{texts('events')}: {' '.join(lines)}")


def _series(subject: _Subject, period_type: str, periods: Sequence[str]) -> pl.DataFrame:
    """Return the values of a trend: by the tree, by the list of a day, or by the list of each period."""
    context, state = subject.context, subject.context.state
    asked: dict[str, Any] = {
        "area_codes": [subject.area.area_code],
        "period_type": period_type,
        "period_from": periods[0],
        "period_to": periods[-1],
    }
    if context.listing is None:
        return context.release.indicator_values([state.indicator], state.hierarchy, **asked)
    if state.areas_of != WAS:
        return context.release.values_on_list([state.indicator], state.hierarchy, context.listing, **asked)
    values = context.release.values_as_was([state.indicator], **asked)
    # A code of one tree can name something else in another: such periods stay empty.
    same = [
        code
        for code, tree in context.registry.trees.items()
        if (other := tree.get(subject.area.area_code)) and other.name_vi == subject.area.name_vi
    ]
    return values.filter(pl.col("hierarchy_code").is_in(same)).drop("hierarchy_code", "split_share")


def _events(subject: _Subject, period_type: str, period_texts: Mapping[str, str]) -> tuple[list[Mark], list[str]]:
    """Return the events that touch the indicator's doses, or everything, in the periods of a trend."""
    context = subject.context
    events = context.release.events()
    periods = context.release.periods(period_type).filter(pl.col("period").is_in(list(period_texts)))
    if not events.height or not periods.height:
        return [], []
    series = series_of(context.release.doses_of(context.state.indicator))
    areas = {area.area_code for area in context.tree.path(subject.area.area_code)}
    first, last = periods["period_start_month"][0], periods["period_end_month"][-1]
    touching = list(events_touching(events, context.state.hierarchy, series, areas, first, last))
    return marks_of(touching, periods.to_dicts(), period_texts, context.texts)


def _by_age(subject: _Subject) -> None:
    """Show how coverage of the indicator's dose grows with age, and how late it is, where cohorts were counted."""
    context, texts, indicator = subject.context, subject.context.texts, subject.indicator
    if indicator["missing_policy"] != COHORT_POLICY or not indicator["dose_code"]:
        return
    asked = (context.state.hierarchy, subject.area.area_code, indicator["dose_code"])
    curve = context.release.cohort_curve(*asked)
    delays = context.release.dose_delays(*asked, "quarter")
    label = texts.named(dict(indicator), "label")
    if curve.height:
        with st.container(border=True):
            st.subheader(texts("curve"))
            st.caption(texts("curve_note"))
            drawn = charts.cohort_curve(curve, texts)
            components.chart(
                drawn,
                alt=texts("curve_alt", indicator=label, area=area_name(subject.area, texts)),
            )
            _as_files(subject, drawn, "curve", texts("curve"))
    if delays.height:
        with st.container(border=True):
            st.subheader(texts("delays"))
            st.caption(texts("delays_note"))
            st.dataframe(
                delays.select(
                    pl.Series(
                        texts("period"),
                        [formats.period(code, "quarter", texts.language) for code in delays["period"]],
                    ),
                    pl.col("child_count").alias(texts("children")),
                    pl.col("vaccinated_count").alias(texts("vaccinated")),
                    pl.col("within_window_pct").round(1).alias(texts("within_window")),
                    pl.col("median_delay_days").alias(texts("median_delay")),
                    pl.col("tail_delay_days").alias(texts("tail_delay")),
                ),
                hide_index=True,
            )


def _bridge(subject: _Subject) -> None:
    """Offer the way from period to cohort coverage of the indicator's dose; nothing is asked for until it is wanted."""
    context, texts, dose_code = subject.context, subject.context.texts, subject.indicator["dose_code"]
    if not dose_code or not context.state.period:
        return
    # Whatever the kind of period, its code begins with the year.
    year = int(context.state.period[:4])
    with st.container(border=True):
        st.subheader(f"{texts('bridge')} · {year}")
        if not st.toggle(texts("bridge_open"), key=f"bridge_{subject.area.area_code}_{dose_code}_{year}"):
            return
        steps = context.release.coverage_bridge(context.state.hierarchy, subject.area.area_code, dose_code, year)
        if not steps.height:
            st.info(texts("bridge_none", year=year), icon=":material/info:")
            return
        st.caption(texts("bridge_note"))
        bars = waterfall(steps, texts)
        drawn = charts.waterfall(bars, texts)
        components.chart(
            drawn,
            alt=texts(
                "bridge_alt",
                first=bars["value_text"][0],
                last=bars["value_text"][-1],
                indicator=texts.named(dict(subject.indicator), "label"),
                area=area_name(subject.area, texts),
                year=year,
            ),
        )
        _as_files(subject, drawn, f"bridge_{year}", f"{texts('bridge')} {year}")
        st.dataframe(
            pl.DataFrame(
                {
                    texts("bridge_step"): [texts.named(row) for row in steps.iter_rows(named=True)],
                    texts("bridge_count"): steps["value"].round().cast(pl.Int64),
                    texts("bridge_points"): steps["percentage_points"].round(2),
                    texts("bridge_explanation"): [
                        texts.named(row, "explanation") for row in steps.iter_rows(named=True)
                    ],
                }
            ),
            hide_index=True,
        )


def _table(subject: _Subject, frame: pl.DataFrame) -> None:
    context, texts = subject.context, subject.context.texts
    decimals = subject.indicator["decimals"]
    with st.container(border=True):
        st.subheader(texts("table"))
        st.caption(f"{texts.named(dict(subject.indicator), 'label')} · {subject.period}")
        language = texts.language
        shown = frame.select(
            pl.col("area_name").alias(texts("area")),
            pl.col("value_text").alias(texts("value")),
            pl.col("band").alias(texts("band")),
            *[
                pl.Series(texts(name), [formats.number(cell, language) for cell in frame[name]], dtype=pl.String)
                for name in ("numerator", "denominator", "units_included", "units_expected")
            ],
            pl.col("status_text").alias(texts("status")),
            *_split_column(subject, frame),
            pl.col("source_text").fill_null(formats.NOTHING).alias(texts("data_source")),
        )
        numbers = {texts(name) for name in ("value", "numerator", "denominator", "units_included", "units_expected")}
        st.dataframe(
            shown,
            hide_index=True,
            height=min(560, 38 + 35 * max(shown.height, 1)),
            column_config={name: st.column_config.TextColumn(name, alignment="right") for name in numbers},
        )
        if subject.below:
            _way_down(subject)
        columns = [
            Column("area_code", texts("area_code")),
            Column("area_name", texts("area")),
            Column("numerator", texts("numerator"), 0),
            Column("denominator", texts("denominator"), 0),
            Column("value", f"{texts('value')} ({texts('unit_' + subject.indicator['unit'])})", decimals),
            Column("units_included", texts("units_included"), 0),
            Column("units_expected", texts("units_expected"), 0),
            Column("status_text", texts("status")),
            Column("split_share", texts("split_share"), 3),
            Column("source_text", texts("data_source")),
            Column("definition_version", texts("definition_version"), 0),
        ]
        extract = Extract(frame, columns, [definition_of(context, subject.indicator)], _facts(subject, frame), language)
        state = context.state
        stem = f"{state.indicator}_{state.hierarchy}_{state.area}_{state.period_type}_{state.period}"
        stem += f"_{state.areas_of}" if state.areas_of else ""
        taken = partial(_taken, subject, columns, language)
        components.downloads(extract, stem, context, taken)


def _taken(subject: _Subject, columns: list[Column], language: str) -> Extract:
    """Return the table as it may be taken away; made outside a page."""
    subject = replace(subject, context=replace(subject.context, release=subject.context.release.leaving()))
    context, texts = subject.context, subject.context.texts
    if subject.below:
        frame = _compared(subject)
    else:
        own = _chosen_values(context, [subject.area.area_code])
        frame = _described(subject, with_every_area([subject.area], own, texts))
    return Extract(frame, columns, [definition_of(context, subject.indicator)], _facts(subject, frame), language)


def _as_files(subject: _Subject, chart: dict[str, Any], kind: str, what: str) -> None:
    """Offer a chart as a file that says what it shows."""
    context, state = subject.context, subject.context.state
    label = subject.context.texts.named(dict(subject.indicator), "label")
    title = f"{label} · {area_name(subject.area, context.texts)} · {what}"
    stem = f"{kind}_{state.indicator}_{state.hierarchy}_{state.area}_{state.period_type}_{state.period}"
    exports_view.offer_chart(context, chart, title, stem)


def _split_column(subject: _Subject, frame: pl.DataFrame) -> list[pl.Series]:
    """Return the column of what rests on split communes, where anything does."""
    texts = subject.context.texts
    if not frame["split_share"].fill_null(0).sum():
        return []
    shares = [
        formats.NOTHING if share is None else formats.in_unit(100 * share, "percent", texts.language, 1)
        for share in frame["split_share"]
    ]
    return [pl.Series(texts("split_share"), shares, dtype=pl.String)]


def _facts(subject: _Subject, frame: pl.DataFrame) -> list[tuple[str, Any]]:
    """Return what the workbook says of its source and scope."""
    context, texts = subject.context, subject.context.texts
    hierarchy = context.registry.hierarchies.row(
        by_predicate=pl.col("hierarchy_code") == context.state.hierarchy, named=True
    )
    sums = {name: frame[name].sum() or 0 for name in ("units_included", "units_expected")}
    return [
        *release_facts(context.release.info(), context.release.check_results(), texts),
        (texts("indicator"), texts.named(dict(subject.indicator), "label")),
        (texts("period_type"), texts(f"period_type_{context.state.period_type}")),
        (texts("period"), subject.period),
        (texts("hierarchy"), texts.named(hierarchy)),
        (texts("areas_of"), context.listed_on or texts("areas_of_tree")),
        (texts("area"), " › ".join(area_name(area, texts) for area in context.tree.path(subject.area.area_code))),
        (texts("completeness"), completeness(sums, subject.indicator, texts) or texts("no_reports_owed")),
    ]


def _way_down(subject: _Subject) -> None:
    """Offer the areas below in a list as well: a map cannot be clicked with a keyboard."""
    texts = subject.context.texts
    tree = subject.context.tree
    # An area that only this list has got has no page: its values are those of the tree's areas that it was made of.
    names = {area.area_code: area_name(area, texts) for area in subject.below if tree.get(area.area_code)}
    chosen = st.selectbox(
        texts("drill"),
        list(names),
        index=None,
        format_func=lambda code: names.get(code, code),
        placeholder=texts("drill_hint"),
        key=f"drill_{subject.context.state.hierarchy}_{subject.area.area_code}",
    )
    if chosen is not None:
        open_area(subject.context, subject.context.tree.areas[chosen])
