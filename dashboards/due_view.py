"""The page of due lists: an area, a day, the states to show, and the list."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboards import access, access_view, area_picker, components, due, formats, shell
from dashboards.downloads import to_csv
from dashboards.shell import Context
from dashboards.views import area_name
from pipelines.care.reminders import reminders
from pipelines.reference import load_registry

_PAGE = 100
# A list is for those who call on families: of a province or a part of it, never of the nation at once.
_TOO_WIDE = ("nation", "region")


def draw(context: Context) -> None:
    """Draw the choices, the counts and the list."""
    texts, state = context.texts, context.state
    persons = access.persons()
    st.title(texts("page_due"))
    st.caption(texts("due_intro"))
    names = {row["hierarchy_code"]: texts.named(row) for row in context.registry.hierarchies.iter_rows(named=True)}
    with st.grid(columns=2, min_column_width=260):
        components.choose("hierarchy", list(names), state.hierarchy, names.__getitem__, texts("hierarchy"))
        day: date = st.date_input(
            texts("due_day"), value=persons.as_of_date, format="DD/MM/YYYY", key="w_due_day", min_value=date(2000, 1, 1)
        )
    area_picker.draw_path(context)
    area = context.tree.areas[state.area]
    if area.level_code in _TOO_WIDE:
        st.info(texts("due_choose_area"), icon=":material/pin_drop:")
        return
    frame = due.described(persons.due_list(state.hierarchy, area.area_code, day), texts)
    access.note(
        "due_list",
        hierarchy=state.hierarchy,
        area=area.area_code,
        day=day.isoformat(),
        persons=frame["person_key"].n_unique(),
    )
    st.subheader(texts("due_title", area=area_name(area, texts), date=formats.day(day, texts.language)))
    if not frame.height:
        st.info(texts("due_nobody"), icon=":material/info:")
        return
    words = persons.states()
    counts = dict(frame.group_by("state_code").agg(pl.col("person_key").n_unique()).iter_rows())
    components.number_cards(
        [
            (texts.named(row), formats.number(counts.get(row["state_code"], 0), texts.language))
            for row in words.iter_rows(named=True)
        ]
    )
    st.caption(texts("due_cards_note"))
    shown = frame.filter(pl.col("state_code").is_in(_chosen_states(context, words)))
    _list(context, shown)
    _reminders(context, frame, day)
    if shown.height:
        info = context.release.info()
        facts: list[tuple[str, Any]] = [
            (texts("data_kind"), texts("kind_synthetic" if info.is_synthetic else "kind_routine")),
            (texts("due_day"), day),
            (texts("area"), " › ".join(area_name(step, texts) for step in context.tree.path(area.area_code))),
            (texts("as_of"), info.as_of_date),
            (texts("release"), info.release_id),
        ]
        access_view.private_tables(
            texts,
            due.extract(shown, texts, facts, words),
            f"{texts('due_file')}_{state.hierarchy}_{area.area_code}_{day}",
            "due",
            hierarchy=state.hierarchy,
            area=area.area_code,
            day=day.isoformat(),
            rows=shown.height,
        )


def _reminders(context: Context, frame: pl.DataFrame, day: date) -> None:
    """Draw the queue of invitations to those on the list: how many, what they say, who gets none; and its file."""
    texts, state = context.texts, context.state
    made = reminders(frame, load_registry(), day)
    with st.expander(texts("reminders_title", count=formats.number(made.messages.height, texts.language))):
        st.caption(texts("reminders_intro"))
        for sentence in due.left_out(made, texts):
            st.markdown(f"- {sentence}")
        if not made.messages.height:
            return
        st.dataframe(
            made.messages.head(_PAGE).select(
                pl.col("phone").alias(texts("phone")), pl.col("text").alias(texts("message_text"))
            ),
            hide_index=True,
            key="w_due_messages",
            column_config={texts("message_text"): st.column_config.TextColumn(texts("message_text"), width="large")},
        )
        access_view.private_download(
            texts,
            texts("reminders_download"),
            partial(to_csv, due.message_extract(made)),
            f"{texts('reminders_file')}_{state.hierarchy}_{state.area}_{day}.csv",
            "text/csv",
            "reminders_csv",
            hierarchy=state.hierarchy,
            area=state.area,
            day=day.isoformat(),
            rows=made.messages.height,
        )


def _chosen_states(context: Context, words: pl.DataFrame) -> list[str]:
    """Draw the states to choose from; those who are to be invited are chosen at first."""
    names = {row["state_code"]: context.texts.named(row) for row in words.iter_rows(named=True)}
    chosen = st.pills(
        context.texts("due_states"),
        list(names),
        selection_mode="multi",
        default=words.filter("is_invited")["state_code"].to_list(),
        format_func=lambda code: names.get(code, code),
        key="w_due_states",
    )
    return list(chosen)


def _list(context: Context, frame: pl.DataFrame) -> None:
    texts, language = context.texts, context.texts.language
    if not frame.height:
        st.info(texts("due_none_chosen"), icon=":material/filter_alt_off:")
        return
    pages = -(-frame.height // _PAGE)
    page = st.pagination(pages, key="w_due_page") if pages > 1 else 1
    rows = frame.slice((page - 1) * _PAGE, _PAGE)
    st.caption(
        texts(
            "page_of",
            page=page,
            pages=formats.number(pages, language),
            count=formats.number(frame.height, language),
        )
    )
    table = rows.select(
        _shown(rows[column.name], language).alias(column.header)
        for column in due.columns(texts)
        if column.name != "person_key"
    )
    event = st.dataframe(
        table,
        hide_index=True,
        height=min(620, 38 + 35 * table.height),
        on_select="rerun",
        selection_mode="single-row",
        key=f"w_due_rows_{page}",
        column_config={
            texts("note"): st.column_config.TextColumn(texts("note"), width=240),
            texts("days_overdue"): st.column_config.TextColumn(texts("days_overdue"), alignment="right"),
        },
    )
    st.caption(texts("due_open_hint"))
    picked = event["selection"]["rows"]
    if picked and st.button(texts("due_open"), icon=":material/person:", key="w_due_open"):
        st.session_state["person_key"] = rows["person_key"][picked[0]]
        st.switch_page(shell.PERSON_PAGES["page_person"], query_params=context.state.to_params())


def _shown(column: pl.Series, language: str) -> pl.Series:
    """Return a column as texts: dates as the reader writes them, nothing as a dash."""
    if column.dtype == pl.Date:
        texts = [formats.day(value, language) for value in column]
    elif column.dtype.is_integer():
        texts = [formats.number(value, language) for value in column]
    else:
        texts = [formats.NOTHING if value in (None, "") else str(value) for value in column]
    return pl.Series(column.name, texts, dtype=pl.String)
