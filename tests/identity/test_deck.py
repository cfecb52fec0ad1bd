"""The labelled deck: how good automatic links and the queue must be, and that nothing but the cards decides."""

from __future__ import annotations

import polars as pl
import pytest

from pipelines.identity.decisions import as_frame, ever_decided
from pipelines.identity.increment import Inputs, from_nothing, with_more
from pipelines.identity.model import load_model
from pipelines.identity.normalise import match_keys
from pipelines.identity.resolve import NOTHING_REPLACED, Resolution, resolve
from pipelines.identity.rules import IdentityRules
from pipelines.identity.scoring import report, review_questions
from pipelines.reference import load_registry
from pipelines.synthetic.persons import TWIN_SHARE, Deck, deck
from tests.identity.conftest import SECRET

CHILDREN = 12_000
PRECISION, RECALL = 0.998, 0.97


@pytest.fixture(scope="module")
def dealt() -> Deck:
    """A deck that the model was not trained on."""
    return deck(load_registry(), CHILDREN, seed=5)


@pytest.fixture(scope="module")
def linked(dealt: Deck, rules: IdentityRules) -> Resolution:
    return resolve(dealt.cards, as_frame({}), rules, load_model(), SECRET)


def test_automatic_links_are_right_and_few_pairs_are_missed(
    dealt: Deck, linked: Resolution, rules: IdentityRules
) -> None:
    found = report(linked.person_cards, linked.person_links, dealt.truth, rules)
    assert found.true_pairs is not None
    assert found.true_pairs > CHILDREN
    assert found.precision is not None
    assert found.precision >= PRECISION
    assert found.recall is not None
    assert found.recall >= 0.92
    assert found.recall_with_review is not None
    assert found.recall_with_review >= RECALL
    assert found.review_backlog <= 0.08 * CHILDREN
    assert found.cannot_link_violations == 0


def test_the_deck_holds_what_makes_linking_hard(dealt: Deck) -> None:
    cards = dealt.cards.join(dealt.truth, on="card_key")
    born = cards.filter(pl.col("birth_order") == 2).get_column("true_person").n_unique()
    assert born / CHILDREN == pytest.approx(TWIN_SHARE, rel=0.4)
    names = cards.get_column("full_name")
    assert names.str.to_lowercase().str.starts_with("con b").sum() > 0.1 * CHILDREN
    per_id = cards.filter(pl.col("national_id").is_not_null()).group_by("national_id").agg(
        pl.col("true_person").n_unique().alias("persons")
    )  # fmt: skip
    assert per_id.filter(pl.col("persons") > 1).height > 0
    per_child = cards.group_by("true_person").agg(
        pl.col("person_code").n_unique().alias("codes"), pl.col("birth_date").n_unique().alias("dates")
    )
    assert per_child.filter(pl.col("codes") > 1).height > 0.1 * CHILDREN
    assert per_child.filter(pl.col("dates") > 1).height > 0.01 * CHILDREN


def test_no_group_holds_two_national_ids_or_two_of_one_birth(dealt: Deck, linked: Resolution) -> None:
    cards = linked.person_cards.join(dealt.cards, on="card_key").filter(
        pl.col("national_id").str.slice(4, 2) == pl.col("birth_date").dt.strftime("%y")
    )
    ids = cards.group_by("person_key").agg(pl.col("national_id").n_unique().alias("ids"))
    assert ids.get_column("ids").max() == 1
    orders = linked.person_cards.join(dealt.cards, on="card_key").group_by("person_key", "birth_date").agg(
        pl.col("birth_order").drop_nulls().n_unique().alias("orders")
    )  # fmt: skip
    assert orders.get_column("orders").max() == 1


def test_the_same_deck_gives_the_same_bytes(dealt: Deck, linked: Resolution, rules: IdentityRules) -> None:
    again = resolve(dealt.cards.sample(fraction=1, shuffle=True, seed=3), as_frame({}), rules, load_model(), SECRET)
    assert again.person_cards.equals(linked.person_cards)
    assert again.person_links.equals(linked.person_links)
    assert deck(load_registry(), 300, seed=5).cards.equals(deck(load_registry(), 300, seed=5).cards)


@pytest.mark.parametrize("order", [(1, 3, 6, 10, 13), (13, 1, 10, 3, 6)])
def test_batch_after_batch_gives_what_one_run_gives(
    dealt: Deck, linked: Resolution, rules: IdentityRules, order: tuple[int, ...]
) -> None:
    keys = match_keys(dealt.cards, rules)
    nobody = ever_decided([])
    inputs = Inputs(as_frame({}), nobody, NOTHING_REPLACED, rules, load_model(), SECRET)
    batches = [keys.filter(pl.col("first_batch_no") == number) for number in order]
    state = from_nothing(batches[0], inputs)
    for batch in batches[1:]:
        state = with_more(state, batch, inputs)
    found = state.resolution
    assert found.model_pairs.equals(linked.model_pairs)
    assert found.person_cards.equals(linked.person_cards)
    assert found.person_links.equals(linked.person_links)


def test_a_score_is_a_function_of_the_pair_alone(dealt: Deck, linked: Resolution, rules: IdentityRules) -> None:
    pairs = linked.model_pairs.sample(20, seed=1)
    keys = pl.concat([pairs.get_column("card_key_a"), pairs.get_column("card_key_b")])
    few = resolve(
        dealt.cards.filter(pl.col("card_key").is_in(keys.implode())), as_frame({}), rules, load_model(), SECRET
    )
    columns = ["card_key_a", "card_key_b", "rule_code", "score", "pattern"]
    both = few.model_pairs.join(pairs, on=["card_key_a", "card_key_b"], how="semi")
    assert both.select(columns).equals(pairs.select(columns).sort("card_key_a", "card_key_b"))


def test_a_question_is_asked_once_a_pair_of_persons(linked: Resolution) -> None:
    questions = review_questions(linked.person_cards, linked.person_links)
    assert questions.height > 0
    assert questions.select("person_key_a", "person_key_b").n_unique() == questions.height
    assert questions.filter(pl.col("person_key_a") >= pl.col("person_key_b")).is_empty()
