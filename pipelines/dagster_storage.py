"""Dagster's own SQLite storage, with its files kept open between two events.

Dagster opens, prepares and closes the file of a run for every single event, and does not even keep the text of its
statements: in a build of some hundred models that took longer than the models. Tables, files and what is written
are Dagster's own; a home that was made with its usual storage is read and continued, and the other way round.
Nothing of the pipeline's state is in here (see `docs/architecture.md`, *Runs*), so a commit waits for no disk.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

# A file for each run: those of the newest are kept open, so that a server that shows hundreds does not run out.
_FILES_KEPT_OPEN = 8


class _KeptOpen:
    """Engines by connection string, the least lately used closed first."""

    def __init__(self) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()

    def engine(self, conn_string: str) -> Engine:
        """Return the engine of a file."""
        engine = self._engines.pop(conn_string, None) or _engine(conn_string)
        self._engines[conn_string] = engine
        while len(self._engines) > _FILES_KEPT_OPEN:
            self._engines.popitem(last=False)[1].dispose()
        return engine

    def close(self) -> None:
        """Close every file."""
        while self._engines:
            self._engines.popitem()[1].dispose()


def _engine(conn_string: str) -> Engine:
    engine = create_engine(conn_string, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
    event.listen(engine, "connect", _commit_without_waiting)
    return engine


def _commit_without_waiting(connection: Any, _record: Any) -> None:
    """A crash of the machine may lose the last events of a run that it ended anyhow; it cannot spoil the file."""
    connection.execute("pragma synchronous = normal")


class KeptOpenEventLog(SqliteEventLogStorage):
    """The event log: one file a run, and the index of all assets."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._kept = _KeptOpen()
        super().__init__(*arguments, **named)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._kept.engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def wipe(self) -> None:
        """Forget all runs; their files go."""
        self._kept.close()
        super().wipe()

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        self._kept.close()


class KeptOpenRuns(SqliteRunStorage):
    """The runs and their tags."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._kept = _KeptOpen()
        super().__init__(*arguments, **named)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Lend a connection for one transaction."""
        with self._kept.engine(self._conn_string).connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        """Close the file."""
        self._kept.close()


class KeptOpenStorage(DagsterSqliteStorage):
    """All of Dagster's storage below one folder; `dagster.yaml` names this class."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        history = Path(base_dir) / "history"
        self._run_storage = KeptOpenRuns.from_local(str(history))
        self._event_log_storage = KeptOpenEventLog(str(history / "runs"))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> KeptOpenStorage:
        """Open the storage that `dagster.yaml` describes."""
        return cls(config_value["base_dir"], inst_data)
