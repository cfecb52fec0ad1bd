"""Ways to an area: the lists of provinces and of neighbours, and a search that needs no diacritics."""

from __future__ import annotations

import streamlit as st

from dashboards import shell
from dashboards.shell import Context
from dashboards.views import area_name
from dashboards.warehouse import Area


def draw_provinces(context: Context) -> None:
    """Draw the search and the list of provinces."""
    texts = context.texts
    with st.grid(columns=2, min_column_width=300):
        province = context.tree.ancestor(context.state.area, "province")
        _list(context, texts("province"), context.tree.of_level("province"), province, "w_province")
        text = st.text_input(texts("search"), placeholder=texts("search_hint"), key="w_search")
    if text.strip():
        found = context.release.search_areas(context.state.hierarchy, text, limit=8)
        if not found.height:
            st.info(texts("search_nothing", text=text), icon=":material/search_off:")
        with st.container(horizontal=True):
            for code in found["area_code"]:
                area = context.tree.areas[code]
                if not shell.is_offered(context, area):
                    continue
                st.page_link(
                    shell.PAGES[shell.page_of(area)],
                    label=" › ".join(area_name(step, texts) for step in context.tree.path(code)[2:]) or area.name_vi,
                    query_params=context.state.at(code).to_params(),
                )


def draw_siblings(context: Context) -> None:
    """Draw the list of the areas beside the chosen one."""
    area = context.tree.areas[context.state.area]
    _list(context, context.texts("local_area"), context.tree.children(str(area.parent_code)), area, "w_sibling")


def draw_path(context: Context) -> None:
    """Draw a list of provinces, then one a level below it as far as the chosen area goes: each may be left at all."""
    texts, tree = context.texts, context.tree
    below = {area.level_code: area for area in tree.path(context.state.area)[2:]}
    labels = {"province": texts("province"), "district": texts("district"), "commune": texts("commune")}
    areas, above = tree.of_level("province"), tree.root
    with st.grid(columns=3, min_column_width=220):
        while areas:
            level = areas[0].level_code
            chosen = below.get(level)
            _list_or_all(context, labels[level], areas, chosen, above)
            if chosen is None:
                break
            areas, above = tree.children(chosen.area_code), chosen


def _list_or_all(context: Context, label: str, areas: list[Area], chosen: Area | None, above: Area) -> None:
    names = {area.area_code: area_name(area, context.texts) for area in areas}
    key = f"w_path_{areas[0].level_code}"
    st.session_state[key] = chosen.area_code if chosen else above.area_code
    st.selectbox(
        label,
        [above.area_code, *names],
        key=key,
        format_func=lambda code: names.get(code, context.texts("all_of", area=area_name(above, context.texts))),
        on_change=_go,
        args=(key,),
    )


def _list(context: Context, label: str, areas: list[Area], chosen: Area | None, key: str) -> None:
    names = {area.area_code: area_name(area, context.texts) for area in areas}
    if chosen is not None:
        st.session_state[key] = chosen.area_code
    st.selectbox(
        label, list(names), key=key, format_func=lambda code: names.get(code, code), on_change=_go, args=(key,)
    )


def _go(key: str) -> None:
    shell.change(area=st.session_state[key])
