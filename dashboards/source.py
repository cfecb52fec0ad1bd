"""Which folder of releases this process reads, and the one open release that its sessions share."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import streamlit as st

from dashboards.warehouse import Release, ReleaseError, current_release_id, open_known, open_release
from pipelines.history import HistoryError, ReleaseRecord, records, release_on, restored
from pipelines.settings import DOCUMENTS_NAME, Settings, load_settings

_SENT = "sent-"

_chosen: dict[str, Path] = {}


def use(published_dir: Path) -> None:
    """Read this folder from now on."""
    _chosen["published"] = Path(published_dir)


def published_dir() -> Path:
    """Return the folder in use; that of the settings when nobody chose one."""
    return _chosen.get("published") or load_settings().published


def current() -> Release:
    """Return the release to show. A new one is taken up by the next run of a page; an open page finishes on its own.

    Raises NothingPublishedError.
    """
    folder = published_dir()
    return _opened(str(folder), current_release_id(folder))


@st.cache_resource(max_entries=3, show_spinner=False)
def _opened(folder: str, release_id: str) -> Release:
    return open_release(folder).remembering()


def has_documents(release_id: str) -> bool:
    """Say whether a release has pages of its checks beside its data; one made again from history has none."""
    return (published_dir() / release_id / DOCUMENTS_NAME).is_dir()


def releases() -> list[ReleaseRecord]:
    """Return every release that was published, the oldest first."""
    settings = _installation()
    names = tuple(sorted(path.name for path in settings.history.glob("[!.]*")))
    return _records(str(settings.home), names)


def known_days() -> list[str]:
    """Return the days (ISO) of which a copy can be shown: of releases, and of what had been sent; the newest first."""
    sent = {path.name.removeprefix(_SENT) for path in _installation().as_of.glob(f"{_SENT}*")}
    published = {record.published_on.isoformat() for record in releases()}
    return sorted(sent | published, reverse=True)


def as_known(day: str) -> Release | None:
    """Return the copy of what was known on a day (ISO), or None when there is none that can be shown.

    A release whose copy was removed is made again from history, which takes a while the first time. What had been sent
    before the first release is shown where `niis indicator --as-of` has built it. Raises ReleaseError.
    """
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        return None
    settings = _installation()
    stood = release_on(releases(), wanted)
    try:
        folder = settings.as_of / f"{_SENT}{wanted.isoformat()}" if stood is None else restored(settings, stood)
    except HistoryError as error:
        raise ReleaseError(str(error)) from error
    if not (folder / "manifest.json").exists():
        return None
    sha256 = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["sha256"]
    return _known(str(folder), sha256, wanted, "sent" if stood is None else "release")


def _installation() -> Settings:
    return Settings(published_dir().parent)


@st.cache_resource(max_entries=4, show_spinner=False)
def _records(home: str, names: tuple[str, ...]) -> list[ReleaseRecord]:
    return records(Settings(Path(home)))


@st.cache_resource(max_entries=3, show_spinner=False)
def _known(folder: str, sha256: str, day: date, basis: str) -> Release:
    return open_known(Path(folder), day, basis).remembering()
