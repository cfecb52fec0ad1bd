"""Files that only their owner may read: secrets that are made once, and logs that are only ever added to."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from pipelines.files import sync_folder

SECRET_BYTES = 32
_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700


class PrivateFileError(Exception):
    """A secret cannot be used; the message says why and what to do."""


def append_line(path: Path, row: dict[str, Any]) -> None:
    """Append a row as one line of JSON."""
    path.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _OWNER_ONLY)
    try:
        # One write of one line: lines of two processes do not mix.
        os.write(descriptor, (json.dumps(row, ensure_ascii=False) + "\n").encode())
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes) -> None:
    """Write a file for its owner alone; one that was there is replaced whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    temporary.replace(path)


def secret_of(path: Path) -> bytes:
    """Return the secret in a file; it is made when there is none.

    Raises PrivateFileError when the file is damaged: what was signed with the lost secret could not be checked.
    """
    if not path.exists():
        path.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(SECRET_BYTES) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            # A link fails where the name exists: of two that begin at once, one secret stays.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
        sync_folder(path.parent)
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise PrivateFileError(f"{path} is damaged; restore it from a backup.") from error
    if len(secret) != SECRET_BYTES:
        raise PrivateFileError(f"{path} does not hold {SECRET_BYTES} bytes; restore it from a backup.")
    return secret
