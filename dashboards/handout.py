"""What one browser alone may fetch: files with personal data, once and for a short time, and pages of checks.

Streamlit serves the bytes behind its download button to anybody who has the address, as long as the session lasts; so
nothing personal goes through that button.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

SESSION_COOKIE = "niis_session"
_TOKEN_BYTES = 32
_MOST = 1000


@dataclass(frozen=True)
class Handout:
    """What waits at an address: for which browser and user, how it is made, and what is written down of it."""

    session: str
    user: str
    file_name: str
    media_type: str
    make: Callable[[], bytes]
    what: Mapping[str, str | int | None]


@dataclass(frozen=True)
class SitePass:
    """Lets one browser read the pages of a release's checks for a while."""

    session: str
    user: str
    release_id: str


class _Bound(Protocol):
    @property
    def session(self) -> str: ...


B = TypeVar("B", bound=_Bound)


class _Tokens(Generic[B]):
    """What tokens stand for, each bound to a browser and for a time, kept in this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin empty."""
        self._clock = clock
        self._held: dict[str, tuple[float, B]] = {}
        self._lock = threading.Lock()

    def issue(self, bound: B, lasts: timedelta) -> str:
        """Return a new token."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            now = self._clock()
            self._held = {key: entry for key, entry in self._held.items() if entry[0] > now}
            while len(self._held) >= _MOST:
                self._held.pop(next(iter(self._held)))
            self._held[token] = (now + lasts.total_seconds(), bound)
        return token

    def drop(self, session: str | None) -> None:
        """Throw away whatever is a browser's."""
        with self._lock:
            self._held = {key: entry for key, entry in self._held.items() if entry[1].session != session}

    def _if_of(self, entry: tuple[float, B] | None, session: str | None) -> B | None:
        if entry is None or self._clock() >= entry[0] or session is None:
            return None
        return entry[1] if secrets.compare_digest(entry[1].session, session) else None


class SitePasses(_Tokens[SitePass]):
    """The passes that still hold."""

    def of(self, token: str, session: str | None) -> SitePass | None:
        """Return the pass of a token; None when it is too old, was dropped, or is another browser's."""
        with self._lock:
            entry = self._held.get(token)
        return self._if_of(entry, session)


class Handouts(_Tokens[Handout]):
    """The addresses that can still be used."""

    def take(self, token: str, session: str | None) -> Handout | None:
        """Return what waits for a token, once; None when it was used, is too old, or is another browser's.

        A token in the wrong hands is void afterwards.
        """
        with self._lock:
            entry = self._held.pop(token, None)
        return self._if_of(entry, session)


handouts = Handouts()
site_passes = SitePasses()
