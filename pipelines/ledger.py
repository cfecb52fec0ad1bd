"""The ledger: which batches, submissions, deliveries, parts and builds there are. What stands here exists."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.intake.schemas import SUBMISSIONS

_COLUMNS = tuple(SUBMISSIONS)
_SCHEMA = """
create table if not exists batches (batch_no integer primary key, committed_at text not null);
create table if not exists submissions (
    submission_id text primary key, batch_no integer not null references batches, sha256 text not null unique,
    original_name text not null, byte_count integer not null, received_at text not null, submission_kind text,
    file_format text, encoding text, delimiter text, language text not null, status text not null, refusal_code text,
    refusal_detail text, line_count integer, header_count integer, blank_count integer, accepted_count integer,
    rejected_count integer, duplicate_count integer, first_report_month text, last_report_month text,
    facility_count integer, submitted_at text,
    check (status in ('accepted', 'accepted_with_rejections', 'refused')),
    check (
        case status
            when 'refused' then refusal_code is not null and accepted_count is null
            else line_count = header_count + blank_count + accepted_count + rejected_count + duplicate_count
        end
    )
);
create table if not exists deliveries (
    delivery_no integer primary key, submission_id text not null references submissions, name text not null,
    delivered_at text not null
);
create index if not exists deliveries_by_name on deliveries (name);
create table if not exists parts (
    path text primary key, sha256 text not null, row_count integer not null,
    batch_no integer not null references batches
);
create table if not exists corrections (
    submission_id text primary key references submissions, corrects text not null, decision_version integer not null,
    decided_at text not null
);
create table if not exists builds (build_no integer primary key, through_batch_no integer not null);
"""


@dataclass(frozen=True)
class Part:
    """A Parquet file of the lake, by its path below the lake."""

    path: str
    sha256: str
    row_count: int


@dataclass(frozen=True)
class LedgerDelivery:
    """A file's arrival: the same bytes may arrive many times, under many names."""

    submission_id: str
    name: str
    delivered_at: datetime


@dataclass(frozen=True)
class LedgerCorrection:
    """A file that a steward's decision let in: which rejected file it corrects, and the decision's number there."""

    submission_id: str
    corrects: str
    decision_version: int
    decided_at: datetime


class Ledger:
    """The SQLite file of the ledger; it is created when it is not there."""

    def __init__(self, path: Path) -> None:
        """Open the ledger at `path`."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._transaction() as connection:
            # A ledger of an earlier version lacks tables that came later.
            known = "select count(*) from sqlite_master where name = 'corrections'"
            if connection.execute(known).fetchone()[0] == 0:
                connection.executescript(_SCHEMA)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            connection.execute("pragma foreign_keys = on")
            # A commit is on the disk before the files of the inbox are let go.
            connection.execute("pragma synchronous = full")
            with connection:
                yield connection
        finally:
            connection.close()

    def commit_batch(
        self,
        batch_no: int,
        submissions: Iterable[Mapping[str, Any]],
        parts: Iterable[Part],
        deliveries: Iterable[LedgerDelivery],
        committed_at: datetime,
        *,
        corrections: Iterable[LedgerCorrection] = (),
    ) -> None:
        """Write a batch, or nothing of it: an unbalanced submission is refused by the table itself.

        Raises sqlite3.IntegrityError in that case.
        """
        marks = ", ".join("?" * len(_COLUMNS))
        with self._transaction() as connection:
            connection.execute("insert into batches values (?, ?)", (batch_no, _text(committed_at)))
            connection.executemany(
                f"insert into submissions ({', '.join(_COLUMNS)}) values ({marks})",
                [[_text(row[name]) for name in _COLUMNS] for row in submissions],
            )
            connection.executemany(
                "insert into parts values (?, ?, ?, ?)",
                [(part.path, part.sha256, part.row_count, batch_no) for part in parts],
            )
            _insert_deliveries(connection, deliveries)
            connection.executemany(
                "insert into corrections values (?, ?, ?, ?)",
                [(one.submission_id, one.corrects, one.decision_version, _text(one.decided_at)) for one in corrections],
            )

    def record_deliveries(self, deliveries: Iterable[LedgerDelivery]) -> None:
        """Note that known files arrived again."""
        with self._transaction() as connection:
            _insert_deliveries(connection, deliveries)

    def record_build(self, through_batch_no: int) -> None:
        """Note that everything up to a batch is published."""
        with self._transaction() as connection:
            connection.execute("insert into builds (through_batch_no) values (?)", (through_batch_no,))

    def built_through(self) -> int:
        """Return the newest published batch; 0 when there is none."""
        return int(self._one("select coalesce(max(through_batch_no), 0) from builds"))

    def latest_batch_no(self) -> int:
        """Return the newest batch; 0 when there is none."""
        return int(self._one("select coalesce(max(batch_no), 0) from batches"))

    def delivery_count(self) -> int:
        """Return how many files ever arrived."""
        return int(self._one("select count(*) from deliveries"))

    def count_by_status(self) -> dict[str, int]:
        """Return the number of submissions of each status."""
        return dict(self._rows("select status, count(*) from submissions group by status"))

    def known(self) -> set[str]:
        """Return the SHA-256 of every submission."""
        return {sha256 for (sha256,) in self._rows("select sha256 from submissions")}

    def part_paths(self) -> set[str]:
        """Return the paths of every part, below the lake."""
        return {path for (path,) in self._rows("select path from parts")}

    def parts(self) -> list[Part]:
        """Return every part."""
        return [Part(*row) for row in self._rows("select path, sha256, row_count from parts order by path")]

    def report_months(self, since_batch_no: int) -> tuple[date | None, date | None]:
        """Return the first and the last month that facilities report in the batches after `since_batch_no`.

        What an area alone reports, such as a nation's years of long ago, is no facility's month.
        """
        query = (
            "select min(first_report_month), max(last_report_month) from submissions"
            " where batch_no > ? and facility_count > 0"
        )
        first, last = self._rows(query, (since_batch_no,))[0]
        return (date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None)

    def as_of_date(self) -> date | None:
        """Return the day that stands for today in the warehouse: the last on which anybody sent anything.

        It follows from what the files say of themselves, so that a rebuild tomorrow gives the same numbers. Files
        that do not say when they were sent count as sent on the last day of their month. None without accepted data.
        """
        query = (
            "select max(coalesce(date(submitted_at), date(last_report_month, '+1 month', '-1 day')))"
            " from submissions where accepted_count > 0"
        )
        found = self._one(query)
        return date.fromisoformat(found) if found else None

    def submission(self, id_or_name: str) -> dict[str, Any] | None:
        """Return the submission with an id (or its beginning, of at least six digits), or the newest of a name."""
        name = Path(id_or_name).name
        query = (
            "select submissions.* from submissions"
            " left join deliveries using (submission_id)"
            " where submission_id = :text or deliveries.name = :name"
            " or (length(:text) >= 6 and substr(submission_id, 1, length(:text)) = :text)"
            " order by submission_id = :text desc, deliveries.delivery_no desc limit 1"
        )
        with self._transaction() as connection:
            connection.row_factory = sqlite3.Row
            row = connection.execute(query, {"text": id_or_name, "name": name}).fetchone()
        return dict(row) if row else None

    def correction(self, submission_id: str) -> LedgerCorrection | None:
        """Return what let a submission in, when a steward's decision did."""
        query = "select * from corrections where submission_id = ?"
        rows = self._rows(query, (submission_id,))
        if not rows:
            return None
        file_id, corrects, version, decided_at = rows[0]
        return LedgerCorrection(file_id, corrects, version, datetime.fromisoformat(decided_at))

    def _one(self, query: str) -> Any:
        return self._rows(query)[0][0]

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._transaction() as connection:
            return connection.execute(query, values).fetchall()


def _insert_deliveries(connection: sqlite3.Connection, deliveries: Iterable[LedgerDelivery]) -> None:
    connection.executemany(
        "insert into deliveries (submission_id, name, delivered_at) values (?, ?, ?)",
        [(item.submission_id, item.name, _text(item.delivered_at)) for item in deliveries],
    )


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value
