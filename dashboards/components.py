"""Pieces that several pages draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from dashboards import access, formats, palette, shell, source
from dashboards.downloads import XLSX_TYPE, Extract, to_csv, to_parquet, to_xlsx
from dashboards.i18n import Texts
from dashboards.shell import Context
from dashboards.state import PERIOD_TYPES, WAS
from dashboards.views import Kpi, area_name

_TABLE_FILES: tuple[tuple[str, Callable[[Extract], bytes], str, str], ...] = (
    ("download_csv", to_csv, "text/csv", ":material/download:"),
    ("download_xlsx", to_xlsx, XLSX_TYPE, ":material/table_view:"),
    ("download_parquet", to_parquet, "application/vnd.apache.parquet", ":material/database:"),
)
_STYLE = Path(__file__).parent / "static" / "style.css"


def style() -> None:
    """Set what the theme's configuration cannot: the cards, and the room around a page."""
    st.html(f"<style>{palette.variables()}\n{_STYLE.read_text(encoding='utf-8')}</style>")


def chart(
    spec: dict[str, Any],
    *,
    alt: str,
    key: str | None = None,
    on_select: Literal["ignore"] | Callable[[], None] = "ignore",
) -> None:
    """Draw a chart in the colours of the reader's page; `alt` says in words what it shows."""
    if st.context.theme.type == "dark":
        spec = palette.in_dark(spec)
    st.vega_lite_chart(spec=spec, theme=None, key=key, on_select=on_select, alt=alt)


def language_switch(language: str) -> None:
    """Draw the switch between the two languages; each is named in itself."""
    texts = Texts(language)
    st.session_state["w_lang"] = language
    st.segmented_control(
        texts("language"),
        list(formats.LANGUAGES),
        format_func=lambda code: texts(f"language_{code}"),
        key="w_lang",
        label_visibility="collapsed",
        on_change=_changed,
        args=("lang", "w_lang"),
        required=True,
    )


def notices(context: Context) -> None:
    """Say what has to be known before a number is believed: synthetic data, a damaged release."""
    info = context.release.info()
    texts = context.texts
    if context.missing_day:
        st.error(texts("as_of_missing", day=context.missing_day), icon=":material/event_busy:")
    if info.known_on is not None:
        day = formats.day(info.known_on, texts.language)
        st.warning(
            texts(f"as_of_banner_{info.knowledge_basis}", day=day, release=info.release_id), icon=":material/history:"
        )
    if info.is_fallback:
        st.error(context.texts("fallback_banner"), icon=":material/error:")
    if info.is_synthetic:
        st.warning(context.texts("synthetic_banner"), icon=":material/science:")


def footer(context: Context) -> None:
    """Say which release the page was drawn from."""
    info = context.release.info()
    language = context.texts.language
    line = context.texts(
        "footer",
        as_of=formats.day(info.as_of_date, language),
        built=formats.moment_of_utc(info.built_at, language),
        release=info.release_id,
        definition=info.definition_version,
    )
    st.html(f'<div class="release">{escape(line)}</div>')


def kpi_cards(cards: Sequence[Kpi], context: Context) -> None:
    """Draw the headline numbers as cards of one height."""
    st.html(f'<div class="kpis">{"".join(_card(card, context) for card in cards)}</div>')


def _card(card: Kpi, context: Context) -> str:
    texts = context.texts
    colour, band = "none", ""
    if card.band:
        token = card.band.colour_token
        colour = f"colour-{token}"
        band = f'<span style="color:var(--ink-{token})">{palette.SIGNS[token]} {escape(card.band.label)}</span>'
    change = texts("kpi_no_change")
    if card.change:
        change = texts("kpi_change", change=card.change, period=card.compared_with)
    state = f'<div class="state">{escape(card.status)}</div>' if card.status else ""
    return (
        f'<div class="kpi" style="--band:var(--{colour})"><div class="name">{escape(card.label)}</div>'
        f'<div class="figure">{escape(card.value)}</div><div class="band">{band}</div>'
        f'<div class="small">{escape(change)}</div>'
        f'<div class="small">{escape(card.completeness or "")}</div>{state}</div>'
    )


def number_cards(cards: Sequence[tuple[str, str]]) -> None:
    """Draw plain counts, each a label and a number, as cards of one height."""
    drawn = "".join(
        f'<div class="kpi"><div class="name">{escape(label)}</div><div class="figure">{escape(value)}</div></div>'
        for label, value in cards
    )
    st.html(f'<div class="kpis">{drawn}</div>')


def breadcrumb(context: Context) -> None:
    """Draw the way from the nation to the area as links."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for area in context.tree.path(context.state.area)[:-1]:
            if not shell.is_offered(context, area):
                continue
            st.page_link(
                shell.PAGES[shell.page_of(area)],
                label=f"{area_name(area, context.texts)} ›",
                query_params=context.state.at(area.area_code).to_params(),
            )


def filters(context: Context) -> None:
    """Draw the choices that all views of areas share; each is kept in the URL."""
    texts, state, registry = context.texts, context.state, context.registry
    names = {row["hierarchy_code"]: texts.named(row) for row in registry.hierarchies.iter_rows(named=True)}
    labels = {row["indicator_code"]: texts.named(row, "label") for row in registry.indicators.iter_rows(named=True)}
    complete = dict(context.periods.select("period", "is_complete").iter_rows())

    def named_period(code: str) -> str:
        text = shell.period_text(context, code)
        return text if complete[code] else texts("period_open", period=text)

    days = source.known_days()
    if state.as_of and state.as_of not in days:
        days = [state.as_of, *days]

    def named_day(day: str) -> str:
        return formats.day(date.fromisoformat(day), texts.language) if day else texts("as_of_now")

    def named_list(code: str) -> str:
        known = {"": "areas_of_tree", WAS: "areas_of_was"}
        if code in known:
            return texts(known[code])
        return texts("areas_of_day", day=formats.day(date.fromisoformat(code), texts.language))

    with st.grid(columns=6, min_column_width=170):
        choose("indicator", list(labels), state.indicator, labels.__getitem__, texts("indicator"))
        choose(
            "period_type",
            list(PERIOD_TYPES),
            state.period_type,
            lambda code: texts(f"period_type_{code}"),
            texts("period_type"),
        )
        choose("period", context.periods["period"].to_list()[::-1], state.period, named_period, texts("period"))
        choose("hierarchy", list(names), state.hierarchy, names.__getitem__, texts("hierarchy"))
        lists = ["", WAS, *registry.lists[state.hierarchy]]
        choose("areas_of", lists, state.areas_of, named_list, texts("areas_of"))
        choose("as_of", ["", *days], state.as_of, named_day, texts("as_of_filter"))


def choose(field: str, options: Sequence[str], value: str, shown: Callable[[str], str], label: str) -> None:
    """Draw a list of codes whose choice is a field of the view."""
    key = f"w_{field}"
    if value in options:
        st.session_state[key] = value
    st.selectbox(label, options, key=key, format_func=shown, on_change=_changed, args=(field, key))


def _changed(field: str, key: str) -> None:
    value = st.session_state[key]
    if value is not None:
        shell.change(**{field: value})


def downloads(extract: Extract, stem: str, context: Context, taken: Callable[[], Extract] | None = None) -> None:
    """Draw the buttons that make a file of what is shown; nothing is made before one is pressed.

    `taken` makes what may be taken away, where that is less than what is shown.
    """
    rows = extract.rows.height

    def made(write: Callable[[Extract], bytes]) -> Callable[[], bytes]:
        return lambda: write(taken() if taken else extract)

    with st.container(horizontal=True):
        for label, write, media_type, icon in _TABLE_FILES:
            form = label.removeprefix("download_")
            st.download_button(
                context.texts(label),
                data=access.audited("download", made(write), file=f"{stem}.{form}", rows=rows),
                file_name=f"{stem}.{form}",
                mime=media_type,
                icon=icon,
                on_click="ignore",
                key=f"{form}_{stem}",
            )
