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


class SitePasses:
    """The passes that still hold, kept in this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin empty."""
        self._clock = clock
        self._held: dict[str, tuple[float, SitePass]] = {}
        self._lock = threading.Lock()

    def issue(self, site_pass: SitePass, lasts: timedelta) -> str:
        """Return a new token."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            now = self._clock()
            self._held = {key: entry for key, entry in self._held.items() if entry[0] > now}
            while len(self._held) >= _MOST:
                self._held.pop(next(iter(self._held)))
            self._held[token] = (now + lasts.total_seconds(), site_pass)
        return token

    def of(self, token: str, session: str | None) -> SitePass | None:
        """Return the pass of a token; None when it is too old, was dropped, or is another browser's."""
        with self._lock:
            until, found = self._held.get(token, (0.0, None))
        if found is None or self._clock() >= until or session is None:
            return None
        return found if secrets.compare_digest(found.session, session) else None

    def drop(self, session: str | None) -> None:
        """Let a browser in no longer."""
        with self._lock:
            self._held = {key: entry for key, entry in self._held.items() if entry[1].session != session}


class Handouts:
    """The addresses that can still be used, kept in this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin empty."""
        self._clock = clock
        self._waiting: dict[str, tuple[float, Handout]] = {}
        self._lock = threading.Lock()

    def issue(self, handout: Handout, lasts: timedelta) -> str:
        """Return a new token for a file."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            now = self._clock()
            self._waiting = {key: entry for key, entry in self._waiting.items() if entry[0] > now}
            while len(self._waiting) >= _MOST:
                self._waiting.pop(next(iter(self._waiting)))
            self._waiting[token] = (now + lasts.total_seconds(), handout)
        return token

    def take(self, token: str, session: str | None) -> Handout | None:
        """Return what waits for a token, once; None when it was used, is too old, or is another browser's.

        A token in the wrong hands is void afterwards.
        """
        with self._lock:
            until, handout = self._waiting.pop(token, (0.0, None))
        if handout is None or self._clock() >= until or session is None:
            return None
        return handout if secrets.compare_digest(handout.session, session) else None

    def drop(self, session: str | None) -> None:
        """Throw away whatever waits for a browser."""
        with self._lock:
            self._waiting = {key: entry for key, entry in self._waiting.items() if entry[1].session != session}


handouts = Handouts()
site_passes = SitePasses()
