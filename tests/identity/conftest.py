"""Cards for tests of identity: one child as a facility sends it, and what to change in it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from pipelines.identity.cards import CARD_COLUMNS
from pipelines.identity.decisions import as_frame
from pipelines.identity.model import load_model
from pipelines.identity.resolve import Resolution, resolve
from pipelines.identity.rules import IdentityRules, rules_of
from pipelines.reference import load_registry

SECRET = b"0" * 32
GOOD: dict[str, Any] = {
    "person_code": "P1",
    "national_id": None,
    "full_name": "Nguyễn Thị Ánh",
    "birth_date": date(2024, 3, 15),
    "sex": "F",
    "mother_name": "Trần Thị Đào",
    "phone": "0912345678",
    "household_commune_code": "00001",
    "temporary_commune_code": None,
    "birth_order": None,
    "known_from": datetime(2024, 4, 1),
    "first_batch_no": 1,
}


def cards(**changes: dict[str, Any]) -> pl.DataFrame:
    """Return a card for each keyword: the good one with the changes; the keyword is its key."""
    rows = [{"card_key": key, **GOOD, **change} for key, change in changes.items()]
    return pl.DataFrame(rows, schema=CARD_COLUMNS, orient="row")


def persons(found: Resolution) -> list[str]:
    """Return the cards of each person as one word, in the order of the alphabet."""
    groups = found.person_cards.group_by("person_key").agg(pl.col("card_key").sort())
    return sorted("".join(keys) for keys in groups.get_column("card_key").to_list())


def decisions_on(found: Resolution) -> dict[str, tuple[str, str]]:
    """Return rule and decision of each pair of cards, by both keys as one word."""
    rows = found.person_links.select("card_key_a", "card_key_b", "rule_code", "decision").rows()
    return {a + b: (rule, decision) for a, b, rule, decision in rows}


def resolved(frame: pl.DataFrame, decisions: pl.DataFrame | None = None) -> Resolution:
    """Return who is who among cards."""
    told = as_frame({}) if decisions is None else decisions
    return resolve(frame, told, rules_of(load_registry()), load_model(), SECRET)


@pytest.fixture(scope="session")
def rules() -> IdentityRules:
    """The rules of the project's registry."""
    return rules_of(load_registry())
