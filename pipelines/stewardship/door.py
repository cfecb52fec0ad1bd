"""The one door to decisions: commands and pages open the store of an installation here.

Who is who stays with identity: its decisions are on pairs of cards and are taken through `decide_persons`.
"""

from __future__ import annotations

from datetime import datetime

from pipelines.identity.decisions import Decision as PersonDecision
from pipelines.identity.decisions import DecisionStore, Verdict
from pipelines.identity.store import IdentityStore
from pipelines.reference import Registry, load_registry
from pipelines.settings import Settings, decisions_url
from pipelines.stewardship.corrections import (
    CORRECTED,
    CORRECTED_BY,
    PROPOSED,
    Approval,
    approvals,
    hold,
    require_undoable,
    waiting_corrections,
)
from pipelines.stewardship.events import SUBMISSION, Decision, State, Subject
from pipelines.stewardship.store import Decisions


def decisions(settings: Settings) -> Decisions:
    """Return the store of an installation's decisions."""
    registry = load_registry()
    return Decisions(decisions_url(settings), registry.decision_kinds, registry.decision_states)


def approved_corrections(settings: Settings, registry: Registry) -> dict[str, Approval]:
    """Return the corrections that stewards let in, by the id of the correcting file."""
    store = Decisions(decisions_url(settings), registry.decision_kinds, registry.decision_states)
    return approvals(store.states())


def corrections_waiting(settings: Settings, registry: Registry) -> bool:
    """Say whether a correction was approved that no run has taken in yet."""
    return bool(waiting_corrections(settings, approved_corrections(settings, registry)))


def propose_correction(
    settings: Settings,
    subject: Subject,
    name: str,
    content: bytes,
    *,
    decided_by: str,
    decided_at: datetime,
    reason: str,
    seen_version: int | None = None,
) -> Decision:
    """Hold a corrected file of a rejected one until somebody decides. Raises StewardshipError; then nothing is held."""
    store, kinds = decisions(settings), load_registry().decision_kinds
    code = next(kind.decision_code for kind in kinds.values() if kind.to_state == PROPOSED)
    with hold(settings, name, content) as file_id:
        return store.decide(
            subject,
            code,
            decided_by=decided_by,
            decided_at=decided_at,
            reason=reason,
            seen_version=seen_version,
            detail=file_id,
        )


def checked_detail(
    settings: Settings, state: State, decision_code: str, detail: str | None, registry: Registry
) -> str | None:
    """Return what a decision on a file carries: an approval of what was proposed names what was proposed.

    Raises StewardshipError where a decision cannot be taken any more.
    """
    kind = registry.decision_kinds.get(decision_code)
    if kind is None or state.subject.subject_kind != SUBMISSION:
        return detail
    if kind.to_state != CORRECTED:
        require_undoable(settings, state, decisions(settings).history(state.subject))
    if kind.detail_name == CORRECTED_BY and detail is None and state.state_code == PROPOSED:
        return state.detail
    return detail


def decide_persons(
    settings: Settings, card: str, other: str, verdict: Verdict, *, decided_by: str, decided_at: datetime, reason: str
) -> PersonDecision:
    """Write what a steward says of two cards: one person, two persons, or the decision taken back.

    The caller holds the writer lock. Raises DecisionError.
    """
    store = DecisionStore(IdentityStore(settings.identity).decisions)
    return store.record(card, other, verdict, decided_by=decided_by, decided_at=decided_at, reason=reason)
