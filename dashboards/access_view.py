"""Pages and pieces of access: sign-in, sample readers, asking for another area, what is refused, and the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import polars as pl
import streamlit as st

from dashboards import access, formats
from dashboards.access import Entry
from dashboards.downloads import XLSX_TYPE, Extract, to_csv, to_xlsx
from dashboards.i18n import Texts
from pipelines.access.audit import AuditLog
from pipelines.access.policy import AccessDeniedError, Place, Reader
from pipelines.reference import load_registry

_LINES = 500
_OWN = ("seq", "at", "who", "action", "prev", "hash")


def draw_sign_in(texts: Texts) -> None:
    """Draw what somebody meets who has not signed in."""
    st.title(texts("app_title"))
    st.info(texts("sign_in_first"), icon=":material/lock:")
    st.button(texts("sign_in"), icon=":material/login:", type="primary", on_click=st.login, key="w_sign_in")


def draw_unknown(texts: Texts, error: Exception) -> None:
    """Draw what somebody meets who signed in and has no role here."""
    st.error(str(error), icon=":material/block:")
    st.button(texts("sign_out"), icon=":material/logout:", on_click=_sign_out, key="w_sign_out_unknown")


def who(reader: Reader, texts: Texts) -> None:
    """Draw who reads, with the role and the area, beside the title; nothing on a machine of one's own."""
    if access.door().entry is Entry.MACHINE:
        return
    st.caption(
        texts(
            "reader_line", user=reader.user, role=texts.named(asdict(reader.role)), area=place_name(reader.place, texts)
        ),
        width="content",
    )


def draw_refusal(error: AccessDeniedError, texts: Texts, page: str) -> None:
    """Draw why something is not shown, the way back, and how access to another area is asked for."""
    access.refused(error, page)
    st.error(str(error), icon=":material/block:")
    reader = access.scope().reader
    if error.place is not None and reader.role.can_request:
        _request(error.place, texts, "refused")


def draw_access(texts: Texts) -> None:
    """Draw the page of access: who one is, what the role gives, and what was asked for."""
    reader = access.scope().reader
    st.title(texts("page_access"))
    st.caption(texts("access_intro"))
    if access.door().entry is Entry.DEMO:
        _samples(reader, texts)
    else:
        st.markdown(f"**{texts('access_user')}**: `{reader.user}`")
        st.button(texts("sign_out"), icon=":material/logout:", on_click=_sign_out, key="w_sign_out")
    st.subheader(texts("access_role", role=texts.named(asdict(reader.role)), area=place_name(reader.place, texts)))
    st.markdown(texts.named(asdict(reader.role), "explanation"))
    for grant in reader.grants:
        until = formats.moment(grant.until, texts.language)
        st.success(texts("access_until", area=place_name(grant.place, texts), until=until), icon=":material/key:")
    if reader.role.can_request:
        st.subheader(texts("request_title"))
        codes = [row.hierarchy_code for row in load_registry().hierarchies.values()]
        with st.grid(columns=2, min_column_width=220):
            tree = st.selectbox(texts("hierarchy"), codes, key="w_request_tree")
            code = st.text_input(texts("request_code"), key="w_request_code")
        if code.strip():
            _request(Place(str(tree), code.strip()), texts, "page")


def draw_audit(texts: Texts) -> None:
    """Draw the last lines of the audit log, and whether the log is whole."""
    bound = access.scope()
    if not bound.reader.role.can_read_audit:
        raise AccessDeniedError(texts("audit_refused"))
    access.note("audit_read")
    st.title(texts("page_audit"))
    st.caption(texts("audit_intro"))
    log = AuditLog(access.settings().audit_log)
    chain = log.verify()
    if chain.problem:
        st.error(texts("audit_broken", problem=chain.problem), icon=":material/gpp_bad:")
    else:
        lines = formats.number(chain.lines, texts.language)
        st.success(texts("audit_whole", lines=lines, head=chain.head[:16]), icon=":material/verified_user:")
    rows = [
        {
            texts("audit_seq"): str(row.get("seq", "")),
            texts("audit_at"): str(row.get("at", "")).replace("T", " "),
            texts("audit_who"): str(row.get("who", "")),
            texts("audit_action"): str(row.get("action", "")),
            texts("audit_what"): "; ".join(f"{name}: {value}" for name, value in row.items() if name not in _OWN),
        }
        for row in list(log.rows())[-_LINES:][::-1]
    ]
    if rows:
        st.dataframe(pl.DataFrame(rows), hide_index=True, height=560)


def private_download(
    texts: Texts, label: str, make: Callable[[], bytes], file_name: str, media_type: str, key: str, **what: str | int
) -> None:
    """Draw a button that makes the one-time address of a file with personal data ready, then the link to it."""
    if not st.button(label, icon=":material/lock:", key=f"w_ready_{key}"):
        return
    address = access.hand_out(make, file_name, media_type, **what)
    if address is None:
        st.warning(texts("download_no_cookie"), icon=":material/cookie:")
        return
    seconds = int(load_registry().access_parameters["download_seconds"].value)
    st.html(f'<a class="handout" href="{address}" download>{texts("download_ready")}</a>')
    st.caption(texts("download_once", seconds=seconds))


def private_tables(texts: Texts, extract: Extract, stem: str, key: str, **what: str | int) -> None:
    """Draw such a button for each form of a table: CSV and XLSX."""
    for suffix, make, media_type in (("csv", to_csv, "text/csv"), ("xlsx", to_xlsx, XLSX_TYPE)):
        private_download(
            texts,
            texts(f"download_{suffix}"),
            partial(make, extract),
            f"{stem}.{suffix}",
            media_type,
            f"{key}_{suffix}",
            **what,
        )


def place_name(place: Place, texts: Texts) -> str:
    """Return the name of an area of the registry in the reader's language, with its tree."""
    registry = load_registry()
    area = registry.areas.get((place.hierarchy_code, place.area_code))
    name = getattr(area, f"name_{texts.language}", None) or str(place)
    return f"{name} ({place})"


def _samples(reader: Reader, texts: Texts) -> None:
    rows = load_registry().demo_readers
    names = {code: texts.named(asdict(rows[code])) for code in access.sample_codes()}
    st.session_state["w_sample"] = reader.user
    st.radio(texts("sample_choose"), list(names), format_func=names.__getitem__, key="w_sample", on_change=_become)


def _become() -> None:
    access.become(st.session_state["w_sample"])


def _sign_out() -> None:
    access.leave()
    st.logout()


def _request(place: Place, texts: Texts, key: str) -> None:
    parameters = load_registry().access_parameters
    hours = formats.number(parameters["request_hours"].value, texts.language)
    letters = int(parameters["reason_letters"].value)
    with st.form(f"w_request_{key}"):
        st.markdown(texts("request_intro", area=place_name(place, texts), hours=hours))
        reason = st.text_area(texts("request_reason", letters=letters), max_chars=500)
        if st.form_submit_button(texts("request_send"), icon=":material/key:"):
            try:
                access.ask(place, reason)
            except AccessDeniedError as error:
                st.error(str(error))
            else:
                st.rerun()
