"""`niis identity`: what a steward types, from the queue to a decision and back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.identity.decisions import DecisionStore
from pipelines.identity.store import PERSON_LINKS, IdentityStore
from pipelines.settings import Settings
from tests.cli.test_commands import niis


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_status_counts_cards_persons_and_links(published_home: Settings) -> None:
    shown = {
        row["name"]: row["value"] for row in rows(niis(published_home, "identity", "status", "--format", "csv").stdout)
    }
    assert int(shown["cards"]) >= int(shown["persons"]) > 0
    assert int(shown["link: person_code"]) > 0
    assert shown["cannot_link_violations"] == "0"


def test_a_steward_decides_and_takes_it_back(home_copy: Settings) -> None:
    store = IdentityStore(home_copy.identity)
    link = store.read(PERSON_LINKS).filter(pl.col("decision") == "link").row(0, named=True)
    first, second = link["card_key_a"], link["card_key_b"]
    told = ["--by", "Lan", "--reason", "đã gọi điện"]
    done = niis(home_copy, "identity", "decide", first[:12], second, "--apart", *told)
    assert done.exit_code == 0, done.stderr
    (decision,) = DecisionStore(store.decisions).history()
    assert (decision.card_key_a, decision.card_key_b, decision.decision) == (first, second, "cannot_link")
    assert niis(home_copy, "identity", "decide", second, first, "--undo", *told).exit_code == 0
    again = niis(home_copy, "identity", "decide", second, first, "--undo", *told)
    assert again.exit_code == 1
    assert "nothing to undo" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("abc", "def", "--link"), "too short"),
        (("0123456789zz", "0123456789zz", "--link"), "no card has"),
    ],
)
def test_a_key_that_names_no_card_is_a_sentence(
    published_home: Settings, arguments: tuple[str, ...], sentence: str
) -> None:
    result = niis(published_home, "identity", "decide", *arguments, "--by", "Lan", "--reason", "x")
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_a_deck_is_dealt_and_scored(tmp_path: Path) -> None:
    settings, deck = Settings(tmp_path / "home"), tmp_path / "deck.csv"
    assert niis(settings, "identity", "deck", "--out", deck, "--children", "600", "--seed", "4").exit_code == 0
    scored = niis(settings, "identity", "score", "--deck", deck, "--format", "json")
    assert scored.exit_code == 0, scored.stderr
    table = {row["tier"]: row for row in json.loads(scored.stdout)}
    assert float(table["ghép tự động / automatic links"]["precision"]) > 0.99
    assert float(table["kể cả hàng chờ / with the review queue"]["recall"]) > 0.95
    (tmp_path / "deck.truth.csv").unlink()
    lost = niis(settings, "identity", "score", "--deck", deck)
    assert lost.exit_code == 1
    assert "nobody knows who is who" in lost.stderr


def test_the_queue_shows_cards_only_when_asked(home_copy: Settings) -> None:
    store = IdentityStore(home_copy.identity)
    links = store.read(PERSON_LINKS)
    people = store.read("person_cards")
    a, b = people.unique("person_key").sort("card_key").get_column("card_key").head(2).to_list()
    asked = links.clear().vstack(
        pl.DataFrame([(a, b, "model_review", 0.9, "review", "{}", "m", "model")], schema=links.schema, orient="row")
    )
    pl.concat([links, asked]).write_parquet(store.path(PERSON_LINKS))
    (plain,) = rows(niis(home_copy, "identity", "review", "--format", "csv", "--limit", "1").stdout)
    assert {plain["card_key_a"], plain["card_key_b"]} == {a, b}
    assert "full_name_a" not in plain
    (shown,) = rows(niis(home_copy, "identity", "review", "--format", "csv", "--limit", "1", "--cards").stdout)
    assert shown["full_name_a"]
    assert shown["text_vi"] == "Mô hình không chắc"
