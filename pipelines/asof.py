"""What was known on a day: the copy that was published then, or what senders had sent by then.

On and after the day of the first release, what was known is the release that stood at the end of the day
(`knowledge_basis` release): kept, or made again from history. Before it the system knew nothing, and what senders had
sent by then stands in (`sent`): the same dbt project over the rows whose `version_at` is not later, with today's
definitions, register of facilities and persons. Such a copy is kept until files, definitions or persons change.

    AsOfError   nothing was known on the day
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pipelines.files import sha256_of, sync_file, sync_folder, write_text_atomically
from pipelines.history import record_current, records, release_on, restored, sweep_restored
from pipelines.inbox import writer_lock
from pipelines.ledger import Ledger
from pipelines.progress import Reporter
from pipelines.publish import (
    DATABASE_NAME,
    copy_relations,
    git_commit,
    verify_copy,
)
from pipelines.reference import Registry
from pipelines.settings import CURRENT_NAME, MANIFEST_NAME, Settings
from pipelines.transform import build_known_until, project_version

Basis = Literal["release", "sent"]
SENT_PREFIX = "sent-"


class AsOfError(Exception):
    """Nothing can be said of a day; the message says why."""


@dataclass(frozen=True)
class KnownCopy:
    """A copy of the published relations as they were known on a day."""

    folder: Path
    day: date
    basis: Basis


def copy_known_on(
    settings: Settings, registry: Registry, day: date, reporter: Reporter, *, built_at: datetime
) -> KnownCopy:
    """Return the copy of what was known at the end of a day in Viet Nam, made first when it is not there.

    `built_at` is the time that a new copy carries. Raises AsOfError when nothing was known on that day.
    """
    known = records(settings)
    pointer = settings.published / CURRENT_NAME
    if pointer.exists() and pointer.read_text(encoding="utf-8").strip() not in {item.release_id for item in known}:
        with writer_lock(settings):
            record_current(settings)
        known = records(settings)
    stood = release_on(known, day)
    if stood is not None:
        with reporter.step(f"Mở bản phát hành / opening the release {stood.release_id}"):
            return KnownCopy(restored(settings, stood), day, "release")
    return KnownCopy(_sent_by(settings, registry, day, reporter, built_at), day, "sent")


def sweep(settings: Settings, registry: Registry) -> None:
    """Remove copies that say what is no longer so, and those that history makes again in a moment."""
    sweep_restored(settings)
    wanted = _inputs(settings, registry)
    for folder in settings.as_of.glob(f"{SENT_PREFIX}*"):
        if not _is_fresh(folder, wanted):
            shutil.rmtree(folder)


def _sent_by(settings: Settings, registry: Registry, day: date, reporter: Reporter, built_at: datetime) -> Path:
    folder = settings.as_of / f"{SENT_PREFIX}{day.isoformat()}"
    with writer_lock(settings):
        inputs = _inputs(settings, registry)
        if _is_fresh(folder, inputs):
            return folder
        newest = Ledger(settings.ledger).as_of_date() if settings.ledger.exists() else None
        if newest is None:
            raise AsOfError("the lake holds no accepted data yet; submit files (`niis submit`) and run `niis run`.")
        as_of_date = min(day, newest).isoformat()
        work = settings.as_of / f".unfinished-{day.isoformat()}"
        for leftover in (work, folder):
            if leftover.exists():
                shutil.rmtree(leftover)
        work.mkdir(parents=True)
        warehouse = work / "build" / "build.duckdb"
        with reporter.step(f"Dựng số liệu đã gửi đến / building what was sent by {day.isoformat()}") as step:
            try:
                build_known_until(settings, warehouse, known_until=day.isoformat(), as_of_date=as_of_date, on_node=step)
                # Caches of readers go by the name: another state of the files has another one.
                name = f"{SENT_PREFIX}{day.isoformat()}-{_digest(inputs)}"
                _, is_synthetic = _copy(warehouse, work / DATABASE_NAME, name, as_of_date, built_at)
            finally:
                # It holds records of persons; a copy never does.
                shutil.rmtree(work / "build", ignore_errors=True)
        manifest: dict[str, Any] = {
            "release_id": name,
            "file": DATABASE_NAME,
            "sha256": sha256_of(work / DATABASE_NAME),
            "byte_count": (work / DATABASE_NAME).stat().st_size,
            "built_at": built_at.isoformat(timespec="seconds"),
            "as_of_date": as_of_date,
            "known_on": day.isoformat(),
            "is_synthetic": is_synthetic,
            **inputs,
        }
        write_text_atomically(work / MANIFEST_NAME, json.dumps(manifest, indent=2, ensure_ascii=False))
        work.rename(folder)
        sync_folder(settings.as_of)
    return folder


def _copy(
    warehouse: Path, target: Path, name: str, as_of_date: str, built_at: datetime
) -> tuple[dict[str, int | None], bool]:
    counts, is_synthetic = copy_relations(warehouse, target, [], (name, as_of_date, built_at, git_commit()))
    verify_copy(target, counts)
    sync_file(target)
    return counts, is_synthetic


def _inputs(settings: Settings, registry: Registry) -> dict[str, Any]:
    """Return everything that a copy of what was sent depends on, beside its day."""
    persons = settings.identity / "manifest.json"
    texts = b"".join(path.read_bytes() for path in (persons, settings.facilities) if path.exists())
    return {
        "through_batch_no": Ledger(settings.ledger).latest_batch_no() if settings.ledger.exists() else 0,
        "definition_version": registry.definition_version,
        "project_version": project_version(),
        "persons_and_facilities": hashlib.sha256(texts).hexdigest(),
    }


def _digest(inputs: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:8]


def _is_fresh(folder: Path, wanted: dict[str, Any]) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        return {key: manifest[key] for key in wanted} == wanted
    except (OSError, ValueError, KeyError):
        return False
