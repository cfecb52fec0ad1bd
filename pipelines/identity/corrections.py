"""Cards that nobody stands by any more: every record that carried them has a newer version with another card.

A facility that corrects an id or a birth date says that the old card was wrong. An old card with the wrong id would
stand between the cards of its person, so it takes no part in linking and follows the card that replaced it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from pipelines.identity.cards import Schema, shaped

# One row a version of a record whose versions have more than one card.
VERSIONS: Schema = {
    "record_key": pl.String,
    "card_key": pl.String,
    "action": pl.String,
    "version_at": pl.Datetime("us"),
    "row_hash": pl.String,
}
REPLACED: Schema = {
    "card_key": pl.String,
    "successor": pl.String,  # the card that replaced it; null when the records were voided
}
# docs/architecture.md, rule 1: at one time a void stands above a change, and a change above an added row.
_ACTIONS = {"add": 0, "change": 1, "void": 2}


def versions(parts: Sequence[Path], new_parts: Sequence[Path], known: pl.DataFrame) -> pl.DataFrame:
    """Return the versions of records that have several cards (VERSIONS).

    `known` are those of an earlier run over all parts but the new ones: only records that these speak of are looked
    up again.
    """
    if not new_parts:
        return known
    digest = pl.col("record_key").hash()
    if len(new_parts) == len(parts):
        # Numbers instead of texts: a nation's records of some years fit into memory as numbers.
        spread = pl.col("card").min() != pl.col("card").max()
        touched = (
            pl.scan_parquet(list(parts))
            .select(digest.alias("record"), pl.col("person_card_key").hash().alias("card"))
            .group_by("record")
            .agg(spread.alias("is_several"))
            .filter("is_several")
            .select("record")
        )
    else:
        touched = pl.scan_parquet(list(new_parts)).select(digest.alias("record")).unique()
    records = touched.collect(engine="streaming").get_column("record")
    found = (
        pl.scan_parquet(list(parts))
        .filter(digest.is_in(records.implode()))
        .select("record_key", pl.col("person_card_key").alias("card_key"), "action", "version_at", "row_hash")
        .collect(engine="streaming")
    )
    several = found.filter(pl.col("card_key").n_unique().over("record_key") > 1)
    looked_at = found.select("record_key").unique()
    kept = known.join(looked_at, on="record_key", how="anti")
    return shaped(pl.concat([kept, several]), VERSIONS).unique().sort(list(VERSIONS), nulls_last=True)


def replaced(parts: Sequence[Path], several: pl.DataFrame) -> pl.DataFrame:
    """Return the cards that no standing record carries, and what replaced each (REPLACED), in the order of the keys."""
    if several.is_empty():
        return pl.DataFrame(schema=REPLACED)
    newest = (
        several.with_columns(pl.col("action").replace_strict(_ACTIONS).alias("rank"))
        .sort("record_key", "version_at", "rank", "row_hash")
        .unique("record_key", keep="last", maintain_order=True)
        .with_columns(pl.when(pl.col("action") != "void").then("card_key").alias("successor"))
        .select("record_key", "successor", "version_at")
    )
    lost = (
        several.select("record_key", "card_key")
        .unique()
        .join(newest, on="record_key")
        .filter(pl.col("card_key").ne_missing(pl.col("successor")))
    )
    elsewhere = (
        pl.scan_parquet(list(parts))
        .filter(pl.col("person_card_key").is_in(lost.get_column("card_key").unique().implode()))
        .select(pl.col("person_card_key").alias("card_key"), "record_key")
        .collect(engine="streaming")
        .join(newest, on="record_key", how="anti")
    )
    standing = pl.concat([elsewhere.get_column("card_key"), newest.get_column("successor").drop_nulls()]).unique()
    gone = lost.filter(~pl.col("card_key").is_in(standing.implode()))
    latest = gone.sort("card_key", pl.col("successor").is_not_null(), "version_at", "record_key", "successor")
    return shaped(latest.unique("card_key", keep="last", maintain_order=True), REPLACED).sort("card_key")
