"""What every release held: written down as differences, so that a copy that was removed can be made again.

`<home>/history/<release_id>/` has `record.json` and one Parquet file for each relation that changed against the
release before: its rows with `_change`, how many times a row came (+) or went (-). A relation whose columns changed, or
whose differences since it was last written whole have grown past it, is written whole. Nothing is ever rewritten.

History is a pure function of the releases that were switched to. It is written after the switch; a crash between is
repaired by the next publication, or the next run that has nothing to publish (`record_current`).

    HistoryError    a record is damaged, or no release is known for what was asked
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb
from filelock import FileLock

from pipelines.files import sha256_of, sync_file, sync_folder, write_text_atomically
from pipelines.settings import CURRENT_NAME, MANIFEST_NAME, Settings

RECORD_NAME = "record.json"
VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")

_CHANGE = "_change"
_MONTH = "month"
_UNFINISHED_PREFIX = ".unfinished-"


class HistoryError(Exception):
    """History cannot answer; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class RelationRecord:
    """What one release says of one relation."""

    kind: Literal["whole", "difference", "same"]
    columns: tuple[tuple[str, str], ...]  # name and type, in order
    rows: int  # in the release
    changed: int  # rows of the file
    since_whole: int  # rows of all files that a restoration reads on top of the last whole one
    sha256: str | None = None  # of the file; None where nothing changed


@dataclass(frozen=True)
class ReleaseRecord:
    """One release as history keeps it."""

    sequence: int  # the order in which releases were switched to, from 1
    release_id: str
    manifest: dict[str, Any]  # of the release
    relations: dict[str, RelationRecord] = field(repr=False)
    views: dict[str, str] = field(repr=False)  # name -> the statement that creates it

    @property
    def published_at(self) -> datetime:
        """When the release was published, with its zone (UTC)."""
        return datetime.fromisoformat(self.manifest["built_at"])

    @property
    def published_on(self) -> date:
        """The day in Viet Nam on which the release was published."""
        return self.published_at.astimezone(VIET_NAM).date()

    @property
    def changed_rows(self) -> int:
        """How many rows its files hold."""
        return sum(relation.changed for relation in self.relations.values())


def record_current(settings: Settings) -> ReleaseRecord | None:
    """Write the history of the release that CURRENT names, unless it stands already; return its record.

    None when nothing is published. The caller holds the writer lock.
    """
    pointer = settings.published / CURRENT_NAME
    if not pointer.exists():
        return None
    release_id = pointer.read_text(encoding="utf-8").strip()
    known = records(settings)
    for record in known:
        if record.release_id == release_id:
            return record
    source = settings.published / release_id
    manifest = json.loads((source / MANIFEST_NAME).read_text(encoding="utf-8"))
    before = known[-1] if known else None
    folder = settings.history / f"{_UNFINISHED_PREFIX}{release_id}"
    for leftover in settings.history.glob(f"{_UNFINISHED_PREFIX}*"):
        shutil.rmtree(leftover)
    folder.mkdir(parents=True)
    with _connection() as connection:
        connection.execute(f"attach {_literal(source / manifest['file'])} as new (read_only)")
        if before is not None:
            earlier = restored(settings, before)
            connection.execute(f"attach {_literal(earlier / before.manifest['file'])} as old (read_only)")
        relations = {
            name: _write_relation(connection, folder, name, before.relations.get(name) if before else None)
            for name in _tables(connection, "new")
        }
        views = dict(
            connection.execute(
                "select view_name, sql from duckdb_views() where database_name = 'new' and not internal"
            ).fetchall()
        )
    record = ReleaseRecord(
        sequence=before.sequence + 1 if before else 1,
        release_id=release_id,
        manifest=manifest,
        relations=relations,
        views=views,
    )
    write_text_atomically(folder / RECORD_NAME, json.dumps(asdict(record), ensure_ascii=False, indent=1))
    folder.rename(settings.history / release_id)
    sync_folder(settings.history)
    return record


def records(settings: Settings) -> list[ReleaseRecord]:
    """Return the record of every release, in the order in which they were switched to."""
    found = [_read(path) for path in settings.history.glob(f"[!.]*/{RECORD_NAME}")]
    return sorted(found, key=lambda record: record.sequence)


def release_on(known: Sequence[ReleaseRecord], day: date) -> ReleaseRecord | None:
    """Return the release that stood at the end of a day in Viet Nam: the last one published on or before it."""
    earlier = [record for record in known if record.published_on <= day]
    return earlier[-1] if earlier else None


def find_release(known: Sequence[ReleaseRecord], text: str) -> ReleaseRecord:
    """Return the release of an id, or of the beginning of one. Raises HistoryError when there is not exactly one."""
    exact = [record for record in known if record.release_id == text]
    found = exact or [record for record in known if record.release_id.startswith(text)]
    if len(found) == 1:
        return found[0]
    what = "several releases begin" if found else "no release begins"
    raise HistoryError(f"{what} with '{text}'; `niis releases` lists them.")


def restored(settings: Settings, record: ReleaseRecord) -> Path:
    """Return a folder with the copy of a release: the published one while it is kept and whole, else one made again.

    A copy that is made again stands in `as_of/<release_id>/` and is kept until `sweep_restored`. Raises HistoryError
    when a file of the history is not what its record says.
    """
    published = settings.published / record.release_id
    if _is_whole(published):
        return published
    folder = settings.as_of / record.release_id
    settings.as_of.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.as_of / "restore.lock"):
        if not _is_whole(folder):
            _restore(settings, record, folder)
    return folder


def sweep_restored(settings: Settings) -> None:
    """Remove copies that were made again from history: they can be made again."""
    for folder in settings.as_of.glob("*-*"):
        if (settings.history / folder.name).exists():
            shutil.rmtree(folder)


def _write_relation(
    connection: duckdb.DuckDBPyConnection, folder: Path, name: str, before: RelationRecord | None
) -> RelationRecord:
    columns = _columns(connection, "new", name)
    rows = _count(connection, f'new."{name}"')
    path = folder / f"{name}.parquet"
    listed = ", ".join(f'"{column}"' for column, _ in columns)
    if before is not None and before.columns == columns:
        changed = _write_difference(connection, name, columns, path)
        if changed == 0:
            path.unlink()
            return RelationRecord("same", columns, rows, 0, before.since_whole)
        if before.since_whole + changed <= rows:
            sync_file(path)
            return RelationRecord("difference", columns, rows, changed, before.since_whole + changed, sha256_of(path))
    _copy_to(connection, f'select {listed}, 1::bigint as {_CHANGE} from new."{name}"', path)
    sync_file(path)
    return RelationRecord("whole", columns, rows, rows, 0, sha256_of(path))


def _write_difference(
    connection: duckdb.DuckDBPyConnection, name: str, columns: tuple[tuple[str, str], ...], path: Path
) -> int:
    """Write the rows that came and went; return how many."""
    listed = ", ".join(f'"{column}"' for column, _ in columns)
    condition = "true"
    if _MONTH in dict(columns):
        # Months that are the same on both sides need no comparison row by row: two sums over their rows say so.
        digests = [
            f"(select {_MONTH}, count(*) as n, bit_xor(hash({listed})) as x, sum(hash({listed})) as s"
            f' from {side}."{name}" group by all)'
            for side in ("new", "old")
        ]
        connection.execute(
            f"create or replace temp table changed_months as select coalesce(a.{_MONTH}, b.{_MONTH}) as {_MONTH}"
            f" from {digests[0]} as a full join {digests[1]} as b on a.{_MONTH} is not distinct from b.{_MONTH}"
            " where (a.n, a.x, a.s) is distinct from (b.n, b.x, b.s)"
        )
        condition = f"exists (select 1 from changed_months as c where c.{_MONTH} is not distinct from r.{_MONTH})"
    _copy_to(
        connection,
        f"select {listed}, sum({_CHANGE})::bigint as {_CHANGE} from ("
        f' select {listed}, 1 as {_CHANGE} from new."{name}" as r where {condition}'
        f' union all select {listed}, -1 as {_CHANGE} from old."{name}" as r where {condition}'
        f") group by {listed} having sum({_CHANGE}) <> 0 order by all",
        path,
    )
    return _count(connection, f"read_parquet({_literal(path)})")


def _restore(settings: Settings, record: ReleaseRecord, folder: Path) -> None:
    chain = [known for known in records(settings) if known.sequence <= record.sequence]
    if folder.exists():
        shutil.rmtree(folder)
    unfinished = settings.as_of / f"{_UNFINISHED_PREFIX}{record.release_id}"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True)
    database = unfinished / record.manifest["file"]
    with _connection() as connection:
        connection.execute(f"attach {_literal(database)} as made")
        connection.execute("use made")
        for name, relation in record.relations.items():
            _restore_relation(connection, name, relation, _files(settings, chain, name))
        _restore_views(connection, dict(record.views))
        connection.execute("checkpoint made")
        connection.execute("use memory")
        connection.execute("detach made")
    # Its bytes are not those of the copy that was removed; its rows are.
    manifest = {**record.manifest, "sha256": sha256_of(database), "byte_count": database.stat().st_size}
    manifest |= {"persons_file": None, "persons_sha256": None, "persons_row_counts": {}}
    write_text_atomically(unfinished / MANIFEST_NAME, json.dumps(manifest, indent=2, ensure_ascii=False))
    unfinished.rename(folder)
    sync_folder(settings.as_of)


def _restore_relation(
    connection: duckdb.DuckDBPyConnection, name: str, relation: RelationRecord, files: list[Path]
) -> None:
    declared = ", ".join(f'"{column}" {kind}' for column, kind in relation.columns)
    listed = ", ".join(f'"{column}"' for column, _ in relation.columns)
    connection.execute(f'create table made."{name}" ({declared})')
    source = f"read_parquet([{', '.join(_literal(path) for path in files)}])"
    if len(files) > 1:
        source = f"(select {listed}, sum({_CHANGE})::bigint as {_CHANGE} from {source} group by {listed})"
    # Ordered like the facts of a release: readers skip what they do not ask for.
    connection.execute(
        f'insert into made."{name}" select {listed} from (select {listed}, unnest(range({_CHANGE})) from {source}'
        f" where {_CHANGE} > 0) order by all"
    )
    found = _count(connection, f'made."{name}"')
    if found != relation.rows:
        raise HistoryError(
            f"The history of {name} gives {found} rows where the release had {relation.rows}; restore `history/` from"
            " the backup."
        )


def _files(settings: Settings, chain: list[ReleaseRecord], name: str) -> list[Path]:
    """Return the files that make up a relation, from the last whole one; verified."""
    files: list[Path] = []
    for record in reversed(chain):
        relation = record.relations.get(name)
        if relation is None:
            break
        if relation.sha256 is not None:
            path = settings.history / record.release_id / f"{name}.parquet"
            if not path.exists() or sha256_of(path) != relation.sha256:
                raise HistoryError(
                    f"{path} is missing or not what its record says, so releases from {record.release_id} on cannot be"
                    " made again; restore `history/` from the backup."
                )
            files.append(path)
        if relation.kind == "whole":
            break
    return files


def _restore_views(connection: duckdb.DuckDBPyConnection, views: dict[str, str]) -> None:
    """Create the views of a release; one may rest on another."""
    while views:
        waiting = {}
        for name, sql in views.items():
            try:
                connection.execute(sql)
            except duckdb.CatalogException:
                waiting[name] = sql
        if len(waiting) == len(views):
            raise HistoryError(f"The views {', '.join(sorted(views))} rest on relations that the history has not got.")
        views = waiting


def _read(path: Path) -> ReleaseRecord:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        relations = {
            name: RelationRecord(**{**item, "columns": tuple((column, kind) for column, kind in item["columns"])})
            for name, item in held.pop("relations").items()
        }
        return ReleaseRecord(**held, relations=relations)
    except (ValueError, TypeError, KeyError) as error:
        raise HistoryError(f"{path} cannot be read ({error}); restore `history/` from the backup.") from error


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        yield connection


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> list[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where database_name = ? order by 1", [database]
    ).fetchall()
    return [name for (name,) in rows]


def _columns(connection: duckdb.DuckDBPyConnection, database: str, name: str) -> tuple[tuple[str, str], ...]:
    rows = connection.execute(
        "select column_name, data_type from duckdb_columns() where database_name = ? and table_name = ?"
        " order by column_index",
        [database, name],
    ).fetchall()
    return tuple((column, kind) for column, kind in rows)


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    return int(connection.execute(f"select count(*) from {relation}").fetchall()[0][0])


def _copy_to(connection: duckdb.DuckDBPyConnection, sql: str, path: Path) -> None:
    connection.execute(f"copy ({sql}) to {_literal(path)} (format parquet, compression zstd)")


def _is_whole(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        return sha256_of(folder / manifest["file"]) == str(manifest["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _literal(path: Path) -> str:
    """Return an SQL string literal: ATTACH and COPY take no parameters."""
    return "'" + str(path).replace("'", "''") + "'"
