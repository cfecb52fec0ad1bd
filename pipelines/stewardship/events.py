"""Decisions as events, and the state that they add up to: pure functions of events and registry rows.

StewardshipError        a decision cannot be taken; the message says why
+-- StaleDecisionError  somebody decided after the steward had looked
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.reference import DecisionKind, DecisionState

START = "open"
FINDING, OUTLIER, SUBMISSION = "finding", "outlier", "submission"

_MEASURED = re.compile(
    r"(?P<reporter>F:[^|:]+|A:[^|:]+:[^|:]+)\|(?P<period>\d{4}(?:-(?:0[1-9]|1[0-2])|Q[1-4])?)\|(?P<measure>[a-z0-9_]+)"
)


class StewardshipError(Exception):
    """A decision cannot be taken, or what is decided on is not there; the message says why."""


class StaleDecisionError(StewardshipError):
    """Somebody decided after the steward had looked."""


@dataclass(frozen=True, order=True)
class Subject:
    """What is decided on: a finding by its key, a reported value by its place, period and measure, a file by its id."""

    subject_kind: str
    subject_key: str

    def __str__(self) -> str:
        """Return the subject as sentences name it."""
        return f"{self.subject_kind} {self.subject_key}"


@dataclass(frozen=True)
class Decision:
    """One decision: who, when (Viet Nam's clock) and why. `version` counts the decisions on the subject from 1."""

    subject: Subject
    version: int
    decision_code: str
    decided_by: str
    decided_at: datetime
    reason: str
    detail: str | None = None  # what the kind's `detail_name` asks for


@dataclass(frozen=True)
class State:
    """What the decisions on a subject add up to; version 0 is a subject that nobody has decided on."""

    subject: Subject
    version: int = 0
    state_code: str = START
    assignee: str | None = None
    detail: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None


def state_of(subject: Subject, decisions: Iterable[Decision], kinds: Mapping[str, DecisionKind]) -> State:
    """Return the state of a subject after its decisions, which are taken in the order of their versions."""
    state = State(subject)
    for decision in sorted(decisions, key=lambda one: one.version):
        kind = kinds[decision.decision_code]
        assignee = decision.detail if kind.detail_name == "assignee" else state.assignee
        state = replace(
            state,
            version=decision.version,
            state_code=kind.to_state or state.state_code,
            assignee=assignee,
            # A comment leaves what was said of the state before as it is.
            detail=decision.detail if kind.to_state else state.detail,
            decided_by=decision.decided_by,
            decided_at=decision.decided_at,
            reason=decision.reason,
        )
    return state


def states_of(decisions: Iterable[Decision], kinds: Mapping[str, DecisionKind]) -> dict[Subject, State]:
    """Return the state of every subject that was ever decided on."""
    by_subject: dict[Subject, list[Decision]] = {}
    for decision in decisions:
        by_subject.setdefault(decision.subject, []).append(decision)
    return {subject: state_of(subject, found, kinds) for subject, found in by_subject.items()}


def allowed(state: State, kinds: Mapping[str, DecisionKind]) -> list[DecisionKind]:
    """Return the kinds of decision that can be taken on a subject in its state, in the order of the registry."""
    found = [
        kind
        for kind in kinds.values()
        if kind.subject_kind == state.subject.subject_kind and state.state_code in kind.from_states.split()
    ]
    return sorted(found, key=lambda kind: kind.sort_order)


def decided(
    state: State,
    decision_code: str,
    *,
    kinds: Mapping[str, DecisionKind],
    states: Mapping[str, DecisionState],
    decided_by: str,
    decided_at: datetime,
    reason: str,
    seen_version: int,
    detail: str | None = None,
) -> Decision:
    """Return the decision that a steward who saw `seen_version` takes on a subject in its state of now.

    Raises StaleDecisionError when somebody decided in between, and StewardshipError with a sentence when the decision
    is of no kind for the subject, contradicts its state, or lacks a name, a reason or its detail.
    """
    subject, kind = state.subject, kinds.get(decision_code)
    offered = [row.decision_code for row in allowed(state, kinds)]
    if kind is None or kind.subject_kind != subject.subject_kind:
        raise StewardshipError(f"'{decision_code}' is no decision on a {subject.subject_kind}; {_list(offered)}.")
    if seen_version != state.version:
        raise stale(state, seen_version)
    if decision_code not in offered:
        raise StewardshipError(
            f"{subject} is {states[state.state_code].name_en.lower()}; {decision_code} cannot follow, {_list(offered)}."
        )
    if not decided_by.strip() or not reason.strip():
        raise StewardshipError("A decision needs the name of whoever takes it and a reason.")
    given = (detail or "").strip() or None
    if (kind.detail_name is None) != (given is None):
        asked = f"needs {kind.detail_name}" if kind.detail_name else "takes nothing beside its reason"
        raise StewardshipError(f"The decision {decision_code} {asked}.")
    if subject.subject_kind == OUTLIER:
        measured_value(subject.subject_key)
    return Decision(subject, state.version + 1, decision_code, decided_by.strip(), decided_at, reason.strip(), given)


def stale(state: State, seen_version: int) -> StaleDecisionError:
    """Return what is raised where a steward decides on what is no longer as it was seen."""
    if state.decided_at is None or seen_version > state.version:
        return StaleDecisionError(f"{state.subject} has {state.version} decisions, not {seen_version}; look again.")
    return StaleDecisionError(
        f"{state.decided_by} decided on {state.subject} on {state.decided_at:%Y-%m-%d %H:%M} ('{state.reason}'), after"
        f" you had looked: you saw {seen_version} decisions, now there are {state.version}. Read it, then decide again."
    )


@dataclass(frozen=True)
class MeasuredValue:
    """A value that was reported: by whom (`F:<facility>` or `A:<hierarchy>:<area>`), for which period, of what."""

    reporter_code: str
    period: str
    measure_code: str


def measured_value(key: str) -> MeasuredValue:
    """Return the value that the key of an outlier names. Raises StewardshipError."""
    match = _MEASURED.fullmatch(key)
    if match is None:
        raise StewardshipError(
            f"'{key}' names no reported value; write it as F:<facility>|<period>|<measure> or"
            " A:<tree>:<area>|<period>|<measure>."
        )
    return MeasuredValue(match["reporter"], match["period"], match["measure"])


def _list(offered: list[str]) -> str:
    return f"it can be: {', '.join(offered)}" if offered else "nothing can be decided on it"
