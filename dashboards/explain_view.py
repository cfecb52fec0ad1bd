"""The panel "explain this number": definition, parts, areas, causes, files and checks of the chosen value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboards import formats
from dashboards.anomalies import named
from dashboards.decomposition import Change, Gap
from dashboards.definitions import definition_of
from dashboards.explanation import Explanation, Question, explain
from dashboards.shell import Context, period_text
from dashboards.views import compared_period

_LISTED = 10


def draw(context: Context) -> None:
    """Draw the panel, closed; what it says is asked for when it is opened."""
    texts, state = context.texts, context.state
    key = f"explain_{state.hierarchy}_{state.area}_{state.indicator}_{state.period_type}_{state.period}"
    panel = st.expander(texts("explain"), key=key, on_change="rerun", icon=":material/help:")
    if not panel.open or not state.period:
        return
    known = context.periods["period"].to_list()
    question = Question(
        state.indicator,
        state.hierarchy,
        state.area,
        state.period_type,
        state.period,
        compared_period(state.period, state.period_type, known),
    )
    with panel:
        _contents(context, explain(context.release, question))


def _contents(context: Context, found: Explanation) -> None:
    texts = context.texts
    st.caption(texts.named(dict(found.indicator), "definition"))
    definition = definition_of(context, found.indicator)
    for name in ("numerator", "denominator"):
        st.markdown(f"**{texts(name)}**: {definition[texts(name)]}")
    if found.value is None or found.value["value"] is None:
        st.info(texts("explain_no_value"), icon=":material/info:")
    _causes(context, found)
    _events(context, found)
    _section(context, texts("explain_parts"), _parts(context, found))
    if found.gaps and found.goal is not None:
        goal = formats.in_unit(found.goal, found.indicator["unit"], texts.language, 0)
        _section(context, texts("explain_gap", goal=goal), _gaps(context, found, found.gaps[:_LISTED]))
    if found.changes and found.question.against:
        title = texts("explain_change", before=period_text(context, found.question.against))
        _section(context, title, _changes(context, found, found.changes[:_LISTED]))
        st.caption(texts("explain_effects"))
    if found.files.height:
        totals = {
            "file_count": found.files.height,
            "row_total": sum(found.files["row_count"]),
            "rejected_total": sum(found.files["rejected_count"].fill_null(0)),
        }
        counts = {name: formats.number(count, texts.language) for name, count in totals.items()}
        _section(context, texts("explain_files", **counts), _files(context, found))
    _section(context, texts("explain_checks"), _checks(context, found))


def _section(context: Context, title: str, frame: pl.DataFrame) -> None:
    st.markdown(f"**{title}**")
    if frame.height:
        st.dataframe(frame, hide_index=True)
    else:
        st.caption(context.texts("explain_nothing"))


def _causes(context: Context, found: Explanation) -> None:
    texts = context.texts
    if found.anomaly is None:
        return
    st.warning(texts("explain_excess" if found.anomaly == "excess" else "explain_negative"), icon=":material/warning:")
    unseen: list[str] = []
    silent: list[str] = []
    for finding in found.causes:
        name, evidence, action = named(finding, texts)
        if finding.is_likely:
            st.markdown(f"- **{name}**: {'; '.join(evidence)}. *{action}.*")
        else:
            (unseen if finding.is_likely is None else silent).append(name)
    if silent:
        st.caption(texts("explain_silent", names=", ".join(silent)))
    if unseen:
        st.caption(texts("explain_unseen", names=", ".join(unseen)))


def _events(context: Context, found: Explanation) -> None:
    texts = context.texts
    for event in found.events:
        days = " – ".join(formats.day(event[name], texts.language) for name in ("valid_from", "valid_to"))
        st.markdown(f"- {texts('event')}: {texts.named(dict(event), 'label')} ({days})")


def _parts(context: Context, found: Explanation) -> pl.DataFrame:
    texts = context.texts
    return pl.DataFrame(
        [
            {
                texts("explain_role"): texts(row["term_role"]),
                texts("explain_measure"): f"{texts.named(row)} ({row['measure_code']})",
                texts("explain_weight"): formats.number(
                    row["weight"], texts.language, 0 if row["weight"] % 1 == 0 else 2
                ),
                texts("explain_sum"): formats.number(row["measure_sum"], texts.language),
                texts("data_source"): row["source"],
            }
            for row in found.parts.iter_rows(named=True)
            if row["term_role"] in ("numerator", "denominator")
        ]
    )


def _gaps(context: Context, found: Explanation, gaps: Sequence[Gap]) -> pl.DataFrame:
    texts, decimals = context.texts, found.indicator["decimals"] + 1
    return pl.DataFrame(
        [
            {
                texts("area"): _area(context, found, gap.part),
                texts("explain_contribution"): formats.signed(gap.contribution, texts.language, decimals),
                texts("explain_missing"): formats.number(gap.missing, texts.language),
                **_fraction(context, gap),
            }
            for gap in gaps
        ]
    )


def _changes(context: Context, found: Explanation, changes: Sequence[Change]) -> pl.DataFrame:
    texts, decimals = context.texts, found.indicator["decimals"] + 1
    return pl.DataFrame(
        [
            {
                texts("area"): _area(context, found, change.part),
                texts("explain_contribution"): formats.signed(change.contribution, texts.language, decimals),
                texts("explain_rate"): formats.signed(change.rate_effect, texts.language, decimals),
                texts("explain_mix"): formats.signed(change.mix_effect, texts.language, decimals),
                **_fraction(context, change),
            }
            for change in changes
        ]
    )


def _fraction(context: Context, part: Gap | Change) -> dict[str, Any]:
    texts = context.texts
    return {
        texts(name): formats.number(getattr(part.now, name), texts.language) for name in ("numerator", "denominator")
    }


def _area(context: Context, found: Explanation, code: str | None) -> str:
    if code is None or code not in found.names:
        return context.texts("explain_rest")
    name_vi, name_en = found.names[code]
    return name_en if context.texts.language == "en" and name_en else name_vi


def _files(context: Context, found: Explanation) -> pl.DataFrame:
    texts = context.texts
    return pl.DataFrame(
        [
            {
                texts("explain_file"): row["original_name"],
                texts("explain_rows"): formats.number(row["row_count"], texts.language),
                texts("explain_accepted"): formats.number(row["accepted_count"], texts.language),
                texts("explain_rejected"): formats.number(row["rejected_count"], texts.language),
                texts("explain_received"): formats.moment(row["received_at"], texts.language),
            }
            for row in found.files.head(_LISTED).iter_rows(named=True)
        ]
    )


def _checks(context: Context, found: Explanation) -> pl.DataFrame:
    texts = context.texts
    return pl.DataFrame(
        [
            {
                texts("explain_check"): texts.named(row),
                texts("status"): texts(f"check_{row['status']}"),
                texts("explain_found"): texts.named(row, "message"),
            }
            for row in found.checks.head(_LISTED).iter_rows(named=True)
        ]
    )
