"""The inbox: files wait here until a run takes them into the lake, in batches, each whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import polars as pl
from filelock import FileLock, Timeout

from pipelines.facilities import read_facilities
from pipelines.files import submission_id
from pipelines.intake.batch import IncomingFile, take_in
from pipelines.lake import Lake
from pipelines.ledger import Ledger, LedgerCorrection, LedgerDelivery
from pipelines.reference import Registry
from pipelines.settings import Settings
from pipelines.stewardship.corrections import Approval, waiting_corrections
from pipelines.stewardship.door import approved_corrections

# A batch is held in memory: this many files, or about this many bytes, whichever comes first.
BATCH_FILES = 3_000
BATCH_BYTES = 64 * 2**20
LOCK_SECONDS = 600

_STORED_NAME = re.compile(r"^[0-9a-f]{16}__(?P<name>.+)$")
_NAME_LENGTH = 120


class WriterBusyError(Exception):
    """Somebody else writes the lake or the warehouse of this home."""


@dataclass(frozen=True)
class Delivery:
    """A file that was put into the inbox."""

    submission_id: str
    name: str
    byte_count: int


@dataclass(frozen=True)
class IntakeSummary:
    """What a run took in; counts of files and of lines."""

    file_count: int = 0
    line_count: int = 0
    accepted_count: int = 0
    rejected_count: int = 0
    duplicate_count: int = 0
    refused_count: int = 0


@dataclass(frozen=True)
class _Context:
    """What every batch of a run needs."""

    settings: Settings
    registry: Registry
    facilities: pl.DataFrame
    received_at: datetime
    lake: Lake
    ledger: Ledger
    step: Callable[[str], None]
    approved: Mapping[str, Approval]  # corrections that stewards let in


@contextmanager
def writer_lock(settings: Settings, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the right to write the lake and the warehouse. Raises WriterBusyError after waiting `seconds`."""
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.writer_lock, timeout=seconds)
    try:
        lock.acquire()
    except Timeout as error:
        raise WriterBusyError(
            f"another process has been writing in {settings.home} for more than {seconds:.0f} s; "
            "wait for it to end, then run again."
        ) from error
    try:
        yield
    finally:
        lock.release()


def submit(settings: Settings, paths: Sequence[Path]) -> list[Delivery]:
    """Copy files, and the files of folders, into the inbox; return what was delivered, in the order of names."""
    settings.inbox.mkdir(parents=True, exist_ok=True)
    return [_deliver(settings, path) for path in _files(paths)]


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(item for item in path.rglob("*") if item.is_file() and not item.name.startswith("."))
        else:
            yield path


def _deliver(settings: Settings, path: Path) -> Delivery:
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    name = path.name[-_NAME_LENGTH:]
    target = settings.inbox / f"{sha256[:16]}__{name}"
    temporary = settings.inbox / f".{target.name}.{os.getpid()}.tmp"
    shutil.copyfile(path, temporary)
    temporary.replace(target)
    return Delivery(submission_id(sha256), name, target.stat().st_size)


def waiting(settings: Settings) -> list[Path]:
    """Return the files of the inbox in the order of their names; files still being copied begin with a dot."""
    if not settings.inbox.exists():
        return []
    with os.scandir(settings.inbox) as entries:
        names = sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file())
    return [settings.inbox / name for name in names]


def take_in_waiting(
    settings: Settings,
    registry: Registry,
    received_at: datetime,
    progress: Callable[[int, int, str], None] | None = None,
    on_step: Callable[[str], None] | None = None,
) -> IntakeSummary:
    """Take every waiting file into the lake, and say what became of them.

    Each batch is committed by one transaction of the ledger: a run that is killed before it leaves parts that the
    next run sweeps away, one that is killed after it leaves files in the inbox that the next run knows already.
    `on_step(name)` is called between the steps of a batch.
    """
    step = on_step or (lambda _name: None)
    with writer_lock(settings):
        approved = approved_corrections(settings, registry)
        paths = [*waiting(settings), *waiting_corrections(settings, approved)]
        lake, ledger = Lake(settings), Ledger(settings.ledger)
        lake.sweep()
        step("swept")
        if not paths:
            return IntakeSummary()
        facilities = read_facilities(settings.facilities)
        known = ledger.known()
        context = _Context(settings, registry, facilities, received_at, lake, ledger, step, approved)
        total = IntakeSummary()
        done = 0
        for group in _batches(paths):
            files = [(path, path.read_bytes()) for path in group]
            total = _sum(total, _take_batch(context, files, known))
            done += len(group)
            if progress is not None:
                progress(done, len(paths), group[-1].name)
        return total


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    remaining = iter(paths)
    while group := list(islice(remaining, 1)):
        size = group[0].stat().st_size
        while size < BATCH_BYTES and len(group) < BATCH_FILES:
            path = next(remaining, None)
            if path is None:
                break
            group.append(path)
            size += path.stat().st_size
        yield group


def _take_batch(context: _Context, files: Sequence[tuple[Path, bytes]], known: set[str]) -> IntakeSummary:
    digests = [hashlib.sha256(content).hexdigest() for _, content in files]
    deliveries = [
        LedgerDelivery(submission_id(digest), _original_name(path), context.received_at)
        for (path, _), digest in zip(files, digests, strict=True)
    ]
    fresh = [
        IncomingFile(delivery.name, content)
        for (_, content), digest, delivery in zip(files, digests, deliveries, strict=True)
        if digest not in known
    ]
    summary = IntakeSummary(file_count=len(files))
    if fresh:
        batch_no = context.ledger.latest_batch_no() + 1
        batch = take_in(fresh, context.registry, context.facilities, context.received_at, batch_no)
        context.step("read")
        parts = context.lake.write(batch, batch_no)
        context.step("written")
        _keep_originals(context.settings, [(path, digest) for (path, _), digest in zip(files, digests, strict=True)])
        context.step("kept")
        submissions = batch.submissions.to_dicts()
        context.ledger.commit_batch(
            batch_no,
            submissions,
            parts,
            deliveries,
            context.received_at,
            corrections=_corrections(context, submissions),
        )
        context.step("committed")
        known.update(digests)
        summary = _count(len(files), submissions)
    else:
        context.ledger.record_deliveries(deliveries)
    for path, _ in files:
        path.unlink(missing_ok=True)
    context.step("emptied")
    return summary


def _corrections(context: _Context, submissions: Sequence[Mapping[str, object]]) -> list[LedgerCorrection]:
    found = [(str(row["submission_id"]), context.approved.get(str(row["submission_id"]))) for row in submissions]
    return [
        LedgerCorrection(file_id, approval.corrects, approval.decision_version, approval.decided_at)
        for file_id, approval in found
        if approval is not None
    ]


def _original_name(path: Path) -> str:
    found = _STORED_NAME.match(path.name)
    return found["name"] if found else path.name


def _keep_originals(settings: Settings, files: Sequence[tuple[Path, str]]) -> None:
    """Keep the bytes of each file under their hash; a link costs nothing, and the name in the inbox goes later."""
    for path, digest in files:
        target = settings.lake / "raw" / digest[:2] / digest
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)


def _count(file_count: int, submissions: Sequence[dict[str, object]]) -> IntakeSummary:
    def added(name: str) -> int:
        return sum(int(row[name] or 0) for row in submissions)  # type: ignore[call-overload]

    return IntakeSummary(
        file_count=file_count,
        line_count=added("line_count"),
        accepted_count=added("accepted_count"),
        rejected_count=added("rejected_count"),
        duplicate_count=added("duplicate_count"),
        refused_count=sum(row["status"] == "refused" for row in submissions),
    )


def _sum(first: IntakeSummary, second: IntakeSummary) -> IntakeSummary:
    names = IntakeSummary.__dataclass_fields__
    return IntakeSummary(**{name: getattr(first, name) + getattr(second, name) for name in names})
