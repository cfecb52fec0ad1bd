"""Who may see single persons: the one place that decides, and the one place that opens their file for a page.

Closed unless whoever starts the server opens it. While it is closed the pages of persons do not exist, and the file
is never opened. Roles and areas can take the place of the switch here without a change elsewhere.

    AccessError     somebody asked for persons where nobody may see them
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards import formats, source
from dashboards.persons import Persons, open_persons
from dashboards.warehouse import ReleaseError
from pipelines.care.audit import note_access
from pipelines.settings import Settings

_opened_for: dict[str, Settings] = {}


class AccessError(ReleaseError):
    """Persons are closed on this server; the message says how they are opened."""


def open_to_readers(settings: Settings | None) -> None:
    """Let every reader of this server see persons of an installation; None closes them."""
    _opened_for.clear()
    if settings is not None:
        _opened_for["settings"] = settings


def may_see_persons() -> bool:
    """Say whether the reader of this run may see single persons."""
    return "settings" in _opened_for


def persons() -> Persons:
    """Return the persons of the release that is shown. Raises AccessError, or PersonsFileError."""
    if not may_see_persons():
        raise AccessError(
            "Máy chủ này không mở dữ liệu từng người; người quản trị mở bằng `niis serve --persons`. / "
            "This server does not show single persons; its keeper opens them with `niis serve --persons`."
        )
    return _opened(str(source.published_dir()), source.current().release_id)


def settings() -> Settings:
    """Return the installation whose persons are shown. Raises AccessError."""
    persons()
    return _opened_for["settings"]


def note(action: str, **what: str | int | None) -> None:
    """Write down that this reader looked: codes and counts only; once for the same look in a session."""
    seen = st.session_state.setdefault("noted_looks", set())
    look = (action, tuple(sorted(what.items(), key=str)))
    if look in seen:
        return
    seen.add(look)
    at = formats.viet_nam_now()
    note_access(_opened_for["settings"].person_access_log, who=_reader(), at=at, action=action, **what)


def _reader() -> str:
    """Return what is known of the reader: the machine's address; the session, when there is none."""
    address = st.context.ip_address or "localhost"
    return f"page:{address}"


@st.cache_resource(max_entries=3, show_spinner=False)
def _opened(folder: str, release_id: str) -> Persons:
    return open_persons(Path(folder), release_id)
