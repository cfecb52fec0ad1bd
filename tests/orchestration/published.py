"""Reading what a home has published, for comparison."""

from __future__ import annotations

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
