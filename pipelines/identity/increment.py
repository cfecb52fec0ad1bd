"""New cards among known ones: only the families that they touch are worked out again; the result is that of a full run.

What can reach beyond the new cards: pairs that the model scores, shared ids and demographics, an earlier version of a
known card, a card that is replaced or stands again, and anything that a steward decided.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.identity.families import families, sharing
from pipelines.identity.model import Model
from pipelines.identity.pairs import open_keys
from pipelines.identity.probabilistic import MODEL_PAIRS, by_key, likely_edges
from pipelines.identity.resolve import Earlier, Resolution, resolve_keys
from pipelines.identity.rules import IdentityRules

# What the model and its guards look at.
_SCORED_COLUMNS = (
    "card_key", "person_code", "own_id", "name_core", "name_sorted", "surname", "given", "is_unnamed", "birth_date",
    "birth_fold", "sex", "mother_core", "phone", "commune", "commune_2", "province", "birth_order",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Known:
    """What an earlier run left: every card's match keys with its family, who is who, and the cards replaced then."""

    keys: pl.DataFrame  # MATCH_COLUMNS and family
    resolution: Resolution
    replaced: pl.DataFrame


@dataclass(frozen=True, eq=False)
class Inputs:
    """What every run goes by, beside the cards."""

    decisions: pl.DataFrame  # those that stand
    ever_decided: pl.DataFrame  # card_key_a, card_key_b of every decision ever taken
    replaced: pl.DataFrame
    rules: IdentityRules
    model: Model
    secret: bytes


def from_nothing(keys: pl.DataFrame, inputs: Inputs) -> Known:
    """Return who is who among cards by their match keys."""
    found = resolve_keys(keys, inputs.decisions, inputs.rules, inputs.model, inputs.secret, replaced=inputs.replaced)
    family = families(keys, (found.model_pairs, inputs.ever_decided, inputs.replaced))
    return Known(keys.with_columns(family), found, inputs.replaced)


def with_more(known: Known, more: pl.DataFrame, inputs: Inputs) -> Known:
    """Return who is who when `more` cards (MATCH_COLUMNS) join the known ones; some of them may be known already."""
    keys, moved = _joined(known.keys, more)
    new = keys.filter(pl.col("family").is_null())
    back = known.replaced.join(inputs.replaced, on="card_key", how="anti").get_column("card_key")
    fresh = pl.concat([new.get_column("card_key"), back])
    scored = _scored(keys, fresh, inputs)

    told = pl.concat([inputs.ever_decided.get_column("card_key_a"), inputs.ever_decided.get_column("card_key_b")])
    near_told = keys.join(
        keys.filter(pl.col("card_key").is_in(told.implode())).select("mother_core", "birth_date").unique(),
        on=["mother_core", "birth_date"],
        how="semi",
    )
    changed = pl.concat(
        [known.replaced.join(inputs.replaced, on=["card_key", "successor"], how="anti", nulls_equal=True),
         inputs.replaced.join(known.replaced, on=["card_key", "successor"], how="anti", nulls_equal=True)]
    )  # fmt: skip
    touched = pl.concat(
        [scored.get_column("card_key_a"), scored.get_column("card_key_b"), sharing(keys, new), moved, back, told,
         near_told.get_column("card_key"), changed.get_column("card_key"), changed.get_column("successor").drop_nulls()]
    ).unique()  # fmt: skip
    reached = keys.filter(pl.col("card_key").is_in(touched.implode())).get_column("family").drop_nulls().unique()
    is_reached = pl.col("family").is_in(reached.implode()) | pl.col("family").is_null()
    some, others = keys.filter(is_reached), keys.filter(~is_reached.fill_null(value=True))

    earlier = known.resolution
    here = some.select("card_key")
    pairs = pl.concat([earlier.model_pairs.join(here, left_on="card_key_a", right_on="card_key", how="semi"), scored])
    found = resolve_keys(
        some,
        inputs.decisions,
        inputs.rules,
        inputs.model,
        inputs.secret,
        Earlier(some.get_column("card_key"), pairs.unique(["card_key_a", "card_key_b"])),
        inputs.replaced.join(here, on="card_key", how="semi"),
    )
    family = families(some, (found.model_pairs, inputs.ever_decided, inputs.replaced))
    return Known(
        pl.concat([others, some.with_columns(family)]),
        Resolution(
            _with(earlier.person_cards, found.person_cards, here, "card_key"),
            _with(earlier.person_links, found.person_links, here, "card_key_a"),
            _with(earlier.model_pairs, found.model_pairs, here, "card_key_a"),
        ),
        inputs.replaced,
    )


def _joined(keys: pl.DataFrame, more: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return all keys, and which known cards have an earlier version or batch now."""
    again = more.join(keys.select("card_key"), on="card_key", how="semi").select(
        "card_key", earlier_from="known_from", earlier_batch="first_batch_no"
    )
    updated = keys.join(again, on="card_key", how="left", maintain_order="left")
    known_from = pl.min_horizontal("known_from", "earlier_from")
    moved = updated.filter(known_from != pl.col("known_from")).get_column("card_key")
    updated = updated.with_columns(
        known_from.alias("known_from"), pl.min_horizontal("first_batch_no", "earlier_batch").alias("first_batch_no")
    ).drop("earlier_from", "earlier_batch")
    new = more.join(keys.select("card_key"), on="card_key", how="anti")
    return pl.concat([updated, new.with_columns(pl.lit(None, dtype=pl.String).alias("family"))]), moved


def _scored(keys: pl.DataFrame, fresh: pl.Series, inputs: Inputs) -> pl.DataFrame:
    """Return the pairs of fresh cards with all standing ones (MODEL_PAIRS)."""
    if fresh.is_empty():
        return pl.DataFrame(schema=MODEL_PAIRS)
    standing = keys.select(*_SCORED_COLUMNS).join(inputs.replaced, on="card_key", how="anti")
    standing = standing.with_columns(pl.col("card_key").is_in(fresh.implode()).alias("is_new"))
    with open_keys(standing) as connection:
        return by_key(likely_edges(connection, inputs.model, inputs.rules), standing)


def _with(earlier: pl.DataFrame, found: pl.DataFrame, here: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return the rows of an earlier frame that lie elsewhere, and those found here."""
    kept = earlier.join(here, left_on=column, right_on="card_key", how="anti")
    order = [name for name in found.columns if name.startswith("card_key")]
    return pl.concat([kept, found]).sort(order)
