"""Where decisions are kept: a table that is only ever added to, in SQLite or PostgreSQL.

The number of a decision on its subject is unique, and the database holds that: of two stewards who decide at once on
what both saw, one is told to look again, and nothing that was said is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.pool import NullPool

from pipelines.reference import DecisionKind, DecisionState
from pipelines.stewardship.events import Decision, State, StewardshipError, Subject, decided, stale, state_of, states_of

_SCHEMA = sa.MetaData()
_EVENTS = sa.Table(
    "steward_decisions",
    _SCHEMA,
    sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("subject_key", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("decision_code", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("detail", sa.Text),
    sa.UniqueConstraint("subject_kind", "subject_key", "version"),
    sa.CheckConstraint("version > 0"),
    sa.CheckConstraint("trim(decided_by) <> ''"),
    sa.CheckConstraint("trim(reason) <> ''"),
)
_NEVER_CHANGED = {
    "sqlite": [
        "create trigger if not exists steward_decisions_stay_{verb} before {verb} on steward_decisions"
        " begin select raise(abort, 'a decision is never changed or removed; decide again'); end"
    ],
    "postgresql": [
        "create or replace function steward_decisions_stay() returns trigger language plpgsql as"
        " $$ begin raise exception 'a decision is never changed or removed; decide again'; end $$",
        "create or replace trigger steward_decisions_stay_{verb} before {verb} on steward_decisions"
        " for each row execute function steward_decisions_stay()",
    ],
}
# Two processes that make the table at once wait for each other; the number is the table's alone.
_MAKING = 5_050_001
_WAIT_SECONDS = 30


class Decisions:
    """The decisions of one installation; the table is made when the first one is taken."""

    def __init__(self, url: str, kinds: Mapping[str, DecisionKind], states: Mapping[str, DecisionState]) -> None:
        """Look at the store at an URL of SQLAlchemy. Raises StewardshipError where it is of no known kind."""
        try:
            self._url = sa.make_url(url)
        except sa.exc.ArgumentError as error:
            raise StewardshipError("NIIS_DECISIONS_URL is no address of a database; see SQLAlchemy's URLs.") from error
        dialect = self._url.get_backend_name()
        if dialect not in _NEVER_CHANGED:
            raise StewardshipError(f"Decisions are kept in {' or '.join(_NEVER_CHANGED)}, not in {dialect}.")
        if dialect == "postgresql":
            self._url = self._url.set(drivername="postgresql+psycopg")
        self._kinds, self._states = kinds, states
        self._engine = _engine(self._url)

    def decide(
        self,
        subject: Subject,
        decision_code: str,
        *,
        decided_by: str,
        decided_at: datetime,
        reason: str,
        seen_version: int | None = None,
        detail: str | None = None,
    ) -> Decision:
        """Write a decision and return it; without `seen_version` it is on what stands at this moment.

        Raises StaleDecisionError when somebody decided after the steward had looked, else StewardshipError with a
        sentence when the decision cannot be taken; then nothing is written.
        """
        with self._connected(writes=True) as connection:
            self._make(connection)
            state = self._state(connection, subject)
            decision = decided(
                state,
                decision_code,
                kinds=self._kinds,
                states=self._states,
                decided_by=decided_by,
                decided_at=decided_at,
                reason=reason,
                seen_version=state.version if seen_version is None else seen_version,
                detail=detail,
            )
            row = {
                "subject_kind": subject.subject_kind,
                "subject_key": subject.subject_key,
                "version": decision.version,
                "decision_code": decision_code,
                "decided_by": decision.decided_by,
                "decided_at": decided_at.isoformat(sep=" ", timespec="seconds"),
                "reason": decision.reason,
                "detail": decision.detail,
            }
            try:
                with connection.begin_nested():
                    connection.execute(sa.insert(_EVENTS).values(row))
            except IntegrityError as error:
                raise stale(self._state(connection, subject), state.version) from error
        return decision

    def history(self, subject: Subject | None = None) -> list[Decision]:
        """Return the decisions on a subject, or on all, in the order in which they were written."""
        if self._is_absent():
            return []
        with self._connected() as connection:
            return self._history(connection, subject) if sa.inspect(connection).has_table(_EVENTS.name) else []

    def state(self, subject: Subject) -> State:
        """Return what the decisions on a subject add up to."""
        return state_of(subject, self.history(subject), self._kinds)

    def states(self) -> dict[Subject, State]:
        """Return the state of every subject that was ever decided on."""
        return states_of(self.history(), self._kinds)

    def _is_absent(self) -> bool:
        path = self._url.database if self._url.get_backend_name() == "sqlite" else None
        return path is not None and not Path(path).exists()

    def _state(self, connection: sa.Connection, subject: Subject) -> State:
        return state_of(subject, self._history(connection, subject), self._kinds)

    def _history(self, connection: sa.Connection, subject: Subject | None) -> list[Decision]:
        asked = sa.select(_EVENTS).order_by(_EVENTS.c.decision_id)
        if subject is not None:
            asked = asked.where(
                _EVENTS.c.subject_kind == subject.subject_kind, _EVENTS.c.subject_key == subject.subject_key
            )
        return [
            Decision(
                Subject(row.subject_kind, row.subject_key),
                row.version,
                row.decision_code,
                row.decided_by,
                datetime.fromisoformat(row.decided_at),
                row.reason,
                row.detail,
            )
            for row in connection.execute(asked)
        ]

    def _make(self, connection: sa.Connection) -> None:
        if sa.inspect(connection).has_table(_EVENTS.name):
            return
        dialect = self._url.get_backend_name()
        if dialect == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING)))
        _SCHEMA.create_all(connection)
        for verb in ("update", "delete"):
            for statement in _NEVER_CHANGED[dialect]:
                connection.exec_driver_sql(statement.format(verb=verb))

    @contextmanager
    def _connected(self, *, writes: bool = False) -> Iterator[sa.Connection]:
        path = self._url.database if self._url.get_backend_name() == "sqlite" else None
        if writes and path is not None:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as error:
            shown = self._url.render_as_string(hide_password=True)
            raise StewardshipError(f"The store of decisions at {shown} cannot be reached: {error.orig}") from error


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, poolclass=NullPool)
    engine = sa.create_engine(url, poolclass=NullPool, connect_args={"timeout": _WAIT_SECONDS})

    # SQLite's own driver would begin a transaction only at the first write: what was read before could be stale.
    @event.listens_for(engine, "connect")
    def _connected(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("begin immediate")

    return engine
