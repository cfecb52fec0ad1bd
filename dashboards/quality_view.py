"""The page of data quality: nothing in it is computed here but counts of what is listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import streamlit as st

from dashboards import charts, components, documents_view, formats
from dashboards.downloads import Column, Extract
from dashboards.shell import Context

_PAGE = 100
_RECEIPTS = 500
_STATUSES = ("accepted", "accepted_with_rejections", "refused")


def draw(context: Context) -> None:
    """Draw the totals and the three lists."""
    texts = context.texts
    st.title(texts("page_quality"))
    st.caption(texts("quality_intro"))
    checks = context.release.check_results()
    _totals(context, checks)
    names = [texts("tab_checks"), texts("tab_rejected"), texts("tab_receipts")]
    checks_tab, rejected_tab, receipts_tab = st.tabs(names)
    with checks_tab:
        documents_view.draw(context)
        _checks(context, checks)
    with rejected_tab:
        _rejected(context)
    with receipts_tab:
        _receipts(context)


def _totals(context: Context, checks: pl.DataFrame) -> None:
    texts, totals = context.texts, context.release.submission_totals()
    files = dict(totals.select("status", "submissions").iter_rows())
    shown: list[tuple[str, int]] = [
        ("files_accepted", files.get("accepted", 0)),
        ("files_rejections", files.get("accepted_with_rejections", 0)),
        ("files_refused", files.get("refused", 0)),
        ("lines_accepted", int(totals["accepted_count"].sum() or 0)),
        ("lines_rejected", int(totals["rejected_count"].sum() or 0)),
        ("lines_duplicate", int(totals["duplicate_count"].sum() or 0)),
        ("checks_failed", checks.filter(pl.col("status").is_in(["failed", "error"])).height),
    ]
    components.number_cards([(texts(key), formats.number(value, texts.language)) for key, value in shown])


def _checks(context: Context, checks: pl.DataFrame) -> None:
    texts = context.texts
    if not checks.height:
        st.info(texts("checks_none"), icon=":material/info:")
        return
    rows = [
        {
            texts("status"): texts(f"check_{row['status']}"),
            texts("rule"): texts.named(row),
            texts("message"): texts.named(row, "message"),
            texts("severity"): texts(f"severity_{row['severity']}"),
            texts("violations"): formats.number(row["violations"], texts.language),
            texts("evaluated"): formats.number(row["evaluated"], texts.language),
            texts("scope"): row["scope"],
            texts("action"): texts.named(row, "action"),
            texts("checked_at"): formats.moment(row["checked_at"], texts.language),
        }
        for row in checks.iter_rows(named=True)
    ]
    _list(context, pl.DataFrame(rows), "checks")


def _rejected(context: Context) -> None:
    texts, language = context.texts, context.texts.language
    totals = context.release.rejection_totals()
    if not totals.height:
        st.info(texts("rejected_none"), icon=":material/check_circle:")
        return
    reasons = {row["reason_code"]: texts.named(row, "text") for row in totals.iter_rows(named=True)}
    first = next(iter(reasons.values()))
    components.chart(_reason_bars(context, totals), alt=texts("rejected_alt", first=first))
    chosen = st.selectbox(
        texts("reason"),
        [None, *reasons],
        format_func=lambda code: texts("all_reasons") if code is None else reasons.get(code, code),
        key="w_reason",
    )
    count = context.release.rejected_count(reason_code=chosen)
    pages = max(1, -(-count // _PAGE))
    page = st.pagination(pages, key=f"w_rejected_page_{chosen}") if pages > 1 else 1
    found = context.release.rejected_rows(reason_code=chosen, limit=_PAGE, offset=(page - 1) * _PAGE)
    st.caption(
        texts("page_of", page=page, pages=formats.number(pages, language), count=formats.number(count, language))
    )
    rows = [
        {
            texts("file_name"): row["original_name"],
            texts("line_no"): formats.number(row["line_no"], language),
            texts("field"): row["field_name"],
            texts("reason"): texts.named(row, "text") or row["reason_code"],
            texts("action"): texts.named(row, "action"),
            texts("submission_id"): row["submission_id"],
        }
        for row in found.iter_rows(named=True)
    ]
    _list(context, pl.DataFrame(rows), "rejected")


def _reason_bars(context: Context, totals: pl.DataFrame) -> Any:
    texts = context.texts
    frame = pl.DataFrame(
        [
            {
                "code": row["reason_code"],
                "name": texts.named(row, "text") or row["reason_code"],
                "value": float(row["line_count"]),
                "value_text": formats.number(row["line_count"], texts.language),
                "note": texts.named(row, "action"),
            }
            for row in totals.head(15).iter_rows(named=True)
        ]
    )
    return charts.counts(frame, title=texts("line_count"), name=texts("reason"), note=texts("action"))


def _receipts(context: Context) -> None:
    texts, language = context.texts, context.texts.language
    status = st.selectbox(
        texts("status"),
        [None, *_STATUSES],
        format_func=lambda code: texts("all_statuses") if code is None else texts(f"submission_{code}"),
        key="w_submission_status",
    )
    found = context.release.submissions(status=status, limit=_RECEIPTS)
    st.caption(texts("receipts_note", count=formats.number(found.height, language)))
    rows = [
        {
            texts("file_name"): row["original_name"],
            texts("status"): texts(f"submission_{row['status']}"),
            texts("received_at"): formats.moment(row["received_at"], language),
            texts("line_count"): formats.number(row["line_count"], language),
            texts("accepted"): formats.number(row["accepted_count"], language),
            texts("rejected"): formats.number(row["rejected_count"], language),
            texts("duplicate"): formats.number(row["duplicate_count"], language),
            texts("detail"): row["refusal_detail"],
            texts("submission_id"): row["submission_id"],
        }
        for row in found.iter_rows(named=True)
    ]
    _list(context, pl.DataFrame(rows), "receipts")


def _list(context: Context, rows: pl.DataFrame, stem: str) -> None:
    """Draw a list of texts and offer it as a file."""
    if not rows.height:
        st.info(context.texts("no_data"), icon=":material/info:")
        return
    rows = rows.with_columns(pl.all().cast(pl.String).fill_null(formats.NOTHING))
    st.dataframe(rows, hide_index=True, height=min(560, 38 + 35 * rows.height))
    columns: Sequence[Column] = [Column(name, name) for name in rows.columns]
    info = context.release.info()
    facts: list[tuple[str, Any]] = [
        (context.texts("data_kind"), context.texts("kind_synthetic" if info.is_synthetic else "kind_routine")),
        (context.texts("as_of"), info.as_of_date),
        (context.texts("release"), info.release_id),
    ]
    components.downloads(Extract(rows, columns, [], facts, context.texts.language), stem, context)
