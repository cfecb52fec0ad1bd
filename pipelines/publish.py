"""Publishing: an immutable copy of the marts under a name of its own, then the atomic switch of CURRENT.

Write, audit, publish. Nothing here computes a measure. Readers open the file that CURRENT names and finish
on it; the copy is complete, verified and on the disk before CURRENT is touched.

A release is two files: `niis.duckdb` holds nothing personal; `persons.duckdb`, readable by its owner alone, holds what
those allowed may see of single persons.

    PublicationError
    +-- PublicationRefusedError     a blocking check failed: the last good copy stays
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from data_quality.results import CheckResult, to_frame
from pipelines import history
from pipelines.files import sha256_of, sync_file, sync_folder, write_text_atomically
from pipelines.settings import CURRENT_NAME, DOCUMENTS_NAME, MANIFEST_NAME, PROJECT_ROOT, Settings
from pipelines.transform import BuiltState

DATABASE_NAME = "niis.duckdb"
PERSONS_NAME = "persons.duckdb"
RELEASES_KEPT = 5

PUBLISHED_PREFIXES = ("dim_", "fct_", "rpt_")
# What is published of single persons, beside the definitions that explain it.
PERSONS_PREFIX = "per_"
_DEFINITIONS_PREFIX = "dim_"
_UNFINISHED_PREFIX = ".unfinished-"

# Fields of a dose record that say who somebody is: no published relation may have a column of such a name.
PERSONAL_COLUMNS = frozenset(
    {
        "record_id",
        "record_key",
        "person_card_key",
        "card_key",
        "card_key_a",
        "card_key_b",
        "person_key",
        "event_key",
        "appointment_key",
        "person_code",
        "national_id",
        "full_name",
        "birth_date",
        "birth_at",
        "death_date",
        "mother_name",
        "phone",
        "household_commune_code",
        "temporary_commune_code",
        "raw_text",
        "field_value",
        "field_values",
    }
)


class PublicationError(Exception):
    """The copy could not be made, or does not say what the warehouse says."""


class PublicationRefusedError(PublicationError):
    """A blocking check failed; the message names it."""


@dataclass(frozen=True)
class Release:
    """One published copy, as its manifest describes it."""

    release_id: str
    file: str
    sha256: str  # of the file
    byte_count: int
    built_at: str  # UTC, ISO
    as_of_date: str
    through_batch_no: int
    definition_version: str
    code_version: str  # git commit, or 'unknown'
    project_version: str  # hash of the dbt project that built it
    is_synthetic: bool
    row_counts: dict[str, int | None]  # per relation; None for a view
    check_counts: dict[str, int]  # per status
    persons_file: str | None = None  # None when the warehouse knew no persons
    persons_sha256: str | None = None
    persons_row_counts: dict[str, int | None] = field(default_factory=dict)


def publish(
    settings: Settings,
    state: BuiltState,
    definition_version: str,
    checks: Sequence[CheckResult],
    *,
    built_at: datetime,
    keep: int = RELEASES_KEPT,
    write_documents: Callable[[Path, str], None] | None = None,
) -> Release:
    """Copy the published relations of the build into a new release, verify it and make it the current one.

    `built_at` is the time that the release carries; `write_documents` writes the pages of the checks into a folder
    beside the data, for the release of an id. The caller holds the writer lock.
    Raises PublicationRefusedError when a blocking check failed, PublicationError when the copy cannot be
    trusted.
    """
    refuse_failed(checks)
    if not state.is_complete:
        raise PublicationError(
            "Only chosen models were built, so the relations may not fit together; build all of them, then publish."
        )
    moment = built_at.astimezone(UTC)
    release_id = f"{moment:%Y%m%dT%H%M%SZ}-{state.through_batch_no:06d}"
    final = settings.published / release_id
    if final.exists():
        raise PublicationError(f"Release {release_id} exists already, and a release is never changed; publish again.")
    # A crash after the last switch left that release without its history, and this is the last moment to write it.
    history.record_current(settings)
    _sweep_unfinished(settings.published)
    folder = settings.published / f"{_UNFINISHED_PREFIX}{release_id}"
    folder.mkdir(parents=True)

    code_version = git_commit()
    database = folder / DATABASE_NAME
    counts, is_synthetic = copy_relations(
        settings.warehouse, database, checks, (release_id, state.as_of_date, moment, code_version)
    )
    verify_copy(database, counts)
    sync_file(database)
    persons = folder / PERSONS_NAME
    persons_counts = _copy_persons(settings.warehouse, persons)
    if persons_counts:
        _verify_counts(persons, persons_counts)
        sync_file(persons)
    release = Release(
        release_id=release_id,
        file=DATABASE_NAME,
        sha256=sha256_of(database),
        byte_count=database.stat().st_size,
        built_at=moment.isoformat(timespec="seconds"),
        as_of_date=state.as_of_date,
        through_batch_no=state.through_batch_no,
        definition_version=definition_version,
        code_version=code_version,
        project_version=state.project_version,
        is_synthetic=is_synthetic,
        row_counts=counts,
        check_counts=dict(sorted(Counter(check.status for check in checks).items())),
        persons_file=PERSONS_NAME if persons_counts else None,
        persons_sha256=sha256_of(persons) if persons_counts else None,
        persons_row_counts=persons_counts,
    )
    if write_documents is not None:
        write_documents(folder / DOCUMENTS_NAME, release_id)
    write_text_atomically(folder / MANIFEST_NAME, json.dumps(asdict(release), indent=2, ensure_ascii=False))
    folder.rename(final)
    sync_folder(settings.published)
    write_text_atomically(settings.published / CURRENT_NAME, release_id + "\n")
    history.record_current(settings)
    _remove_old(settings.published, keep)
    return release


def refuse_failed(checks: Sequence[CheckResult]) -> None:
    """Raise PublicationRefusedError when a blocking check failed or could not be carried out."""
    blocking = [check for check in checks if check.is_blocking]
    if blocking:
        named = "; ".join(f"{check.rule_code} ({check.dataset}): {check.message_en}" for check in blocking[:5])
        raise PublicationRefusedError(
            f"{len(blocking)} blocking check(s) failed, so the last good copy stays published: {named}"
        )


def current_release(settings: Settings) -> Release | None:
    """Return the release that CURRENT names, or None when nothing is published yet."""
    pointer = settings.published / CURRENT_NAME
    if not pointer.exists():
        return None
    manifest = settings.published / pointer.read_text(encoding="utf-8").strip() / MANIFEST_NAME
    if not manifest.exists():
        raise PublicationError(f"{pointer} names a release without a manifest ({manifest}); run `niis run` again.")
    return Release(**json.loads(manifest.read_text(encoding="utf-8")))


def verify_release(settings: Settings, release: Release) -> None:
    """Raise PublicationError when a file of a release is not the one that was published."""
    for name, sha256 in ((release.file, release.sha256), (release.persons_file, release.persons_sha256)):
        if name is None:
            continue
        database = settings.published / release.release_id / name
        if not database.exists() or sha256_of(database) != sha256:
            raise PublicationError(f"{database} is missing or not what its manifest says; it must not be read.")


def git_commit() -> str:
    """Return the commit of the checkout that runs, or 'unknown'."""
    try:
        found = subprocess.run(
            ["git", "-C", str(PROJECT_ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip() or "unknown"


def copy_relations(
    source: Path, target: Path, checks: Sequence[CheckResult], release: tuple[str, str, datetime, str]
) -> tuple[dict[str, int | None], bool]:
    """Write the copy; return the rows of each relation (None for a view) and whether anything in it is synthetic."""
    counts: dict[str, int | None] = {}
    with duckdb.connect(str(target)) as connection:
        # The step has its own words for how far it is; DuckDB would draw over them.
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"attach {_literal(str(source))} as build (read_only)")
        relations = connection.execute(
            "select schema_name, table_name, null from duckdb_tables() where database_name = 'build'"
            " union all"
            " select schema_name, view_name, sql from duckdb_views() where not internal"
            " and database_name = 'build'"
            " order by 2"
        ).fetchall()
        published = [row for row in relations if row[1].startswith(PUBLISHED_PREFIXES)]
        for schema, name, view_sql in published:
            if view_sql is None:
                origin = f'build."{schema}"."{name}"'
                connection.execute(f'create table "{name}" as select * from {origin}')
                (counted,) = connection.execute(f"select count(*) from {origin}").fetchall()[0]
                counts[name] = counted
        _copy_views(connection, [row for row in published if row[2] is not None])
        counts |= {name: None for _, name, view_sql in published if view_sql is not None}
        counts["rpt_check_results"] = _write_checks(connection, checks)
        is_synthetic = _holds_synthetic_values(connection)
        connection.execute(
            "create table rpt_release as select ?::varchar as release_id, ?::date as as_of_date,"
            " ?::timestamp as built_at, ?::varchar as code_version, ?::boolean as is_synthetic",
            [release[0], release[1], release[2].replace(tzinfo=None), release[3], is_synthetic],
        )
        counts["rpt_release"] = 1
        connection.execute("detach build")
        connection.execute("checkpoint")
    return dict(sorted(counts.items())), is_synthetic


def _copy_persons(source: Path, target: Path) -> dict[str, int | None]:
    """Write the file of persons, sorted by person; return the rows of each relation (None for a view).

    A view of the warehouse that rests on relations of this file alone stays one: readers work it out for those whom
    they look at, and for a nation it is many times the rows of its persons. No persons: nothing is written.
    """
    counts: dict[str, int | None] = {}
    with duckdb.connect(str(source), read_only=True) as build:
        relations = build.execute(
            "select t.table_schema, t.table_name, bool_or(c.column_name = 'person_key'), v.sql"
            " from information_schema.tables as t"
            " inner join information_schema.columns as c using (table_catalog, table_schema, table_name)"
            " left join duckdb_views() as v"
            " on v.database_name = t.table_catalog and v.schema_name = t.table_schema and v.view_name = t.table_name"
            " where starts_with(t.table_name, ?) or (starts_with(t.table_name, ?) and t.table_type = 'BASE TABLE')"
            " group by all order by 2",
            [PERSONS_PREFIX, _DEFINITIONS_PREFIX],
        ).fetchall()
    if not any(name.startswith(PERSONS_PREFIX) for _, name, _, _ in relations):
        return counts
    here = {name for _, name, _, _ in relations}
    views = [
        (schema, name, sql)
        for schema, name, _, sql in relations
        if sql is not None and here.issuperset(re.findall(rf'\b{schema}"?\."?(\w+)', sql))
    ]
    stay = {name for _, name, _ in views}
    with _for_the_owner_alone(), duckdb.connect(str(target)) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"attach {_literal(str(source))} as build (read_only)")
        for schema, name, has_person, sql in relations:
            if name in stay:
                continue
            order = " order by person_key" if has_person else ""
            connection.execute(f'create table "{name}" as select * from build."{schema}"."{name}"{order}')
            # A view is not asked twice: what it gave is what the copy has to hold.
            counted = f'"{name}"' if sql is not None else f'build."{schema}"."{name}"'
            (counts[name],) = connection.execute(f"select count(*) from {counted}").fetchall()[0]
        connection.execute("detach build")
        _copy_views(connection, views)
        counts |= dict.fromkeys(stay)
        connection.execute("checkpoint")
    return dict(sorted(counts.items()))


@contextmanager
def _for_the_owner_alone() -> Iterator[None]:
    """Let new files, the database's log among them, be readable and writable by their owner only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _copy_views(connection: duckdb.DuckDBPyConnection, views: list[tuple[str, str, str]]) -> None:
    """Create the views of the warehouse again, over the copied tables; a view may rest on another."""
    while views:
        waiting, problem = [], None
        for schema, name, sql in views:
            try:
                _copy_view(connection, schema, name, sql)
            except duckdb.CatalogException as error:
                waiting.append((schema, name, sql))
                problem = error
        if len(waiting) == len(views):
            raise PublicationError(
                f"The view {waiting[0][1]} rests on a relation that is not published ({problem}); "
                "let it read only relations named dim_, fct_ or rpt_."
            ) from problem
        views = waiting


def _copy_view(connection: duckdb.DuckDBPyConnection, schema: str, name: str, sql: str) -> None:
    body = sql[sql.upper().index(" AS ") + len(" AS ") :].rstrip().rstrip(";")
    for qualified in (f'"build"."{schema}".', f'build."{schema}".', f"build.{schema}."):
        body = body.replace(qualified, "")
    connection.execute(f'create view "{name}" as {body}')


def _write_checks(connection: duckdb.DuckDBPyConnection, checks: Sequence[CheckResult]) -> int:
    results = to_frame(checks)
    connection.register("check_results", results.to_arrow())
    connection.execute("create table rpt_check_results as select * from check_results")
    connection.unregister("check_results")
    return results.height


def _holds_synthetic_values(connection: duckdb.DuckDBPyConnection) -> bool:
    rows = connection.execute(
        "select count(*) from dim_sources where is_synthetic"
        " and source_code in (select distinct source_code from fct_measure_values)"
    ).fetchall()
    return bool(rows[0][0])


def verify_copy(database: Path, counts: dict[str, int | None]) -> None:
    """Open the copy as a reader does, and compare it with what was meant to be in it."""
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute("select table_name, column_name from information_schema.columns").fetchall()
        if personal := sorted(f"{table}.{column}" for table, column in columns if column in PERSONAL_COLUMNS):
            raise PublicationError(
                f"Nothing personal may be published, but these columns would be: {', '.join(personal)}; "
                "take them out of the marts."
            )
        present = {table for table, _ in columns}
        if present != set(counts):
            raise PublicationError(f"The copy holds {sorted(present)} where {sorted(counts)} was expected.")
    _verify_counts(database, counts)


def _verify_counts(database: Path, counts: Mapping[str, int | None]) -> None:
    """Open a copy as a reader does, and compare its rows with those of the warehouse; a view has to be readable."""
    with duckdb.connect(str(database), read_only=True) as connection:
        for name, expected in counts.items():
            if expected is None:
                connection.execute(f'describe "{name}"').fetchall()
                continue
            (found,) = connection.execute(f'select count(*) from "{name}"').fetchall()[0]
            if found != expected:
                raise PublicationError(f"The copy of {name} has {found} rows where the warehouse has {expected}.")


def _sweep_unfinished(published: Path) -> None:
    """Remove what an interrupted publication left; CURRENT never names such a folder."""
    for folder in published.glob(f"{_UNFINISHED_PREFIX}*"):
        shutil.rmtree(folder)


def _remove_old(published: Path, keep: int) -> None:
    """Remove all but the newest `keep` releases; readers that hold one open finish on it."""
    current = (published / CURRENT_NAME).read_text(encoding="utf-8").strip()
    releases = sorted(path for path in published.iterdir() if path.is_dir() and not path.name.startswith("."))
    for folder in releases[:-keep]:
        if folder.name != current:
            shutil.rmtree(folder)


def _literal(text: str) -> str:
    """Return an SQL string literal: ATTACH takes no parameters."""
    return "'" + text.replace("'", "''") + "'"
