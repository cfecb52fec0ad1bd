"""Access against utilisation of the areas below one, with the limits of the rule beside the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import polars as pl
import streamlit as st

from dashboards import formats, palette
from dashboards.shell import Context
from dashboards.views import area_name, red_category
from dashboards.warehouse import Area


def draw(context: Context, below: Sequence[Area]) -> None:
    """Draw the categories of the areas by the default rule; nothing where none has both values."""
    texts, language, state = context.texts, context.texts.language, context.state
    rule = context.release.red_rules().row(0, named=True)
    codes = [rule["access_indicator_code"], rule["utilisation_indicator_code"]]
    values = context.release.indicator_values(
        codes,
        state.hierarchy,
        area_codes=[area.area_code for area in below],
        period_type=state.period_type,
        period_from=state.period,
        period_to=state.period,
    )
    known = {(row["area_code"], row["indicator_code"]): row["value"] for row in values.iter_rows(named=True)}
    categories = context.release.red_categories().to_dicts()
    rows = []
    for area in below:
        access, utilisation = (known.get((area.area_code, code)) for code in codes)
        if access is not None and utilisation is not None:
            rows.append((red_category(access, utilisation, rule, categories), area, access, utilisation))
    if not rows:
        return
    rows.sort(key=lambda row: row[0]["category_code"])
    with st.container(border=True):
        st.subheader(texts("red"))
        # The rule's name says its limits.
        st.caption(texts("red_note", rule=texts.named(rule)))
        described = {texts.named(dict(row[0]), "label"): texts.named(dict(row[0]), "meaning") for row in rows}
        for label, count in Counter(texts.named(dict(row[0]), "label") for row in rows).items():
            areas = texts("red_count", count=formats.number(count, language))
            st.markdown(f"**{label}** · {areas} · {described[label]}")
        with st.expander(texts("red_areas")):
            shown = [
                {
                    texts("area"): area_name(area, texts),
                    texts("red_category"): f"{palette.SIGNS[category['colour_token']]}"
                    f" {texts.named(dict(category), 'label')}",
                    texts("red_access"): f"{formats.number(access, language, 1)} %",
                    texts("red_utilisation"): f"{formats.number(utilisation, language, 1)} %",
                }
                for category, area, access, utilisation in rows
            ]
            st.dataframe(pl.DataFrame(shown), hide_index=True)
