"""How readers come in, who the reader of this run is, and what may be shown to it. The rules are in `pipelines.access`.

A server has one door. *machine*: nobody signs in, because only whoever keeps the machine can reach it; persons stay
closed unless it was told to open them. *demo*: sample readers, chosen on a page. *sign_in*: OpenID Connect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import streamlit as st

from dashboards import source
from dashboards.handout import SESSION_COOKIE, Handout, SitePass, handouts, site_passes
from dashboards.persons import Persons, open_persons
from pipelines.access.audit import AuditLog
from pipelines.access.policy import NONE, AccessDeniedError, Grant, Place, Reader, Scope
from pipelines.access.readers import KEEPER, LOCAL, AccessSettingsError, Readers, now
from pipelines.access.sign_in import claim_names
from pipelines.reference import load_registry
from pipelines.settings import Settings, is_production

_SAMPLE = "sample_reader"
CHECKS_ADDRESS = "data-docs"


class Entry(StrEnum):
    """How readers come in."""

    MACHINE = "machine"
    DEMO = "demo"
    SIGN_IN = "sign_in"


@dataclass(frozen=True)
class Door:
    """How readers of a server come in, and of which installation; `persons` opens persons to a machine's own reader."""

    entry: Entry
    settings: Settings
    persons: bool = False


_door: dict[str, Door] = {}


def door_of(settings: Settings, *, demo: bool = False, persons: bool = False) -> Door:
    """Return the door that an installation has. Raises AccessSettingsError when it may not be opened so."""
    names = claim_names(settings)
    if demo and (is_production() or names is not None):
        raise AccessSettingsError(
            "Chế độ dùng thử với vai trò mẫu bị từ chối: đây là hệ thống thật (NIIS_PRODUCTION, hoặc đã cài đăng nhập)."
            " / The demo mode with sample roles is refused: this is a production system (NIIS_PRODUCTION is on, or"
            " sign-in is set up)."
        )
    if names is not None:
        if persons:
            raise AccessSettingsError(
                "Đã cài đăng nhập: vai trò quyết định ai xem từng người; bỏ --persons. / "
                "Sign-in is set up: roles decide who sees persons; leave --persons out."
            )
        return Door(Entry.SIGN_IN, settings)
    if is_production():
        raise AccessSettingsError(
            "Hệ thống thật (NIIS_PRODUCTION) cần đăng nhập: niis access sign-in. / "
            "A production system (NIIS_PRODUCTION) needs sign-in: niis access sign-in."
        )
    return Door(Entry.DEMO if demo else Entry.MACHINE, settings, persons)


def open_door(door: Door | None) -> None:
    """Let readers in through a door; None closes it again to all but aggregates for the machine's own reader."""
    _door.clear()
    if door is not None:
        _door["door"] = door


def door() -> Door:
    """Return the door that is open."""
    return _door.get("door") or Door(Entry.MACHINE, Settings(source.published_dir().parent))


def settings() -> Settings:
    """Return the installation that is shown."""
    return door().settings


def readers() -> Readers:
    """Return who may read this installation."""
    return Readers(settings(), load_registry())


def reader() -> Reader | None:
    """Return who reads in this run; None when nobody has signed in. Raises AccessDeniedError, AccessSettingsError."""
    opened, moment = door(), now()
    if opened.entry is Entry.MACHINE:
        address = st.context.ip_address or "localhost"
        return readers().machine(KEEPER if opened.persons else LOCAL, f"page:{address}")
    if opened.entry is Entry.DEMO:
        return readers().sample(st.session_state.get(_SAMPLE) or sample_codes()[0], moment)
    names = claim_names(opened.settings)
    if names is None or not st.user.get("is_logged_in"):
        return None
    claims = dict(st.user)
    hours = load_registry().access_parameters["session_hours"].value
    began = claims.get("auth_time") or claims.get("iat")
    if began is None or moment.timestamp() - float(str(began)) > timedelta(hours=hours).total_seconds():
        return None
    found = readers().signed_in(claims, names, moment)
    _note_once("sign_in", found, role=found.role.role_code, area=str(found.place))
    return found


def sample_codes() -> list[str]:
    """Return the sample readers of the demo mode, the first is who one is at first."""
    return [row.reader_code for row in sorted(load_registry().demo_readers.values(), key=lambda row: row.sort_order)]


def become(reader_code: str) -> None:
    """Be another sample reader from the next run on; what was made ready for the one before is thrown away."""
    leave()
    st.session_state[_SAMPLE] = reader_code
    log("sign_in", readers().sample(reader_code, now()), demo="yes")


def leave() -> None:
    """Throw away what was made ready for this session."""
    handouts.drop(_session())
    site_passes.drop(_session())
    for key in ("person_key", "view"):
        st.session_state.pop(key, None)


def scope() -> Scope:
    """Return what the reader of this run may see. Raises AccessDeniedError when nobody has signed in."""
    found = reader()
    if found is None:
        raise AccessDeniedError("Hãy đăng nhập trước. / Sign in first.")
    return readers().scope(found)


def may_see_persons() -> bool:
    """Say whether the reader of this run may see single persons of any area."""
    return scope().may_see_anybody()


def persons() -> Persons:
    """Return the persons of the release that is shown, for the reader of this run.

    Raises AccessDeniedError, or PersonsFileError.
    """
    bound = scope()
    if not bound.may_see_anybody():
        raise AccessDeniedError(
            f"Vai trò «{bound.reader.role.name_vi}» không được xem từng người; trên máy của mình, người giữ máy mở bằng"
            f" `niis serve --persons`. / The role '{bound.reader.role.name_en}' may not see single persons; on a"
            " machine of one's own its keeper opens them with `niis serve --persons`."
        )
    return _opened(str(source.published_dir()), source.current().release_id).within(bound)


def is_named() -> bool:
    """Say whether the door knows who the reader is; else a page that writes has to ask."""
    return door().entry is not Entry.MACHINE


def steward(stated: str) -> str:
    """Return who decides in this run: whoever signed in, or the name that was stated on a machine without sign-in.

    Empty when nobody said it. Raises AccessDeniedError when the reader may not settle findings at all.
    """
    bound = scope()
    if bound.reader.role.finding_scope == NONE:
        bound.require_findings(bound.reader.place)
    return bound.reader.user if is_named() else stated.strip()


def ask(place: Place, reason: str) -> Grant:
    """Ask for an area outside the own one. Raises AccessDeniedError, AuditError."""
    return readers().request(scope().reader, place, reason, now())


def note(action: str, **what: str | int | None) -> None:
    """Write down what this reader looked at: codes and counts only; once for the same look in a session.

    Raises AuditError: then it must not be shown.
    """
    _note_once(action, scope().reader, **what)


def refused(error: AccessDeniedError, page: str) -> None:
    """Write down that this reader asked for what it may not see."""
    try:
        found = reader()
    except AccessDeniedError:
        found = None
    who = found.user if found else f"page:{st.context.ip_address or 'localhost'}"
    _once(who, "refused", page=page, area=None if error.place is None else str(error.place))


def log(action: str, who: Reader, **what: str | int | None) -> None:
    """Write down what a reader did. Raises AuditError: then it must not be done."""
    _write(who.user, action, **what)


def audited(action: str, make: Callable[[], bytes], **what: str | int | None) -> Callable[[], bytes]:
    """Return a function that makes a file only after its download was written down; it may run outside a page."""
    bound, settings_now = scope(), settings()
    bound.require_download()

    def made() -> bytes:
        AuditLog(settings_now.audit_log).append(who=bound.reader.user, at=now(), action=action, **what)
        return make()

    return made


def hand_out(make: Callable[[], bytes], file_name: str, media_type: str, **what: str | int | None) -> str | None:
    """Return the one-time address of a file with personal data, for this browser alone.

    None when the browser keeps no cookie, by which it would be known again. The file is made, and its download written
    down, when the address is opened. Raises AccessDeniedError.
    """
    bound = scope()
    bound.require_download()
    session = _session()
    if session is None:
        return None
    seconds = load_registry().access_parameters["download_seconds"].value
    token = handouts.issue(
        Handout(session, bound.reader.user, file_name, media_type, make, what), timedelta(seconds=seconds)
    )
    return f"download/{token}"


def may_see_checks() -> bool:
    """Say whether the reader of this run works on findings anywhere, and so reads the pages of the checks."""
    return scope().reader.role.finding_scope != NONE


def open_checks(release_id: str) -> str | None:
    """Return the address of the pages of a release's checks, for this browser and for a while.

    None when the browser keeps no cookie. Raises AccessDeniedError, AuditError.
    """
    bound = scope()
    if bound.reader.role.finding_scope == NONE:
        bound.require_findings(bound.reader.place)
    session = _session()
    if session is None:
        return None
    note("data_docs", release=release_id)
    seconds = load_registry().access_parameters["site_seconds"].value
    token = site_passes.issue(SitePass(session, bound.reader.user, release_id), timedelta(seconds=seconds))
    return f"{CHECKS_ADDRESS}/{token}/index.html"


def _session() -> str | None:
    return st.context.cookies.get(SESSION_COOKIE)


def _note_once(action: str, who: Reader, **what: str | int | None) -> None:
    _once(who.user, action, **what)


def _once(who: str, action: str, **what: str | int | None) -> None:
    seen = st.session_state.setdefault("noted_looks", set())
    look = (who, action, tuple(sorted(what.items(), key=str)))
    if look not in seen:
        _write(who, action, **what)
        seen.add(look)


def _write(who: str, action: str, **what: str | int | None) -> None:
    AuditLog(settings().audit_log).append(who=who, at=now(), action=action, **what)


@st.cache_resource(max_entries=3, show_spinner=False)
def _opened(folder: str, release_id: str) -> Persons:
    return open_persons(Path(folder), release_id)
