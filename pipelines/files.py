"""Writing small files so that a reader sees the old text or the new one, never half of it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

SUBMISSION_ID_LENGTH = 20


def submission_id(sha256: str) -> str:
    """Return the id of the submission with this SHA-256 (hex)."""
    return sha256[:SUBMISSION_ID_LENGTH]


def write_text_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` through a temporary neighbour, a sync to the disk and a rename."""
    write_bytes_atomically(path, text.encode())


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """Write `content` as `write_text_atomically` does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Make the bytes of `path` survive a loss of power."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def this_process() -> str:
    """Return a name for this process that no later process will have: its number and the time it started."""
    return f"{os.getpid()}:{_started_at(os.getpid())}"


def process_is_alive(name: str) -> bool:
    """Say whether the process that `this_process` named in this machine still runs."""
    number, _, started_at = name.partition(":")
    return _started_at(int(number)) == started_at


def _started_at(number: int) -> str:
    """Return the start of a process in clock ticks since boot, or '' when there is no such process."""
    try:
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    # The command's name may hold spaces and brackets: the fields begin behind the last one.
    return stat.rpartition(")")[2].split()[19]
