"""How good the rules are, where somebody knows which records are wrong: precision and recall of each rule."""

from __future__ import annotations

import polars as pl

KEY = ["rule_code", "record_key"]


def score(hits: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Return one row a rule that has labels: labelled, found, right, precision, recall (0-1).

    `hits` has the columns rule_code and record_key; `labels` has rule_code, facility_code and record_id.
    """
    true = labels.select(
        "rule_code", pl.concat_str(["facility_code", "record_id"], separator="|").alias("record_key")
    ).unique()
    found = hits.select(KEY).unique()
    right = found.join(true, on=KEY, how="semi")
    counted = true.group_by("rule_code").len("labelled")
    for name, frame in (("found", found), ("right", right)):
        counted = counted.join(frame.group_by("rule_code").len(name), on="rule_code", how="left")
    return (
        counted.with_columns(pl.col("found", "right").fill_null(0))
        .with_columns(
            pl.when(pl.col("found") > 0).then(pl.col("right") / pl.col("found")).alias("precision"),
            (pl.col("right") / pl.col("labelled")).alias("recall"),
        )
        .sort("rule_code")
    )
