"""The one door to decisions: commands and pages open the store of an installation here.

Who is who stays with identity: its decisions are on pairs of cards and are taken through `decide_persons`.
"""

from __future__ import annotations

from datetime import datetime

from pipelines.identity.decisions import Decision as PersonDecision
from pipelines.identity.decisions import DecisionStore, Verdict
from pipelines.identity.store import IdentityStore
from pipelines.reference import load_registry
from pipelines.settings import Settings, decisions_url
from pipelines.stewardship.store import Decisions


def decisions(settings: Settings) -> Decisions:
    """Return the store of an installation's decisions."""
    registry = load_registry()
    return Decisions(decisions_url(settings), registry.decision_kinds, registry.decision_states)


def decide_persons(
    settings: Settings, card: str, other: str, verdict: Verdict, *, decided_by: str, decided_at: datetime, reason: str
) -> PersonDecision:
    """Write what a steward says of two cards: one person, two persons, or the decision taken back.

    The caller holds the writer lock. Raises DecisionError.
    """
    store = DecisionStore(IdentityStore(settings.identity).decisions)
    return store.record(card, other, verdict, decided_by=decided_by, decided_at=decided_at, reason=reason)
