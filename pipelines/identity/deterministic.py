"""Certain ties: the same national id, the same person code, or the same name, mother, birth date and commune.

Cards that agree in everything that a rule looks at are tied to the first of them, and only these firsts are compared
with each other: a code that thousands of cards share (a slip of a facility's software) stays cheap.
"""

from __future__ import annotations

import duckdb
import polars as pl

from pipelines.identity.cards import Schema, shaped
from pipelines.identity.pairs import ask, near_given, other_id, other_order, same_given
from pipelines.identity.rules import Limits

EDGE_COLUMNS: Schema = {
    "a": pl.Int32,  # positions of two cards; a < b
    "b": pl.Int32,
    "rule_code": pl.String,
    # 0: the same birth date and given name; 1: one of them; 2: one card has no name yet. Believed in this order.
    "grade": pl.Int32,
}

# Everything that a rule on an id looks at, beside the id itself.
_LOOKED_AT = "birth_date, given, name_sorted, is_unnamed, birth_order, own_id"


def certain_edges(connection: duckdb.DuckDBPyConnection, limits: Limits) -> pl.DataFrame:
    """Return the edges of every deterministic rule over the table `keys`, in a fixed order."""
    found = [
        *_same_id(connection, limits, "national_id"),
        *_same_id(connection, limits, "person_code"),
        *_same_demographics(connection),
    ]
    return pl.concat(found).unique().sort("a", "b", "rule_code")


def _same_id(connection: duckdb.DuckDBPyConnection, limits: Limits, column: str) -> list[pl.DataFrame]:
    """Same id: linked when birth date or given name agrees and nothing says otherwise, else for a steward to see."""
    connection.execute(
        f"""
        create or replace temp table firsts as
        select {column} as code, {_LOOKED_AT}, min(card) as card, list(card) as cards
        from keys
        where {column} is not null and birth_date is not null
        group by {column}, {_LOOKED_AT}
        """
    )
    # With one birth date, another given name means twins; with another birth date, the given name has to be equal.
    is_linked = (
        f"((l.birth_date = r.birth_date and (l.is_unnamed or r.is_unnamed or {near_given(limits)}))"
        f" or coalesce({same_given()}, false)) and not {other_id()} and not {other_order()}"
    )
    grade = (
        "case when l.is_unnamed or r.is_unnamed then 2"
        f" when l.birth_date = r.birth_date and {same_given()} then 0 else 1 end"
    )
    return [
        _edges(
            connection,
            f"select card as a, unnest(cards) as b, '{column}' as rule_code,"
            " case when is_unnamed then 2 else 0 end as grade from firsts where len(cards) > 1",
        ),
        _edges(
            connection,
            f"""
            select l.card as a, r.card as b, '{column}' as rule_code, {grade} as grade
            from firsts as l join firsts as r on l.code = r.code and l.birth_date = r.birth_date and l.card < r.card
            where {is_linked}
            union
            select l.card, r.card, '{column}', {grade}
            from firsts as l join firsts as r on l.code = r.code and l.given = r.given and l.card < r.card
            where {is_linked}
            union
            select l.card, r.card, '{column}', {grade}
            from firsts as l join firsts as r on l.code = r.code and l.name_sorted = r.name_sorted and l.card < r.card
            where {is_linked}
            """,
        ),
        _edges(
            connection,
            f"""
            with heads as (select code, min(card) as card from firsts group by code)
            select l.card as a, r.card as b, '{column}_contradicted' as rule_code, 1 as grade
            from heads
            join firsts as l on l.code = heads.code and l.card = heads.card
            join firsts as r on r.code = heads.code and r.card > heads.card
            where not ({is_linked})
                -- A mother's number on all her children is nobody's own number: it says nothing of them.
                and ('{column}' <> 'national_id' or l.own_id is not null or r.own_id is not null)
            """,
        ),
    ]


def _same_demographics(connection: duckdb.DuckDBPyConnection) -> list[pl.DataFrame]:
    """Same name, mother, birth date and commune: linked, unless two national ids or birth orders stand in the group."""
    connection.execute(
        """
        create or replace temp table alike as
        select
            list(card) as cards,
            min(card) as card,
            count(distinct own_id) as ids,
            count(distinct birth_order) as orders
        from keys
        where name_core is not null and mother_core is not null and birth_date is not null and commune is not null
        group by name_core, mother_core, birth_date, commune
        having count(*) > 1
        """
    )
    return [
        _edges(
            connection,
            "select card as a, unnest(cards) as b, 'exact_demographics' as rule_code, 0 as grade"
            " from alike where ids <= 1 and orders <= 1",
        ),
        _edges(
            connection,
            "select card as a, unnest(cards) as b, 'different_national_ids' as rule_code, 1 as grade"
            " from alike where ids > 1",
        ),
    ]


def _edges(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    return shaped(ask(connection, f"select * from ({query}) where a <> b"), EDGE_COLUMNS)
