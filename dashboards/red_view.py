"""Access against utilisation of the areas below one, with the limits of the rule beside the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl
import streamlit as st

from dashboards import formats, palette
from dashboards.red import categorise, rule_of
from dashboards.shell import Context
from dashboards.views import area_name
from dashboards.warehouse import Area


def draw(context: Context, below: Sequence[Area]) -> None:
    """Draw the categories of the areas by the default rule; nothing where none has both values."""
    texts, language, state = context.texts, context.texts.language, context.state
    rule = rule_of(context.release)
    areas = {area.area_code: area for area in below}
    found = categorise(context.release, rule, state.hierarchy, list(areas), state.period_type, state.period)
    if not found:
        return
    with st.container(border=True):
        st.subheader(texts("red"))
        # The rule's name says its limits.
        st.caption(texts("red_note", rule=texts.named(rule)))
        described = {texts.named(item.category, "label"): texts.named(item.category, "meaning") for item in found}
        for label, count in Counter(texts.named(item.category, "label") for item in found).items():
            counted = texts("red_count", count=formats.number(count, language))
            st.markdown(f"**{label}** · {counted} · {described[label]}")
        with st.expander(texts("red_areas")):
            shown = [
                {
                    texts("area"): area_name(areas[item.area_code], texts),
                    texts("red_category"): f"{palette.SIGNS[item.category['colour_token']]}"
                    f" {texts.named(item.category, 'label')}",
                    texts("red_access"): f"{formats.number(item.access, language, 1)} %",
                    texts("red_utilisation"): f"{formats.number(item.utilisation, language, 1)} %",
                }
                for item in found
            ]
            st.dataframe(pl.DataFrame(shown), hide_index=True)
