"""From cards, earlier scores and decisions to persons and the links between cards: the whole of identity, pure."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl

from pipelines.identity.cards import Schema, in_order, shaped
from pipelines.identity.clusters import UNNAMED, Grouping, group
from pipelines.identity.corrections import REPLACED
from pipelines.identity.deterministic import certain_edges
from pipelines.identity.model import Model, explained
from pipelines.identity.normalise import match_keys
from pipelines.identity.pairs import evidence, open_keys
from pipelines.identity.probabilistic import MODEL_PAIRS, by_key, likely_edges
from pipelines.identity.rules import IdentityRules

PERSON_KEY_LENGTH = 20
PERSON_CARDS: Schema = {
    "card_key": pl.String,
    "person_key": pl.String,
    "first_batch_no": pl.Int32,
}
PERSON_LINKS: Schema = {
    "card_key_a": pl.String,
    "card_key_b": pl.String,
    "rule_code": pl.String,
    "score": pl.Float64,
    "decision": pl.String,
    "evidence": pl.String,
    "model_version": pl.String,
    "decided_by": pl.String,
}
PERSON_REDIRECTS: Schema = {
    "old_person_key": pl.String,
    "card_key": pl.String,  # the card that was the first of that person
    "new_person_key": pl.String,
}
BY_RULES = "rules"
BY_MODEL = "model"
CORRECTED = "record_corrected"


@dataclass(frozen=True, eq=False)
class Resolution:
    """Who is who."""

    person_cards: pl.DataFrame  # PERSON_CARDS, in the order of card keys
    person_links: pl.DataFrame  # PERSON_LINKS, in the order of card keys
    model_pairs: pl.DataFrame  # MODEL_PAIRS: every pair that the model has something to say of


@dataclass(frozen=True, eq=False)
class Earlier:
    """What an earlier run scored, by the same definitions and the same model: it is not scored again."""

    card_keys: pl.Series  # cards whose pairs among themselves are in: those that took part
    model_pairs: pl.DataFrame  # MODEL_PAIRS


NOTHING_REPLACED = pl.DataFrame(schema=REPLACED)
NOTHING_EARLIER = Earlier(pl.Series("card_key", [], dtype=pl.String), pl.DataFrame(schema=MODEL_PAIRS))


def resolve(
    cards: pl.DataFrame,
    decisions: pl.DataFrame,
    rules: IdentityRules,
    model: Model,
    secret: bytes,
    earlier: Earlier = NOTHING_EARLIER,
    replaced: pl.DataFrame = NOTHING_REPLACED,
) -> Resolution:
    """Return persons and links of `cards` (CARD_COLUMNS) under stewards' `decisions`; see `resolve_keys`."""
    return resolve_keys(match_keys(cards, rules), decisions, rules, model, secret, earlier, replaced)


def resolve_keys(
    cards: pl.DataFrame,
    decisions: pl.DataFrame,
    rules: IdentityRules,
    model: Model,
    secret: bytes,
    earlier: Earlier = NOTHING_EARLIER,
    replaced: pl.DataFrame = NOTHING_REPLACED,
) -> Resolution:
    """Return persons and links of cards, given by their match keys, under stewards' `decisions`.

    A person's key is a keyed digest of its first card in the order of `in_order`. What `earlier` holds saves time and
    changes nothing. Cards that are `replaced` (REPLACED) take no part and follow their successors.
    """
    ordered = in_order(cards.join(replaced, on="card_key", how="anti"))
    is_new = ~ordered.get_column("card_key").is_in(earlier.card_keys.implode())
    keys = ordered.with_columns(is_new.alias("is_new"))
    with open_keys(keys) as connection:
        decision_of = {code: row.decision for code, row in rules.rules.items()}
        certain = certain_edges(connection, rules.limits).with_columns(
            pl.col("rule_code").replace_strict(decision_of, return_dtype=pl.String).alias("decision"),
            pl.lit(None, dtype=pl.Float64).alias("score"),
            pl.lit(None, dtype=pl.String).alias("pattern"),
            pl.lit(None, dtype=pl.String).alias("model_version"),
            pl.lit(BY_RULES).alias("decided_by"),
            pl.lit(None, dtype=pl.String).alias("reason"),
        )
        scored = by_key(likely_edges(connection, model, rules), keys) if is_new.any() else earlier.model_pairs.clear()
        standing = keys.select("card_key")
        pairs = (
            pl.concat([earlier.model_pairs, scored])
            .unique(["card_key_a", "card_key_b"])
            .join(standing, left_on="card_key_a", right_on="card_key", how="semi")
            .join(standing, left_on="card_key_b", right_on="card_key", how="semi")
            .sort("card_key_a", "card_key_b")
        )
        likely = _at_positions(keys, pairs).with_columns(
            pl.when(pl.col("rule_code") == UNNAMED).then(2).otherwise(0).cast(pl.Int32).alias("grade"),
            pl.col("rule_code").replace_strict(decision_of, return_dtype=pl.String).alias("decision"),
            pl.lit(model.version).alias("model_version"),
            pl.lit(BY_MODEL).alias("decided_by"),
            pl.lit(None, dtype=pl.String).alias("reason"),
        )
        told = _at_positions(keys, decisions).with_columns(
            pl.lit(0, dtype=pl.Int32).alias("grade"),
            pl.lit(None, dtype=pl.Float64).alias("score"),
            pl.lit(None, dtype=pl.String).alias("pattern"),
            pl.lit(None, dtype=pl.String).alias("model_version"),
        )
        edges = pl.concat([certain, likely.select(certain.columns), told.select(certain.columns)])
        grouping = group(keys, edges, rules)
        links = _links(keys, grouping, model, connection)
    people = _person_cards(keys, grouping, secret)
    followers, ties = _followers(cards, replaced, people, secret)
    return Resolution(
        pl.concat([people, followers]).sort("card_key"),
        pl.concat([links, ties]).sort("card_key_a", "card_key_b"),
        pairs,
    )


def _followers(
    cards: pl.DataFrame, replaced: pl.DataFrame, people: pl.DataFrame, secret: bytes
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the persons of replaced cards, and the links to the cards that replaced them.

    A card whose records were voided is a person of its own.
    """
    own = [person_key(key, secret) for key in replaced.get_column("card_key").to_list()]
    followers = (
        replaced.with_columns(pl.Series("own_key", own, dtype=pl.String))
        .join(cards.select("card_key", "first_batch_no"), on="card_key")
        .join(people.select(successor="card_key", person_key="person_key"), on="successor", how="left")
        .with_columns(pl.coalesce("person_key", "own_key").alias("person_key"))
    )
    tied = followers.filter(pl.col("successor").is_not_null()).with_columns(
        pl.min_horizontal("card_key", "successor").alias("card_key_a"),
        pl.max_horizontal("card_key", "successor").alias("card_key_b"),
        pl.lit(CORRECTED).alias("rule_code"),
        pl.lit(None, dtype=pl.Float64).alias("score"),
        pl.lit("link").alias("decision"),
        pl.lit("{}").alias("evidence"),
        pl.lit(None, dtype=pl.String).alias("model_version"),
        pl.lit(BY_RULES).alias("decided_by"),
    )
    return shaped(followers, PERSON_CARDS), shaped(tied, PERSON_LINKS)


def _at_positions(keys: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `a` < `b`, the positions of both cards; a decision on a card that no file holds yet waits for it."""
    places = keys.select("card_key").with_row_index("card").with_columns(pl.col("card").cast(pl.Int32))
    found = pairs.join(places.rename({"card_key": "card_key_a", "card": "x"}), on="card_key_a").join(
        places.rename({"card_key": "card_key_b", "card": "y"}), on="card_key_b"
    )
    return found.with_columns(pl.min_horizontal("x", "y").alias("a"), pl.max_horizontal("x", "y").alias("b"))


def _person_cards(keys: pl.DataFrame, grouping: Grouping, secret: bytes) -> pl.DataFrame:
    names = keys.get_column("card_key")
    firsts = np.unique(grouping.labels)
    digests = [person_key(name, secret) for name in names.gather(firsts).to_list()]
    where = np.searchsorted(firsts, grouping.labels)
    of_cards = pl.Series("person_key", digests, dtype=pl.String).gather(where)
    return shaped(keys.with_columns(of_cards), PERSON_CARDS).sort("card_key")


def person_key(card_key: str, secret: bytes) -> str:
    """Return the key of the person whose first card is `card_key`; without the secret it tells nothing of the card."""
    return hmac.digest(secret, card_key.encode(), "sha256").hex()[:PERSON_KEY_LENGTH]


def _links(keys: pl.DataFrame, grouping: Grouping, model: Model, connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    names = keys.get_column("card_key")
    edges = evidence(grouping.edges, connection)
    edges = edges.with_columns(explained(edges.get_column("pattern"), model).alias("weights"))
    x, y = names.gather(edges.get_column("a")), names.gather(edges.get_column("b"))
    texts = edges.with_columns(
        pl.when(x < y).then(x).otherwise(y).alias("card_key_a"),
        pl.when(x < y).then(y).otherwise(x).alias("card_key_b"),
        _evidence_text().alias("evidence"),
    )
    return shaped(texts, PERSON_LINKS).sort("card_key_a", "card_key_b")


def _evidence_text() -> pl.Expr:
    """Return evidence as JSON: fields that agree and that differ, weights, what stood before a guard stepped in."""
    weights = pl.lit(',"weights":') + pl.col("weights")
    basis = pl.when(pl.col("basis") != pl.col("rule_code")).then(pl.lit(',"basis":"') + pl.col("basis") + '"')
    # A reason is a person's own words, so it is written by the JSON library.
    reason = pl.lit(',"reason":') + pl.col("reason").map_elements(
        lambda text: json.dumps(text, ensure_ascii=False), return_dtype=pl.String
    )
    return pl.concat_str(
        pl.lit('{"agreed":'), "agreed", pl.lit(',"differs":'), "differs", weights.fill_null(""), basis.fill_null(""),
        reason.fill_null(""), pl.lit("}"),
    )  # fmt: skip


def redirects(before: pl.DataFrame, earlier: pl.DataFrame, now: pl.DataFrame, secret: bytes) -> pl.DataFrame:
    """Return where keys lead that name no person any more (PERSON_REDIRECTS).

    `before` and `now` are the person cards then and now, `earlier` the redirects so far. A key leads to whoever its
    card belongs to; one whose card is the first of its person again is alive and leads nowhere.
    """
    alive = now.select("person_key").unique()
    gone = before.select("card_key", "person_key").join(alive, on="person_key", how="anti")
    firsts = [(key, card) for card, key in gone.rows() if person_key(card, secret) == key]
    known = pl.concat(
        [
            pl.DataFrame(firsts, schema={"old_person_key": pl.String, "card_key": pl.String}, orient="row"),
            earlier.select("old_person_key", "card_key"),
        ]
    ).unique("old_person_key")
    return (
        known.join(alive.rename({"person_key": "old_person_key"}), on="old_person_key", how="anti")
        .join(now.select("card_key", pl.col("person_key").alias("new_person_key")), on="card_key")
        .select(*PERSON_REDIRECTS)
        .sort("old_person_key")
    )
