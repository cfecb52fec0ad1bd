"""The page of definitions: everything in it is a row of the registry."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards import formats
from dashboards.definitions import definition_of
from dashboards.shell import Context
from dashboards.text import search_key


def draw(context: Context) -> None:
    """Draw the chosen indicator, the list of all, and what statuses and sources mean."""
    texts, registry = context.texts, context.registry
    st.title(texts("page_definitions"))
    st.caption(texts("definitions_intro"))
    text = st.text_input(texts("definitions_search"), placeholder=texts("search_hint"), key="w_definition_search")
    found = _matching(registry.indicators, text)
    if not found.height:
        st.info(texts("definitions_none", text=text), icon=":material/search_off:")
        found = registry.indicators
    labels = {row["indicator_code"]: texts.named(row, "label") for row in found.iter_rows(named=True)}
    codes = list(labels)
    chosen = st.selectbox(
        texts("definitions_open"),
        codes,
        index=codes.index(context.state.indicator) if context.state.indicator in codes else 0,
        format_func=lambda code: labels.get(code, code),
        key=f"w_definition_{context.state.indicator}_{search_key(text)}",
    )
    row = registry.indicators.row(by_predicate=pl.col("indicator_code") == chosen, named=True)
    with st.container(border=True):
        st.subheader(texts.named(row, "label"))
        for header, value in definition_of(context, row).items():
            st.markdown(f"**{header}**  \n{_plain(value)}")
    st.subheader(texts("definitions_found", count=formats.number(found.height, texts.language)))
    st.dataframe(
        pl.DataFrame(
            [
                {
                    texts("indicator"): texts.named(item, "label"),
                    texts("definition"): texts.named(item, "definition"),
                    texts("unit"): texts(f"unit_{item['unit']}"),
                    texts("reference"): item["reference"],
                    texts("indicator_code"): item["indicator_code"],
                }
                for item in found.iter_rows(named=True)
            ]
        ),
        hide_index=True,
        height=420,
    )
    st.subheader(texts("statuses_title"))
    for item in registry.statuses.iter_rows(named=True):
        st.markdown(f"**{texts.named(item, 'label')}.** {_plain(texts.named(item, 'explanation'))}")
    st.subheader(texts("sources_title"))
    for item in registry.sources.iter_rows(named=True):
        st.markdown(f"**{texts.named(item)}.** {_plain(texts.named(item, 'note'))}. {_source(context, item['source'])}")


def _source(context: Context, source: str) -> str:
    return _plain(context.texts("source_line", source=source))


def _matching(indicators: pl.DataFrame, text: str) -> pl.DataFrame:
    key = search_key(text)
    keep = [
        key in search_key(f"{row['label_vi']} {row['label_en']} {row['indicator_code']}")
        for row in indicators.iter_rows(named=True)
    ]
    return indicators.filter(pl.Series(keep, dtype=pl.Boolean))


def _plain(text: str) -> str:
    """Return the text with what Markdown would take for its own signs escaped."""
    for sign in ("\\", "*", "_", "`", "[", "]", "<", "$", "~"):
        text = text.replace(sign, f"\\{sign}")
    return text
