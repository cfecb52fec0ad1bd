"""What was decided on a subject, and the form by which a steward decides: shared by what the desk shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from dashboards import access, formats
from dashboards.shell import Context
from pipelines.access.audit import AuditError
from pipelines.reference import DecisionKind, DecisionState, load_registry
from pipelines.stewardship.corrections import CORRECTED_BY, PROPOSED
from pipelines.stewardship.door import checked_detail, decisions, propose_correction
from pipelines.stewardship.events import State, StewardshipError, Subject, allowed
from pipelines.stewardship.store import Decisions

_SAID = "desk_said"
_NAME = "desk_name"
_DETAIL_LABELS = {"assignee": "desk_assignee", CORRECTED_BY: "desk_corrected_by"}


@dataclass(frozen=True)
class _Seen:
    """What a steward saw when the form was drawn, and where what was typed is kept."""

    subject: Subject
    version: int
    keys: str
    asks_detail: bool
    asks_file: bool


def words(row: DecisionKind | DecisionState) -> dict[str, object]:
    """Return the names of a row of the registry as texts choose among them."""
    return {"name_vi": row.name_vi, "name_en": row.name_en}


def ask_name(context: Context) -> None:
    """Ask whoever decides for a name, where the door knows none."""
    if not access.is_named():
        st.text_input(context.texts("desk_your_name"), key=_NAME)


def history(context: Context, store: Decisions, subject: Subject, kinds: Mapping[str, DecisionKind]) -> None:
    """Draw every decision on a subject, the first on top."""
    texts = context.texts
    told = store.history(subject)
    if not told:
        st.caption(texts("desk_undecided"))
        return
    for one in told:
        name = texts.named(words(kinds[one.decision_code]))
        detail = f" → {one.detail}" if one.detail else ""
        when = formats.moment(one.decided_at, texts.language)
        st.text(f"{one.version}. {when} · {one.decided_by} · {name}{detail}: {one.reason}")


def actions(
    context: Context,
    state: State,
    kinds: Mapping[str, DecisionKind],
    states: Mapping[str, DecisionState],
    title: str,
) -> None:
    """Draw the form of what can be decided on a subject in its state."""
    texts, offered = context.texts, {kind.decision_code: kind for kind in allowed(state, kinds)}
    keys = f"{state.subject.subject_kind}_{state.subject.subject_key}"
    # What is typed stays when the decision is refused, so that nothing has to be written twice.
    with st.container(border=True, key=f"desk_{state.subject.subject_kind}"):
        st.markdown(f"**{title}** · {texts('status')}: {texts.named(words(states[state.state_code]))}")
        code = st.selectbox(
            texts("desk_action"),
            list(offered),
            format_func=lambda one: texts.named(words(offered[one])) if one in offered else one,
            key=f"w_desk_action_{keys}_{state.version}",
        )
        kind = offered[code]
        asks_file = kind.to_state == PROPOSED
        # What was proposed is what is approved.
        is_known = kind.detail_name == CORRECTED_BY and state.state_code == PROPOSED
        asks_detail = kind.detail_name is not None and not asks_file and not is_known
        if asks_file:
            st.file_uploader(texts("desk_corrected_file"), key=f"w_desk_file_{keys}_{state.version}")
        if asks_detail:
            st.text_input(texts(_DETAIL_LABELS[str(kind.detail_name)]), key=f"w_desk_detail_{keys}")
        st.text_area(texts("reason"), key=f"w_desk_reason_{keys}", height=90)
        st.button(
            texts("desk_write"),
            type="primary",
            key=f"w_desk_write_{keys}",
            on_click=_write,
            # The version goes along as it was drawn: what came after was not seen.
            args=(code, _Seen(state.subject, state.version, keys, asks_detail, asks_file)),
        )


def _write(code: str, seen: _Seen) -> None:
    """Take a decision by what was drawn; the next run of the page says what came of it."""
    try:
        who = access.steward(st.session_state.get(_NAME, ""))
        access.note("decide", subject=str(seen.subject), decision=code, version=seen.version + 1)
        _decide(code, seen, who, st.session_state.get(f"w_desk_reason_{seen.keys}", ""))
    except (StewardshipError, AuditError) as error:
        st.session_state[_SAID] = ("error", str(error))
        return
    st.session_state[f"w_desk_reason_{seen.keys}"] = ""
    st.session_state[_SAID] = ("success", "desk_written")


def _decide(code: str, seen: _Seen, who: str, reason: str) -> None:
    settings, moment = access.settings(), formats.viet_nam_now()
    if seen.asks_file:
        file = st.session_state.get(f"w_desk_file_{seen.keys}_{seen.version}")
        if file is None:
            raise StewardshipError("Hãy chọn tệp sửa trước. / Choose the corrected file first.")
        propose_correction(
            settings, seen.subject, file.name, file.getvalue(),
            decided_by=who, decided_at=moment, reason=reason, seen_version=seen.version,
        )  # fmt: skip
        return
    store = decisions(settings)
    typed = st.session_state.get(f"w_desk_detail_{seen.keys}") if seen.asks_detail else None
    store.decide(
        seen.subject,
        code,
        decided_by=who,
        decided_at=moment,
        reason=reason,
        seen_version=seen.version,
        detail=checked_detail(settings, store.state(seen.subject), code, typed, load_registry()),
    )


def say(context: Context) -> None:
    """Say what came of the decision that was just taken."""
    kind, text = st.session_state.pop(_SAID, (None, ""))
    if kind == "error":
        st.error(text, icon=":material/error:")
    elif kind == "success":
        st.success(context.texts(text), icon=":material/check:")
