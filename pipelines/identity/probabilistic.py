"""Likely ties: pairs of cards that could be one person, scored by the frozen model, guarded.

Blocking keys are made for a national birth cohort: each of them is shared by few cards even when 3,900 children are
born every day and hundreds of them have the same name. There is no cap on the size of a block, since a cap would make
the fate of a pair depend on other cards.
"""

from __future__ import annotations

import duckdb
import polars as pl

from pipelines.identity.cards import Schema, shaped
from pipelines.identity.model import Model, scored
from pipelines.identity.pairs import ask, other_given, other_id, other_order, same_given
from pipelines.identity.rules import IdentityRules

# Cards that share all columns of one line are compared.
BLOCKS = (
    ("birth_fold", "name_sorted"),
    ("birth_date", "phone"),
    ("birth_date", "commune", "given"),
    ("birth_date", "commune", "mother_core"),
    ("birth_date", "province", "mother_core", "surname"),
    ("phone", "given"),
    ("commune", "mother_core", "given"),
)
MODEL_PAIRS: Schema = {
    "card_key_a": pl.String,
    "card_key_b": pl.String,
    "rule_code": pl.String,
    "score": pl.Float64,
    "match_weight": pl.Float64,
    "pattern": pl.String,
}


def likely_edges(connection: duckdb.DuckDBPyConnection, model: Model, rules: IdentityRules) -> pl.DataFrame:
    """Return a, b, rule_code, score, match_weight, pattern of pairs of cards in the table `keys`.

    Only pairs with a card that `is_new` are looked at. Pairs below the review threshold are left out.
    """
    _candidates(connection)
    limits = rules.limits
    # A pair at the very threshold must not depend on how a sum was rounded.
    found = scored(connection, model, limits.review_probability)
    connection.register("scored", found.to_arrow())
    guarded = ask(
        connection,
        f"""
        select s.*, case
            when {other_id()} then
                case when s.score >= {limits.auto_link_probability} then 'different_national_ids' end
            when {other_order()} then 'twins'
            when {other_given(limits)} and l.birth_date = r.birth_date
                and not coalesce(jaro_winkler_similarity(l.name_core, r.name_core) >= 0.92, false) then 'twins'
            when s.score < {limits.auto_link_probability} then 'model_review'
            when l.is_unnamed <> r.is_unnamed then
                case
                    when l.birth_date = r.birth_date and l.mother_core = r.mother_core
                        and coalesce(l.sex = r.sex, true) then 'unnamed_newborn'
                    else 'model_review'
                end
            when coalesce({same_given()}, false) then 'model_link'
            else 'given_name_differs'
        end as rule_code
        from scored as s join keys as l on l.card = s.a join keys as r on r.card = s.b
        order by s.a, s.b
        """,
    )
    connection.unregister("scored")
    return guarded.filter(pl.col("rule_code").is_not_null())


def _candidates(connection: duckdb.DuckDBPyConnection) -> None:
    """Fill the table `candidates` with the pairs that share a block; those that are certain anyway are left out."""
    connection.execute("create or replace temp table fresh as select * from keys where is_new")
    # Neither the same code nor the same id tells anything new of a pair that agrees in birth date and name already.
    certain = (
        "coalesce((n.person_code = k.person_code or n.own_id = k.own_id) and n.birth_date = k.birth_date"
        " and n.given = k.given, false)"
    )
    joins = " union ".join(
        "select least(n.card, k.card) as a, greatest(n.card, k.card) as b from fresh as n join keys as k on "
        + " and ".join(f"n.{column} = k.{column}" for column in columns)
        + f" where n.card <> k.card and (not k.is_new or n.card < k.card) and not {certain}"
        for columns in BLOCKS
    )
    connection.execute(f"create or replace temp table candidates as {joins}")


def by_key(edges: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Return edges by the keys of their cards (MODEL_PAIRS), in the order of the keys."""
    names = keys.get_column("card_key")
    x, y = names.gather(edges.get_column("a")), names.gather(edges.get_column("b"))
    named = edges.with_columns(
        pl.when(x < y).then(x).otherwise(y).alias("card_key_a"), pl.when(x < y).then(y).otherwise(x).alias("card_key_b")
    )
    return shaped(named, MODEL_PAIRS).sort("card_key_a", "card_key_b")
