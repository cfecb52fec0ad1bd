"""The records behind a finding, for whoever may see the persons of the place: opened on demand, and written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import streamlit as st

from dashboards import access, access_view, behind, formats
from dashboards.shell import Context
from pipelines.access.audit import AuditError
from pipelines.access.policy import AccessDeniedError

_OPENED = "desk_behind"
# A finding of records names some; what is more is for the file.
_SHOWN = 200


def draw(context: Context, finding: Mapping[str, Any], rule_name: str) -> None:
    """Draw what opens the records behind a finding, and once it was opened the records."""
    texts, key = context.texts, str(finding["finding_key"])
    if not access.may_see_persons():
        return
    if st.session_state.get(_OPENED) != key:
        if st.button(texts("behind_open"), icon=":material/visibility:", key=f"w_behind_{key}"):
            st.session_state[_OPENED] = key
            st.rerun()
        st.caption(texts("behind_note"))
        return
    try:
        found = access.persons().behind(key)
        access.note("finding_records", finding=key, rule=str(finding["rule_code"]), rows=found.rows.height)
    except (AccessDeniedError, AuditError) as error:
        st.error(str(error), icon=":material/lock:")
        return
    st.subheader(texts("behind_title"))
    if found.hidden_count:
        st.caption(texts("behind_hidden", count=formats.number(found.hidden_count, texts.language)))
    if not found.rows.height:
        st.info(texts("behind_none"), icon=":material/info:")
        return
    rows = behind.described(found.rows, texts)
    table = rows.head(_SHOWN).select(
        _text(rows.head(_SHOWN)[column.name], texts.language).alias(column.header)
        for column in behind.columns(texts)
        if rows[column.name].null_count() < rows.height
    )
    st.caption(
        texts(
            "behind_count",
            count=formats.number(rows.height, texts.language),
            shown=formats.number(table.height, texts.language),
        )
    )
    st.dataframe(table, hide_index=True, height=min(420, 38 + 35 * table.height))
    info = context.release.info()
    facts: list[tuple[str, Any]] = [
        (texts("data_kind"), texts("kind_synthetic" if info.is_synthetic else "kind_routine")),
        (texts("finding"), key),
        (texts("as_of"), info.as_of_date),
        (texts("release"), info.release_id),
    ]
    rule = {texts("rule"): rule_name, texts("detail"): texts.named(dict(finding), "detail")}
    extract = behind.extract(rows, texts, rule, facts)
    stem = f"{texts('behind_file')}_{key[:8]}"
    access_view.private_tables(texts, extract, stem, "behind", finding=key, rows=rows.height)


def _text(column: pl.Series, language: str) -> pl.Series:
    if column.dtype == pl.Date:
        texts = [formats.day(value, language) for value in column]
    else:
        texts = [formats.NOTHING if value in (None, "") else str(value) for value in column]
    return pl.Series(column.name, texts, dtype=pl.String)
