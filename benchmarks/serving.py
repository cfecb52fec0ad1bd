"""Waiting for a server that was just started."""

from __future__ import annotations

import time
import urllib.request

_TRIES, _PAUSE_SECONDS = 300, 0.2


def wait_for(address: str) -> None:
    """Return once the server at an address answers, or after a minute: then the first question says what is wrong."""
    for _ in range(_TRIES):
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
        except OSError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return
