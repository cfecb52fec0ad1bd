"""Access against utilisation of the areas below one, with the limits of the rule beside the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl
import streamlit as st

from dashboards import charts, components, exports_view, formats, palette
from dashboards.red import categorise, rule_of
from dashboards.shell import Context, period_text
from dashboards.views import area_name
from dashboards.warehouse import Area


def draw(context: Context, area: Area, below: Sequence[Area]) -> None:
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
        frame = pl.DataFrame(
            [
                {
                    "area_name": area_name(areas[item.area_code], texts),
                    "access": item.access,
                    "utilisation": item.utilisation,
                    "access_text": formats.in_unit(item.access, "percent", language, 1),
                    "utilisation_text": formats.in_unit(item.utilisation, "percent", language, 1),
                    "category": f"{palette.SIGNS[item.category['colour_token']]} {texts.named(item.category, 'label')}",
                    "colour_token": item.category["colour_token"],
                }
                for item in found
            ]
        )
        sizes = Counter(frame["category"].to_list()).most_common()
        counted = "; ".join(f"{category}: {formats.number(count, language)}" for category, count in sizes)
        drawn = charts.quadrants(frame, rule, texts)
        said = {"area": area_name(area, texts), "period": period_text(context), "count": frame.height}
        components.chart(drawn, alt=texts("red_alt", **said, counts=counted))
        st.caption(texts("red_scatter_note"))
        stem = f"red_{state.hierarchy}_{state.area}_{state.period_type}_{state.period}"
        exports_view.offer_chart(context, drawn, f"{texts('red')} · {said['area']} · {said['period']}", stem)
        with st.expander(texts("red_areas")):
            shown = {
                "area": "area_name", "red_category": "category", "red_access": "access_text",
                "red_utilisation": "utilisation_text",
            }  # fmt: skip
            st.dataframe(frame.select(pl.col(name).alias(texts(key)) for key, name in shown.items()), hide_index=True)
