"""The desk's list of rejected files: what was wrong with one, and the corrected file that is proposed and approved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from dashboards import access, decide_view, desk, formats
from dashboards.shell import Context
from pipelines.reference import DecisionKind, DecisionState
from pipelines.stewardship.corrections import held
from pipelines.stewardship.events import SUBMISSION, State, Subject
from pipelines.stewardship.store import Decisions

_LISTED = 300


def draw(
    context: Context, store: Decisions, kinds: Mapping[str, DecisionKind], states: Mapping[str, DecisionState]
) -> None:
    """Draw the list of rejected files and the chosen one."""
    texts = context.texts
    st.caption(texts("desk_files_note"))
    files = context.release.rejected_files(_LISTED).to_dicts()
    if not files:
        st.info(texts("desk_files_none"), icon=":material/check_circle:")
        return
    decided = store.states()
    by_id = {str(row["submission_id"]): row for row in files}
    subjects = {key: desk.state_of(decided, Subject(SUBMISSION, key)) for key in by_id}
    shown = [
        {
            texts("file_name"): row["original_name"],
            texts("status"): texts(f"submission_{row['status']}"),
            texts("received_at"): formats.moment(row["received_at"], texts.language),
            texts("rejected"): formats.number(row["rejected_count"], texts.language),
            texts("desk_correction"): texts.named(decide_view.words(states[subjects[key].state_code])),
        }
        for key, row in by_id.items()
    ]
    frame = pl.DataFrame(shown, schema=dict.fromkeys(shown[0], pl.String))
    st.dataframe(frame, hide_index=True, height=min(320, 38 + 35 * frame.height))
    chosen = st.selectbox(
        texts("desk_choose_file"),
        list(by_id),
        format_func=lambda key: f"{by_id[key]['original_name']} · {key[:8]}" if key in by_id else key,
        key="w_desk_submission",
    )
    if chosen is not None:
        _file(context, by_id[chosen], subjects[chosen], store, kinds, states)


def _file(
    context: Context,
    row: Mapping[str, Any],
    state: State,
    store: Decisions,
    kinds: Mapping[str, DecisionKind],
    states: Mapping[str, DecisionState],
) -> None:
    texts = context.texts
    facts = [texts(f"submission_{row['status']}"), row["refusal_detail"], row["submission_id"]]
    st.text(" · ".join(str(fact) for fact in facts if fact))
    if state.detail is not None:
        path = held(access.settings(), state.detail)
        if path is not None:
            st.text(texts("desk_held", name=path.name.partition("__")[2], id=state.detail))
        elif context.release.submission(state.detail) is not None:
            st.text(texts("desk_taken_in", id=state.detail))
    decide_view.history(context, store, state.subject, kinds)
    if context.state.as_of:
        st.info(texts("desk_past"), icon=":material/history:")
        return
    decide_view.actions(context, state, kinds, states, texts("desk_decide_file"))
