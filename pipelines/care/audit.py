"""Who looked at what is known of persons: one line of JSON a look-up, only ever added to. No name stands in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipelines.care.private import append_line


def note_access(log: Path, *, who: str, at: datetime, action: str, **what: str | int | None) -> None:
    """Append a look-up; `what` holds codes and counts, never a name, a number or the text of a search."""
    append_line(log, {"at": at.isoformat(timespec="seconds"), "who": who, "action": action, **what})
