"""What stewards decided: a table that is only ever added to. The newest word on a pair of cards counts.

Taking a decision back is an event too, so that what was decided, by whom and why can be read forever.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import polars as pl

Verdict = Literal["must_link", "cannot_link", "withdrawn"]

_SCHEMA = """
create table if not exists decisions (
    decision_id integer primary key autoincrement,
    card_key_a text not null,
    card_key_b text not null,
    decision text not null check (decision in ('must_link', 'cannot_link', 'withdrawn')),
    decided_by text not null check (trim(decided_by) <> ''),
    decided_at text not null,
    reason text not null check (trim(reason) <> ''),
    check (card_key_a < card_key_b)
);
create trigger if not exists decisions_are_not_changed before update on decisions
begin select raise(abort, 'a decision is never changed; decide again'); end;
create trigger if not exists decisions_are_not_removed before delete on decisions
begin select raise(abort, 'a decision is never removed; withdraw it'); end;
"""


class DecisionError(Exception):
    """A decision cannot be taken; the message says why."""


@dataclass(frozen=True)
class Decision:
    """What one steward said of two cards at one time."""

    decision_id: int
    card_key_a: str
    card_key_b: str
    decision: Verdict
    decided_by: str
    decided_at: datetime
    reason: str


class DecisionStore:
    """The stewards' decisions of one installation; the file is made when the first one is taken."""

    def __init__(self, path: Path) -> None:
        """Look at the store at `path`; nothing is created yet."""
        self._path = path

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            connection.execute("pragma synchronous = full")
            connection.executescript(_SCHEMA)
            with connection:
                yield connection
        finally:
            connection.close()

    def record(
        self, card: str, other: str, decision: Verdict, *, decided_by: str, decided_at: datetime, reason: str
    ) -> Decision:
        """Write a decision on two cards and return it.

        Raises DecisionError when it is about one card, says nothing new, or lacks a name or a reason.
        """
        if card == other:
            raise DecisionError(f"{card} is one card; a decision is about two different ones.")
        if not decided_by.strip() or not reason.strip():
            raise DecisionError("A decision needs the name of whoever takes it (--by) and a reason (--reason).")
        a, b = sorted((card, other))
        before = self.standing().get((a, b))
        if decision == "withdrawn" and before is None:
            raise DecisionError(f"Nothing stands on {a} and {b}, so there is nothing to undo.")
        if before is not None and before.decision == decision:
            raise DecisionError(f"{before.decided_by} decided the same of {a} and {b} already, on {before.decided_at}.")
        row = (a, b, decision, decided_by.strip(), decided_at.isoformat(sep=" ", timespec="seconds"), reason.strip())
        with self._transaction() as connection:
            cursor = connection.execute(
                "insert into decisions (card_key_a, card_key_b, decision, decided_by, decided_at, reason)"
                " values (?, ?, ?, ?, ?, ?)",
                row,
            )
            number = int(cursor.lastrowid or 0)
        return Decision(number, a, b, decision, row[3], decided_at, row[5])

    def history(self) -> list[Decision]:
        """Return every decision ever taken, oldest first."""
        if not self._path.exists():
            return []
        with self._transaction() as connection:
            rows = connection.execute("select * from decisions order by decision_id").fetchall()
        return [
            Decision(number, a, b, decision, by, datetime.fromisoformat(at), reason)
            for number, a, b, decision, by, at, reason in rows
        ]

    def standing(self) -> dict[tuple[str, str], Decision]:
        """Return the decision that stands on each pair of cards; none where it was withdrawn."""
        newest = {(row.card_key_a, row.card_key_b): row for row in self.history()}
        return {pair: row for pair, row in newest.items() if row.decision != "withdrawn"}


def ever_decided(history: list[Decision]) -> pl.DataFrame:
    """Return every pair of cards that was ever decided on: card_key_a, card_key_b."""
    pairs = sorted({(row.card_key_a, row.card_key_b) for row in history})
    return pl.DataFrame(pairs, schema={"card_key_a": pl.String, "card_key_b": pl.String}, orient="row")


def as_frame(standing: dict[tuple[str, str], Decision]) -> pl.DataFrame:
    """Return standing decisions: card_key_a, card_key_b, rule_code, decision, decided_by, reason; sorted by keys."""
    rows = [
        (a, b, "steward_link" if row.decision == "must_link" else "steward_apart",
         "link" if row.decision == "must_link" else "apart", row.decided_by, row.reason)
        for (a, b), row in sorted(standing.items())
    ]  # fmt: skip
    names = ["card_key_a", "card_key_b", "rule_code", "decision", "decided_by", "reason"]
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
