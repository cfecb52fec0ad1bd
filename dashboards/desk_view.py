"""The page of the steward's desk: the queue, one finding with its history, and what can be decided on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboards import access, behind_view, decide_view, desk, desk_files_view, documents_view, formats
from dashboards.shell import Context
from pipelines.access.policy import Place
from pipelines.reference import DecisionKind, DecisionState, Registry, load_registry
from pipelines.stewardship.door import decisions
from pipelines.stewardship.events import FINDING, Subject
from pipelines.stewardship.store import Decisions

_LISTED = 300


def draw(context: Context) -> None:
    """Draw the queue and the chosen finding."""
    texts = context.texts
    registry, store = load_registry(), decisions(access.settings())
    st.title(texts("page_desk"))
    st.caption(texts("desk_intro"))
    documents_view.draw(context)
    decide_view.say(context)
    if not context.state.as_of:
        decide_view.ask_name(context)
    findings_tab, files_tab = st.tabs([texts("desk_tab_findings"), texts("desk_tab_files")])
    with findings_tab:
        _findings(context, registry, store)
    with files_tab:
        desk_files_view.draw(context, store, registry.decision_kinds, registry.decision_states)


def _findings(context: Context, registry: Registry, store: Decisions) -> None:
    texts = context.texts
    everything = desk.queue(context.release, store.states(), registry.decision_states, desk.Filters())
    if not everything.height:
        st.info(texts("desk_nothing"), icon=":material/check_circle:")
        return
    found = _filtered(context, everything, store, registry.decision_states)
    open_count = found.filter(~pl.col("is_settled")).height if found.height else 0
    st.caption(
        texts(
            "desk_count",
            count=formats.number(found.height, texts.language),
            open=formats.number(open_count, texts.language),
        )
    )
    if not found.height:
        st.info(texts("desk_none_filtered"), icon=":material/filter_alt_off:")
        return
    listed = found.head(_LISTED).to_dicts()
    _list(context, listed, registry.decision_states)
    names = {row["finding_key"]: _name(context, row) for row in listed}
    chosen = st.selectbox(
        texts("desk_choose"), list(names), format_func=lambda key: names.get(key, key), key="w_desk_finding"
    )
    if chosen is not None:
        row = next(row for row in listed if row["finding_key"] == chosen)
        _finding(context, row, store, registry.decision_kinds, registry.decision_states)


def _filtered(
    context: Context, everything: pl.DataFrame, store: Decisions, states: Mapping[str, DecisionState]
) -> pl.DataFrame:
    texts, tree = context.texts, context.tree
    rules = {row["rule_code"]: texts.named(row, "rule") or row["rule_code"] for row in everything.to_dicts()}
    people = sorted(set(everything["assignee"].drop_nulls()))
    provinces = {area.area_code: texts.named(vars(area)) for area in tree.of_level("province")}
    with st.grid(columns=5, min_column_width=170, gap="small"):
        severity = _choose(
            context, "severity", {code: texts(f"severity_{code}") for code in desk.SEVERITIES}, "desk_all_severities"
        )
        rule = _choose(context, "rule", rules, "desk_all_rules")
        province = _choose(context, "province", provinces, "desk_all_areas")
        state = _choose(
            context,
            "status",
            {code: texts.named(decide_view.words(row)) for code, row in states.items()},
            "all_statuses",
        )
        assignee = _choose(context, "desk_assignee", {name: name for name in people}, "desk_everybody")
    place = None if province is None else Place(context.state.hierarchy, province)
    filters = desk.Filters(rule, place, severity, state, assignee)
    return desk.queue(context.release, store.states(), states, filters)


def _choose(context: Context, label: str, names: Mapping[str, str], everything: str) -> str | None:
    chosen: str | None = st.selectbox(
        context.texts(label),
        [None, *names],
        format_func=lambda code: context.texts(everything) if code is None else names.get(code, code),
        key=f"w_desk_{label}",
    )
    return chosen


def _list(context: Context, rows: Sequence[Mapping[str, Any]], states: Mapping[str, DecisionState]) -> None:
    texts, language = context.texts, context.texts.language
    shown = [
        {
            texts("severity"): texts(f"severity_{row['severity']}"),
            texts("rule"): texts.named(dict(row), "rule") or row["rule_code"],
            texts("desk_place"): _place(context, row),
            texts("desk_measure"): texts.named(dict(row), "measure") or formats.NOTHING,
            texts("period"): row["period"] or formats.NOTHING,
            texts("desk_effect"): formats.number(row["effect"], language, 0),
            texts("status"): _state_text(context, row, states),
            texts("desk_assignee"): row["assignee"] or formats.NOTHING,
            texts("detail"): texts.named(dict(row), "detail"),
        }
        for row in rows
    ]
    frame = pl.DataFrame(shown, schema=dict.fromkeys(shown[0], pl.String))
    st.dataframe(frame, hide_index=True, height=min(320, 38 + 35 * frame.height))


def _state_text(context: Context, row: Mapping[str, Any], states: Mapping[str, DecisionState]) -> str:
    name = context.texts.named(decide_view.words(states[row["state_code"]]))
    return context.texts("desk_back", state=name) if row["is_back"] else name


def _place(context: Context, row: Mapping[str, Any]) -> str:
    parts = [context.texts.named(dict(row), stem) for stem in ("facility", "area")]
    return " · ".join(part for part in parts if part) or str(row["subject_code"])


def _name(context: Context, row: Mapping[str, Any]) -> str:
    texts = context.texts
    parts = [
        texts(f"severity_{row['severity']}"),
        texts.named(dict(row), "rule") or row["rule_code"],
        _place(context, row),
        texts.named(dict(row), "measure"),
        row["period"] or "",
        row["finding_key"][:8],
    ]
    return " · ".join(part for part in parts if part)


def _finding(
    context: Context,
    row: Mapping[str, Any],
    store: Decisions,
    kinds: Mapping[str, DecisionKind],
    states: Mapping[str, DecisionState],
) -> None:
    texts, language, words = context.texts, context.texts.language, dict(row)
    subject = Subject(FINDING, row["finding_key"])
    with st.container(border=True):
        st.subheader(texts.named(words, "rule") or row["rule_code"])
        facts = [
            f"**{_place(context, row)}**",
            texts.named(words, "measure"),
            row["period"],
            texts(f"severity_{row['severity']}"),
        ]
        st.markdown(" · ".join(fact for fact in facts if fact))
        st.markdown(texts.named(words, "detail"))
        numbers = {
            "violations": formats.number(row["violations"], language),
            "evaluated": formats.number(row["evaluated"], language),
            "value": formats.number(row["value"], language, 1),
            "desk_expected": formats.number(row["expected"], language, 1),
            "desk_effect": formats.number(row["effect"], language, 0),
        }
        st.caption(" · ".join(f"{texts(name)}: {value}" for name, value in numbers.items()))
        for label, stem in (
            ("desk_why", "rationale"),
            ("desk_facility_does", "facility_action"),
            ("desk_analyst_does", "action"),
        ):
            if told := texts.named(words, stem):
                st.markdown(f"**{texts(label)}**: {told}")
        if row["is_back"]:
            st.warning(texts("desk_back_note"), icon=":material/replay:")
    behind_view.draw(context, row, texts.named(words, "rule") or row["rule_code"])
    decide_view.history(context, store, subject, kinds)
    if context.state.as_of:
        st.info(texts("desk_past"), icon=":material/history:")
        return
    decide_view.actions(context, store.state(subject), kinds, states, texts("desk_decide"))
    value = desk.outlier_subject(row)
    if value is not None:
        state = store.state(value)
        st.subheader(texts("desk_value"))
        st.caption(texts("desk_value_note", value=formats.number(row["value"], language, 1), named=value.subject_key))
        decide_view.history(context, store, value, kinds)
        decide_view.actions(context, state, kinds, states, texts("desk_decide_value"))
