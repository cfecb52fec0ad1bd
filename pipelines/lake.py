"""The lake: append-only Parquet parts, named by their content, and only those that the ledger names."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import polars as pl

from pipelines.files import sync_folder
from pipelines.intake.batch import IntakeBatch
from pipelines.intake.schemas import DATASETS, FOLDERED_BY, SORTED_BY
from pipelines.ledger import Ledger, Part
from pipelines.settings import Settings

_EMPTY_NAME = "part-000000-empty.parquet"


class DamagedPartError(Exception):
    """A part of the lake is not what was written; the message names it."""


class Lake:
    """The lake of one installation."""

    def __init__(self, settings: Settings) -> None:
        """Look at the lake of `settings`; nothing is created yet."""
        self._root = settings.lake
        self._ledger_path = settings.ledger

    def initialise(self) -> None:
        """Write a part without rows for each dataset, so that a reader's pattern always finds a file."""
        for dataset, schema in DATASETS.items():
            folder = self._root / dataset
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / _EMPTY_NAME).exists():
                _write(pl.DataFrame(schema=schema), folder / _EMPTY_NAME)

    def write(self, batch: IntakeBatch, batch_no: int) -> list[Part]:
        """Write the parts of a batch; they count for nothing until the ledger names them."""
        parts = []
        for dataset, frame in batch.datasets.items():
            for folder, rows in _folders(dataset, frame):
                parts.append(self._write_part(dataset, folder, rows.sort(SORTED_BY[dataset]), batch_no))
        return parts

    def _write_part(self, dataset: str, folder: str, rows: pl.DataFrame, batch_no: int) -> Part:
        target = self._root / dataset / folder
        target.mkdir(parents=True, exist_ok=True)
        temporary = target / f".part-{batch_no:06d}-{os.getpid()}.tmp"
        sha256 = _write(rows, temporary)
        final = target / f"part-{batch_no:06d}-{sha256[:16]}.parquet"
        temporary.replace(final)
        sync_folder(target)
        return Part(final.relative_to(self._root).as_posix(), sha256, rows.height)

    def sweep(self) -> list[Path]:
        """Remove what an interrupted writer left: parts that the ledger does not name. The caller holds the lock."""
        self.initialise()
        known = Ledger(self._ledger_path).part_paths()
        removed = []
        for dataset in DATASETS:
            for path in (self._root / dataset).rglob("*"):
                if path.is_file() and path.name != _EMPTY_NAME and path.relative_to(self._root).as_posix() not in known:
                    path.unlink()
                    removed.append(path)
        return removed

    def verify(self, part: Part) -> None:
        """Raise DamagedPartError when a part is missing or was changed: Parquet itself would not notice."""
        path = self._root / part.path
        if not path.exists():
            raise DamagedPartError(f"{path} is missing; restore it from a backup or take the files in again.")
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != part.sha256:
                raise DamagedPartError(f"{path} was changed after it was written; restore it from a backup.")

    def declared_count(self, submission_id: str, batch_no: int) -> int:
        """Return how many rows of a submission are doses that families say they had."""
        pattern = str(self._root / "dose_records" / "**" / f"part-{batch_no:06d}-*.parquet")
        if not list(self._root.glob(f"dose_records/**/part-{batch_no:06d}-*.parquet")):
            return 0
        is_declared = (pl.col("submission_id") == submission_id) & (pl.col("record_origin") == "declared")
        return int(pl.scan_parquet(pattern).filter(is_declared).select(pl.len()).collect().item())

    def rejected_rows(self, submission_id: str) -> pl.DataFrame:
        """Return the rejected rows of a submission in the order of its lines."""
        pattern = str(self._root / "rejected_rows" / "**" / "*.parquet")
        return pl.scan_parquet(pattern).filter(pl.col("submission_id") == submission_id).sort("line_no").collect()


def _folders(dataset: str, frame: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    if frame.is_empty():
        return []
    if dataset not in FOLDERED_BY:
        return [("", frame)]
    column, form = FOLDERED_BY[dataset]
    key = frame.get_column(column).dt.strftime(form)
    parts = frame.with_columns(key.alias("folder")).partition_by("folder", as_dict=True, include_key=False)
    return sorted((str(folder), rows) for (folder,), rows in parts.items())


def _write(frame: pl.DataFrame, path: Path) -> str:
    frame.write_parquet(path, compression="zstd", compression_level=1, statistics=True)
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
        return hashlib.file_digest(stream, "sha256").hexdigest()
