"""What stewards decide: it wins, it can be taken back without a trace in the result, and nothing is ever erased."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.identity.decisions import DecisionError, DecisionStore, Verdict, as_frame
from tests.identity.conftest import cards, decisions_on, persons, resolved

AT = datetime(2026, 4, 5, 12)
OWN, OTHER = "001324000123", "001324000999"


@pytest.fixture
def store(tmp_path: Path) -> DecisionStore:
    return DecisionStore(tmp_path / "decisions.sqlite")


def decide(store: DecisionStore, pair: str, verdict: Verdict) -> None:
    store.record(pair[0], pair[1], verdict, decided_by="Lan", decided_at=AT, reason="đã gọi điện")


def told(store: DecisionStore) -> pl.DataFrame:
    return as_frame(store.standing())


def test_apart_wins_over_the_surest_link(store: DecisionStore) -> None:
    frame = cards(a={"national_id": OWN}, b={"national_id": OWN})
    assert persons(resolved(frame)) == ["ab"]
    decide(store, "ba", "cannot_link")
    found = resolved(frame, told(store))
    assert persons(found) == ["a", "b"]
    assert decisions_on(found) == {"ab": ("steward_apart", "apart")}
    assert found.person_links.get_column("decided_by").to_list() == ["Lan"]
    assert "đã gọi điện" in found.person_links.get_column("evidence").item()


def test_apart_holds_through_a_third_card(store: DecisionStore) -> None:
    frame = cards(a={}, b={"phone": None}, c={"phone": "0987000111"})
    assert persons(resolved(frame)) == ["abc"]
    decide(store, "ab", "cannot_link")
    found = resolved(frame, told(store))
    assert "ab" not in "".join(persons(found)).replace("abc", "")
    people = dict(found.person_cards.select("card_key", "person_key").rows())
    assert people["a"] != people["b"]


def test_a_link_wins_over_two_national_ids_for_later_cards_too(store: DecisionStore) -> None:
    frame = cards(a={"national_id": OWN}, b={"national_id": OTHER}, c={"national_id": OTHER, "phone": None})
    assert persons(resolved(frame)) == ["a", "bc"]
    decide(store, "ab", "must_link")
    assert persons(resolved(frame, told(store))) == ["abc"]


def test_a_child_that_got_another_name_is_one_child_once_a_steward_said_so(store: DecisionStore) -> None:
    new: dict[str, Any] = {"full_name": "Nguyễn Gia Kiên"}
    frame = cards(a={}, b=new, c={**new, "phone": None}, d={"phone": "0987000111"})
    assert persons(resolved(frame)) == ["ad", "bc"]
    decide(store, "ab", "must_link")
    assert persons(resolved(frame, told(store))) == ["abcd"]


def test_a_steward_s_link_breaks_no_other_link(store: DecisionStore) -> None:
    frame = cards(
        a={"national_id": OWN}, x={"national_id": OWN, "mother_name": None, "phone": None},
        b={"national_id": OTHER, "full_name": "Nguyễn Gia Kiên"},
        y={"national_id": OTHER, "full_name": "Nguyễn Gia Kiên", "mother_name": None, "phone": None},
    )  # fmt: skip
    assert persons(resolved(frame)) == ["ax", "by"]
    decide(store, "ab", "must_link")
    assert persons(resolved(frame, told(store))) == ["abxy"]


def test_a_steward_s_words_hold_against_links_through_others(store: DecisionStore) -> None:
    strangers = {"full_name": "Lê Văn Bình", "person_code": "P7", "mother_name": None, "phone": None}
    frame = cards(a={}, x={"phone": None}, b=strangers, y={**strangers, "phone": "0987000111"})
    assert persons(resolved(frame)) == ["ax", "by"]
    decide(store, "ab", "must_link")
    decide(store, "xy", "cannot_link")
    people = dict(resolved(frame, told(store)).person_cards.select("card_key", "person_key").rows())
    assert people["a"] == people["b"]
    assert people["x"] != people["y"]


def test_decisions_that_contradict_each_other_link_nothing(store: DecisionStore) -> None:
    strangers = {"full_name": "Lê Văn Bình", "person_code": None, "mother_name": None, "phone": None}
    frame = cards(a={}, b=strangers, c={**strangers, "full_name": "Phạm Cường"})
    decide(store, "ab", "must_link")
    decide(store, "bc", "must_link")
    assert persons(resolved(frame, told(store))) == ["abc"]
    decide(store, "ac", "cannot_link")
    assert persons(resolved(frame, told(store))) == ["a", "b", "c"]


def test_taking_a_decision_back_gives_the_earlier_state_byte_for_byte(store: DecisionStore, tmp_path: Path) -> None:
    frame = cards(a={}, b={"phone": None}, c={"full_name": "Lê Văn Bình", "person_code": "P7"})

    def written(name: str) -> bytes:
        found = resolved(frame, told(store))
        for kind, table in (("cards", found.person_cards), ("links", found.person_links)):
            table.write_parquet(tmp_path / f"{name}.{kind}")
        return b"".join((tmp_path / f"{name}.{kind}").read_bytes() for kind in ("cards", "links"))

    before = written("before")
    for pair, verdict in (("ab", "cannot_link"), ("ac", "must_link")):
        decide(store, pair, verdict)  # type: ignore[arg-type]
        assert written("during") != before
        decide(store, pair, "withdrawn")
        assert written("after") == before
    assert [row.decision for row in store.history()] == ["cannot_link", "withdrawn", "must_link", "withdrawn"]


def test_a_decision_on_a_card_that_is_not_there_yet_waits_for_it(store: DecisionStore) -> None:
    decide(store, "az", "must_link")
    assert persons(resolved(cards(a={}), told(store))) == ["a"]
    stranger = {"full_name": "Lê Văn Bình", "person_code": None, "mother_name": None, "phone": None}
    assert persons(resolved(cards(a={}, z=stranger), told(store))) == ["az"]


def test_history_is_never_changed(store: DecisionStore, tmp_path: Path) -> None:
    decide(store, "ab", "must_link")
    with sqlite3.connect(tmp_path / "decisions.sqlite") as connection:
        for statement in ("delete from decisions", "update decisions set reason = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                connection.execute(statement)
    connection.close()
    assert len(store.history()) == 1


@pytest.mark.parametrize(
    ("pair", "verdict", "by", "reason", "sentence"),
    [
        ("aa", "must_link", "Lan", "x", "one card"),
        ("ab", "must_link", " ", "x", "needs the name"),
        ("ab", "must_link", "Lan", "", "a reason"),
        ("ab", "withdrawn", "Lan", "x", "nothing to undo"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(
    store: DecisionStore, pair: str, verdict: Verdict, by: str, reason: str, sentence: str
) -> None:
    with pytest.raises(DecisionError, match=sentence):
        store.record(pair[0], pair[1], verdict, decided_by=by, decided_at=AT, reason=reason)
    assert store.history() == []


def test_saying_the_same_twice_is_refused(store: DecisionStore) -> None:
    decide(store, "ab", "must_link")
    with pytest.raises(DecisionError, match="already"):
        decide(store, "ba", "must_link")
