"""Access against utilisation of the areas below one, with the limits of the rule beside the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl
import streamlit as st

from dashboards import formats, palette
from dashboards.shell import Context
from dashboards.views import area_name
from dashboards.warehouse import Area


def draw(context: Context, below: Sequence[Area]) -> None:
    """Draw the categories of the areas; nothing where none has both values."""
    texts, language, state = context.texts, context.texts.language, context.state
    names = {area.area_code: area_name(area, texts) for area in below}
    found = context.release.red_categories(state.hierarchy, list(names), state.period_type, state.period)
    rows = found.filter(pl.col("is_default")).sort("category_code", "area_code").to_dicts()
    if not rows:
        return
    rule = rows[0]
    with st.container(border=True):
        st.subheader(texts("red"))
        limits = {
            "access": formats.number(rule["access_minimum"], language),
            "dropout": formats.number(rule["utilisation_limit"], language),
        }
        st.caption(texts("red_note", rule=texts.named(rule), **limits))
        described = {texts.named(row, "label"): texts.named(row, "meaning") for row in rows}
        for label, count in Counter(texts.named(row, "label") for row in rows).items():
            st.markdown(f"**{label}** · {formats.number(count, language)} · {described[label]}")
        with st.expander(texts("red_areas")):
            shown = [
                {
                    texts("area"): names[row["area_code"]],
                    texts("red_category"): f"{palette.SIGNS[row['colour_token']]} {texts.named(row, 'label')}",
                    texts("red_access"): f"{formats.number(row['access_value'], language, 1)} %",
                    texts("red_utilisation"): f"{formats.number(row['utilisation_value'], language, 1)} %",
                }
                for row in rows
            ]
            st.dataframe(pl.DataFrame(shown), hide_index=True)
