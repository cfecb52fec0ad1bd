"""Families of cards: whatever decides over a card lies within its family, so that an increment leaves the others alone.

Two cards are of one family when they share an id or exact demographics, when the model has something to say of them,
when a steward does, or when one replaced the other. A family is far larger than a person and far smaller than a nation.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from pipelines.identity.clusters import components

# Cards that agree in all columns of one line, and have a value in each, are of one family.
SHARED = (("person_code",), ("national_id",), ("name_core", "mother_core", "birth_date", "commune"))


def families(keys: pl.DataFrame, pairs: Iterable[pl.DataFrame]) -> pl.Series:
    """Return the family of each card of `keys`, as the key of one of its cards.

    `pairs` are frames whose first two columns hold keys of cards that belong together.
    """
    places = keys.select("card_key").with_row_index("card")
    sides: list[tuple[np.ndarray, np.ndarray]] = []
    for columns in SHARED:
        shared = keys.select(*columns).with_row_index("card").drop_nulls()
        first = shared.select("card", pl.col("card").min().over(columns).alias("first"))
        differ = first.filter(pl.col("card") != pl.col("first"))
        sides.append((differ.get_column("first").to_numpy(), differ.get_column("card").to_numpy()))
    for frame in pairs:
        left, right = frame.columns[:2]
        found = (
            frame.select(x=left, y=right)
            .join(places.rename({"card_key": "x", "card": "a"}), on="x")
            .join(places.rename({"card_key": "y", "card": "b"}), on="y")
        )
        sides.append((found.get_column("a").to_numpy(), found.get_column("b").to_numpy()))
    a, b = (np.concatenate([side[end] for side in sides]).astype(np.int64) for end in (0, 1))
    return keys.get_column("card_key").gather(pl.Series(components(keys.height, a, b))).alias("family")


def sharing(keys: pl.DataFrame, some: pl.DataFrame) -> pl.Series:
    """Return the keys of the cards that share an id or exact demographics with one of `some`."""
    found = [
        keys.join(some.select(*columns).drop_nulls().unique(), on=columns, how="semi").get_column("card_key")
        for columns in SHARED
    ]
    return pl.concat(found).unique()
