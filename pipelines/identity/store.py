"""The files of identity: read whole and verified, written one by one through a rename, the manifest last.

A file that the manifest does not vouch for counts as absent: what an interrupted writer left is worked out again.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.files import sync_file, sync_folder, write_text_atomically

MATCH_KEYS = "match_keys"
PERSON_CARDS = "person_cards"
PERSON_LINKS = "person_links"
PERSON_REDIRECTS = "person_redirects"
MODEL_PAIRS = "model_pairs"
RECORD_VERSIONS = "record_versions"
REPLACED_CARDS = "replaced_cards"
SECRET_BYTES = 32


class IdentityStoreError(Exception):
    """The secret key cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Manifest:
    """What the files beside it were made from, and what they hold."""

    through_batch_no: int  # the newest batch whose cards are in
    through_decision_id: int  # the newest decision of a steward that counts
    rules_version: str
    model_version: str
    counts: dict[str, int]
    sha256: dict[str, str] = field(repr=False)  # per file


class IdentityStore:
    """The folder of one installation."""

    def __init__(self, folder: Path) -> None:
        """Look at `folder`; nothing is created yet."""
        self.folder = folder

    @property
    def decisions(self) -> Path:
        """The stewards' decisions."""
        return self.folder / "decisions.sqlite"

    @property
    def labels(self) -> Path:
        """Who is who in truth, where somebody knows: card_key, true_person. Only synthetic data have it."""
        return self.folder / "labels.csv"

    @property
    def report(self) -> Path:
        """The newest report: counts by tier, the review queue, precision and recall where labels exist."""
        return self.folder / "report.json"

    def path(self, name: str) -> Path:
        """Return the file of a frame."""
        return self.folder / f"{name}.parquet"

    def secret(self) -> bytes:
        """Return the secret of person keys; it is made once, for the eyes of its owner alone.

        Raises IdentityStoreError when the file is damaged: with another secret every person would get another key.
        """
        path = self.folder / "secret.key"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as stream:
                stream.write(secrets.token_hex(SECRET_BYTES) + "\n")
            sync_file(temporary)
            temporary.replace(path)
            sync_folder(self.folder)
        try:
            secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
        except ValueError as error:
            raise IdentityStoreError(f"{path} is damaged; restore it from a backup.") from error
        if len(secret) != SECRET_BYTES:
            raise IdentityStoreError(f"{path} does not hold {SECRET_BYTES} bytes; restore it from a backup.")
        return secret

    def manifest(self) -> Manifest | None:
        """Return the manifest, or None when nothing was written to its end yet."""
        path = self.folder / "manifest.json"
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(**found)

    def is_whole(self, manifest: Manifest) -> bool:
        """Say whether every file is the one that the manifest vouches for."""
        return all(self.vouches(manifest, name) for name in manifest.sha256)

    def vouches(self, manifest: Manifest | None, name: str) -> bool:
        """Say whether a file is the one that the manifest vouches for."""
        path = self.path(name)
        return manifest is not None and path.exists() and _sha256(path) == manifest.sha256.get(name)

    def read(self, name: str) -> pl.DataFrame:
        """Return a frame."""
        return pl.read_parquet(self.path(name))

    def write(self, frames: Mapping[str, pl.DataFrame], manifest: Manifest) -> Manifest:
        """Write frames, then the manifest with their hashes and row counts; return it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            temporary = self.folder / f".{name}-{os.getpid()}.tmp"
            frame.write_parquet(temporary, compression="zstd", compression_level=1, statistics=True)
            sync_file(temporary)
            temporary.replace(self.path(name))
        sync_folder(self.folder)
        written = Manifest(
            manifest.through_batch_no,
            manifest.through_decision_id,
            manifest.rules_version,
            manifest.model_version,
            {**{name: frame.height for name, frame in frames.items()}, **manifest.counts},
            {name: _sha256(self.path(name)) for name in sorted(frames)},
        )
        write_text_atomically(self.folder / "manifest.json", json.dumps(asdict(written), indent=2))
        return written


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
