"""The page of scorecards: an area's parts, the ranking of what lies below, and a facility with its letter."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from dashboards import access, area_picker, components, formats, palette
from dashboards.scorecards import TREE, letter_of, ranked_below
from dashboards.shell import Context
from dashboards.views import area_name
from pipelines.access.policy import Place
from pipelines.stewardship.letter import render_pdf


def draw(context: Context) -> None:
    """Draw the choices, the area's scorecard, the ranking and one facility."""
    texts, state, release = context.texts, context.state, context.release
    st.title(texts("page_scorecard"))
    st.caption(texts("scorecard_intro"))
    years = release.scorecard_years()
    if not years:
        st.info(texts("scorecard_none"), icon=":material/info:")
        return
    names = {row["hierarchy_code"]: texts.named(row) for row in context.registry.hierarchies.iter_rows(named=True)}
    with st.grid(columns=2, min_column_width=260):
        components.choose("hierarchy", list(names), state.hierarchy, names.__getitem__, texts("hierarchy"))
        year = int(st.selectbox(texts("scorecard_year"), years, key="w_scorecard_year"))
    area_picker.draw_path(context)
    area = context.tree.areas[state.area]
    with st.container(border=True):
        st.subheader(texts("scorecard_of", place=area_name(area, texts), year=year))
        _card(context, release.area_scorecards(state.hierarchy, [area.area_code], year))
    ranked = ranked_below(release, state.hierarchy, area.area_code, year)
    if not ranked.height:
        return
    with st.container(border=True):
        st.subheader(texts("scorecard_ranking"))
        is_lowest = ranked["level_code"][0] == "facility"
        st.caption(texts("scorecard_facilities_note" if is_lowest else "scorecard_areas_note"))
        shown = [
            {
                texts("scorecard_place"): texts.named(row, "place"),
                texts("scorecard_rank"): _rank(row, texts.language),
                texts("score"): _percent(row["score"], texts.language),
                texts("scorecard_band"): _band(context, row),
            }
            for row in ranked.iter_rows(named=True)
        ]
        st.dataframe(pl.DataFrame(shown), hide_index=True)
    if is_lowest:
        _facility(context, ranked, year)


def _facility(context: Context, ranked: pl.DataFrame, year: int) -> None:
    """Draw the parts of one facility, and the letter to it where the reader may see its findings."""
    texts, release = context.texts, context.release
    names = {row["place_code"]: texts.named(row, "place") for row in ranked.iter_rows(named=True)}
    with st.container(border=True):
        chosen = st.selectbox(
            texts("scorecard_facility"),
            list(names),
            format_func=names.__getitem__,
            key=f"w_facility_{context.state.area}",
        )
        found = release.facility_scorecards(context.state.hierarchy, [context.state.area], year)
        _card(context, found.filter(pl.col("place_code") == chosen))
        place = release.facility_place(chosen, TREE)
        if place is None or not _may_write(context, place):
            return
        name = f"{texts('scorecard_letter_file')}_{chosen}_{year}.pdf"
        st.download_button(
            texts("scorecard_letter"),
            data=access.audited(
                "download", lambda: render_pdf(letter_of(release, chosen, year)), file=name, facility=chosen
            ),
            file_name=name,
            mime="application/pdf",
            icon=":material/mail:",
            on_click="ignore",
            key=f"letter_{chosen}_{year}",
        )


def _may_write(context: Context, place: Place) -> bool:
    scope = context.release.scope
    return scope is None or (scope.may_see_findings(place) and scope.reader.role.can_download)


def _card(context: Context, rows: pl.DataFrame) -> None:
    """Draw the whole score and the table of parts."""
    texts, language = context.texts, context.texts.language
    if not rows.height:
        st.info(texts("scorecard_empty"), icon=":material/info:")
        return
    found = rows.to_dicts()
    for row in found:
        if row["points"] is None:
            ranked = texts("scorecard_rank_of", rank=_rank(row, language)) if row["peer_count"] > 1 else ""
            st.markdown(f"**{_percent(row['score'], language)}** · {_band(context, row)}{ranked}")
    parts = [
        {
            texts("scorecard_part"): texts.named(row),
            texts("score"): _percent(row["score"], language),
            texts("scorecard_band"): _band(context, row),
            texts("violations"): formats.number(row["violations"], language),
            texts("evaluated"): formats.number(row["evaluated"], language),
            texts("scorecard_points"): formats.number(row["points"], language),
            texts("scorecard_definition"): texts.named(row, "definition"),
        }
        for row in found
        if row["points"] is not None
    ]
    st.dataframe(pl.DataFrame(parts), hide_index=True)


def _band(context: Context, row: dict[str, Any]) -> str:
    return f"{palette.SIGNS[row['colour_token']]} {context.texts.named(row, 'label')}"


def _rank(row: dict[str, Any], language: str) -> str:
    return f"{formats.number(row['peer_rank'], language)} / {formats.number(row['peer_count'], language)}"


def _percent(value: float, language: str) -> str:
    return f"{formats.number(value, language, 1)} %"
