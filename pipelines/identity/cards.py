"""Person cards: one distinct set of identifying fields, the node that identity links."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipelines.intake.doses import IDENTIFYING
from pipelines.intake.schemas import DOSE_RECORDS

Schema = dict[str, pl.DataType | type[pl.DataType]]

# What a card says of a person, as it was sent.
CARD_FIELDS: Schema = {name: DOSE_RECORDS[name] for name in IDENTIFYING}
# `known_from`: the earliest version of any record with this card. It stands in the files, so it gives cards an
# order that no arrival changes.
CARD_COLUMNS: Schema = {
    "card_key": pl.String,
    **CARD_FIELDS,
    "known_from": pl.Datetime("us"),
    "first_batch_no": pl.Int32,
}


def shaped(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Return the columns of `schema`, in its order and with its types."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def cards_of(records: pl.LazyFrame) -> pl.LazyFrame:
    """Return one row a card from rows of the lake's dose records."""
    return records.group_by(pl.col("person_card_key").alias("card_key")).agg(
        *(pl.col(name).first() for name in CARD_FIELDS),
        pl.col("version_at").min().alias("known_from"),
        pl.col("batch_no").min().alias("first_batch_no"),
    )


def read_cards(parts: Sequence[Path]) -> pl.DataFrame:
    """Return the cards of some parts of the lake's dose records."""
    if not parts:
        return pl.DataFrame(schema=CARD_COLUMNS)
    return shaped(cards_of(pl.scan_parquet(list(parts))).collect(engine="streaming"), CARD_COLUMNS)


def sent_cards(parts: Sequence[Path], keys: Sequence[str]) -> pl.DataFrame:
    """Return some cards as they were sent, from the parts of the lake's dose records."""
    rows = pl.scan_parquet(list(parts)).filter(pl.col("person_card_key").is_in(list(keys)))
    return shaped(cards_of(rows).collect(engine="streaming"), CARD_COLUMNS)


def in_order(cards: pl.DataFrame) -> pl.DataFrame:
    """Return cards in the total order that names persons: known longest first, then by key."""
    return cards.sort("known_from", "card_key", nulls_last=True)
