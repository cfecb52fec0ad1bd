"""Which folder of releases this process reads, and the one open release that its sessions share."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards.warehouse import Release, current_release_id, open_release
from pipelines.settings import load_settings

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
    return open_release(folder)
