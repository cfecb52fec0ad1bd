"""Two areas, or two periods, side by side: the headline numbers of both, and how far they lie apart."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards import formats, shell
from dashboards.shell import Context
from dashboards.views import Row, area_name
from dashboards.warehouse import Area

_FOUND = 20


def draw(context: Context, area: Area, indicator: Row) -> None:
    """Draw the panel: open where the link names an area or period to compare with, else closed and asking nothing."""
    texts, state = context.texts, context.state
    chosen = context.tree.get(state.beside_area)
    is_asked = bool(chosen or state.beside_period)
    key = f"compare_{state.hierarchy}_{state.area}"
    panel = st.expander(
        texts("compare"), key=key, on_change="rerun", icon=":material/compare_arrows:", expanded=is_asked
    )
    if not panel.open:
        return
    with panel:
        _choose(context, area, chosen)
        if is_asked:
            other = chosen or area
            _table(context, indicator, (area, state.period), (other, state.beside_period or state.period))


def _choose(context: Context, area: Area, chosen: Area | None) -> None:
    texts, state = context.texts, context.state
    with st.grid(columns=3, min_column_width=220):
        text = st.text_input(texts("compare_search"), placeholder=texts("search_hint"), key="w_beside_search")
        offered = _offered(context, area, text)
        if chosen is not None and chosen.area_code not in {item.area_code for item in offered}:
            offered = [chosen, *offered]
        names = {item.area_code: _full_name(context, item) for item in offered}
        st.session_state["w_beside_area"] = state.beside_area if chosen else ""
        st.selectbox(
            texts("compare_area"),
            ["", *names],
            key="w_beside_area",
            format_func=lambda code: names.get(code, texts("compare_same_area")),
            on_change=_changed,
            args=("beside_area",),
        )
        periods = [code for code in context.periods["period"].to_list()[::-1] if code != state.period]
        st.session_state["w_beside_period"] = state.beside_period if state.beside_period in periods else ""
        st.selectbox(
            texts("compare_period"),
            ["", *periods],
            key="w_beside_period",
            format_func=lambda code: shell.period_text(context, code) if code else texts("compare_same_period"),
            on_change=_changed,
            args=("beside_period",),
        )


def _offered(context: Context, area: Area, text: str) -> list[Area]:
    """Return the areas that a search finds; without one, those beside the area and above it."""
    if text.strip():
        found = context.release.search_areas(context.state.hierarchy, text, limit=_FOUND)["area_code"]
        return [context.tree.areas[code] for code in found if code != area.area_code]
    beside = context.tree.children(area.parent_code) if area.parent_code else []
    above = context.tree.path(area.area_code)[:-1]
    return [item for item in [*above, *beside] if item.area_code != area.area_code]


def _full_name(context: Context, area: Area) -> str:
    # The nation and its regions say nothing of where a district lies.
    steps = context.tree.path(area.area_code)[2:] or [area]
    return " › ".join(area_name(step, context.texts) for step in steps)


def _changed(field: str) -> None:
    shell.change(**{field: st.session_state[f"w_{field}"] or ""})


def _table(context: Context, indicator: Row, own: tuple[Area, str], other: tuple[Area, str]) -> None:
    texts, language = context.texts, context.texts.language
    headline = context.registry.indicators.filter(pl.col("is_headline")).to_dicts()
    rows = [indicator, *(row for row in headline if row["indicator_code"] != indicator["indicator_code"])]
    here, there = (_values(context, [row["indicator_code"] for row in rows], *what) for what in (own, other))
    labels = [f"{area_name(area, texts)} · {shell.period_text(context, period)}" for area, period in (own, other)]
    shown = []
    for row in rows:
        first, second = here.get(row["indicator_code"]), there.get(row["indicator_code"])
        difference = formats.NOTHING
        if first is not None and second is not None:
            difference = formats.signed(first - second, language, row["decimals"])
        shown.append(
            {
                texts("indicator"): texts.named(dict(row), "label"),
                labels[0]: formats.in_unit(first, row["unit"], language, row["decimals"]),
                labels[1]: formats.in_unit(second, row["unit"], language, row["decimals"]),
                texts("compare_difference"): difference,
            }
        )
    numbers = [*labels, texts("compare_difference")]
    st.dataframe(
        pl.DataFrame(shown),
        hide_index=True,
        height=38 + 35 * len(shown),
        column_config={name: st.column_config.TextColumn(name, alignment="right") for name in numbers},
    )
    st.caption(texts("compare_note"))


def _values(context: Context, codes: list[str], area: Area, period: str) -> dict[str, float | None]:
    values = context.release.indicator_values(
        codes,
        context.state.hierarchy,
        area_codes=[area.area_code],
        period_type=context.state.period_type,
        period_from=period,
        period_to=period,
    )
    return dict(values.select("indicator_code", "value").iter_rows())
