"""Corrected files of rejected ones: held in a folder of their own until a steward approves them.

What is held is in no lake and moves no number. An approval lets the next run take it in like a file of the inbox; a
refusal leaves it where it is. What was taken in is held no longer, since the lake keeps its bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from pipelines.files import submission_id, write_bytes_atomically
from pipelines.settings import Settings
from pipelines.stewardship.events import SUBMISSION, Decision, State, StewardshipError, Subject

PROPOSED, CORRECTED = "proposed", "corrected"
CORRECTED_BY = "corrected_by"
# A file is read as a whole; the largest that a facility sends is far below.
LARGEST_BYTES = 64 * 2**20
_NAME_LENGTH = 120


@dataclass(frozen=True)
class Approval:
    """What let a file in: the rejected file that it corrects, and the decision (its number there) that said so."""

    corrects: str
    decision_version: int
    decided_at: datetime


@contextmanager
def hold(settings: Settings, name: str, content: bytes) -> Iterator[str]:
    """Keep a corrected file until somebody decides; give the id that its submission will have.

    When the block fails, nothing is kept that was not kept before. Raises StewardshipError for no file at all.
    """
    if not content.strip():
        raise StewardshipError(f"The file {name} is empty; choose the corrected one.")
    if len(content) > LARGEST_BYTES:
        raise StewardshipError(
            f"The file {name} is larger than {LARGEST_BYTES // 2**20} MB; submit it with niis submit."
        )
    digest = sha256(content).hexdigest()
    target = settings.corrections / f"{digest[:16]}__{Path(name).name[-_NAME_LENGTH:]}"
    is_new = held(settings, submission_id(digest)) is None
    settings.corrections.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_bytes_atomically(target, content)
    target.chmod(0o600)
    try:
        yield submission_id(digest)
    except BaseException:
        if is_new:
            target.unlink(missing_ok=True)
        raise


def held(settings: Settings, file_id: str) -> Path | None:
    """Return the held file of an id, or None: it was never held, or it was taken in."""
    return _held(settings).get(file_id)


def approvals(states: Mapping[Subject, State]) -> dict[str, Approval]:
    """Return what stewards let in, by the id of the correcting file."""
    found: dict[str, Approval] = {}
    for subject, state in sorted(states.items()):
        if subject.subject_kind == SUBMISSION and state.state_code == CORRECTED:
            assert state.detail is not None and state.decided_at is not None, "an approval names a file and a time"
            found[state.detail] = Approval(subject.subject_key, state.version, state.decided_at)
    return found


def waiting_corrections(settings: Settings, approved: Mapping[str, Approval]) -> list[Path]:
    """Return the held files that were approved and no run has taken in yet, in the order of their names."""
    # To know what is held, every file of the folder is read.
    known = _held(settings) if approved else {}
    return sorted(path for file_id, path in known.items() if file_id in approved)


def require_undoable(settings: Settings, state: State, told: Iterable[Decision]) -> None:
    """Raise StewardshipError where an approval cannot be taken back, because the file it let in was taken in."""
    if state.state_code != CORRECTED or state.detail is None or held(settings, state.detail) is not None:
        return
    if any(decision.detail == state.detail and decision.version < state.version for decision in told):
        raise StewardshipError(
            f"The corrected file {state.detail} was taken in, and what was taken in stays; have a file sent that"
            " voids or replaces its rows."
        )


def _held(settings: Settings) -> dict[str, Path]:
    folder = settings.corrections
    if not folder.exists():
        return {}
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if "__" in entry.name and not entry.name.startswith("."))
    return {submission_id(sha256((folder / name).read_bytes()).hexdigest()): folder / name for name in names}
