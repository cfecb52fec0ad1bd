"""Reading what a home has published, for comparison."""

from __future__ import annotations

from collections import Counter

import duckdb

from pipelines.publish import current_release
from pipelines.settings import Settings

Rows = list[tuple[object, ...]]


def query(settings: Settings, sql: str) -> Rows:
    """Run a query on the current release."""
    release = current_release(settings)
    assert release is not None
    with duckdb.connect(str(settings.published / release.release_id / release.file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def difference(made: dict[str, Rows], wanted: dict[str, Rows]) -> dict[str, tuple[Rows, Rows]]:
    """Return, by table, some rows that only the one and some that only the other has: nothing if they are the same.

    A comparison of whole contents that fails prints megabytes, of which a log keeps the end.
    """
    found: dict[str, tuple[Rows, Rows]] = {}
    for table in sorted(made.keys() | wanted.keys()):
        ours, theirs = Counter(made.get(table, ())), Counter(wanted.get(table, ()))
        if ours != theirs or (table in made) != (table in wanted):
            found[table] = list((ours - theirs).elements())[:3], list((theirs - ours).elements())[:3]
    return found


def content(settings: Settings) -> dict[str, Rows]:
    """Return every row of every published table, without what says when it arrived or was built."""
    tables = [
        name
        for (name,) in query(settings, "select table_name from duckdb_tables() order by 1")
        if name not in {"rpt_release", "rpt_check_results"}
    ]
    arrival = "'batch_no', 'received_at'"
    return {
        str(table): query(
            settings,
            f"select columns(lambda name: name not in ({arrival})) from {table} order by all",
        )
        for table in tables
    }
