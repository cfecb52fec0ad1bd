"""Trains the model's weights on a labelled deck: once, reviewed and committed; no run of the pipeline does it."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import polars as pl

from pipelines.identity.model import DIGITS, RARE, blank_settings
from pipelines.identity.normalise import match_keys
from pipelines.identity.rules import IdentityRules

MODEL_NAME = "person-1"
# Pairs of cards drawn by chance, of which the share of every level among strangers is estimated.
_SAMPLED_PAIRS = 3e7


# 1.4 million children a year with about two cards each: 1.4 million x 1 pair of one person among
# (2.8 million)^2 / 2 pairs. A lake of ten years has ten times fewer among its pairs, but pairs of other years differ
# in their dates of birth, which the model weighs.
PRIOR = 1.4e6 / (2.8e6**2 / 2)


def train(
    cards: pl.DataFrame,
    truth: pl.DataFrame,
    rules: IdentityRules,
    trained_on: str,
    seed: int,
    sampled_pairs: float = _SAMPLED_PAIRS,
) -> str:
    """Return the text of a model's file: weights from who is who in truth (m) and from pairs by chance (u).

    The prior is the share of pairs of one person among all pairs of a birth cohort of the nation (PRIOR).
    """
    from splink import DuckDBAPI, Linker  # noqa: PLC0415 - only who trains pays for importing it

    keys = match_keys(cards, rules).join(truth, on="card_key", maintain_order="left").with_row_index("card")
    settings = blank_settings()
    settings["probability_two_random_records_match"] = PRIOR
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        connection.register("incoming", keys.to_arrow())
        connection.execute("create table keys as select * from incoming order by card")
        api = DuckDBAPI(connection)
        linker = Linker(api.register("keys", dataset_display_name="cards"), settings, log_level=None)
        linker.training.estimate_u_using_random_sampling(
            max_pairs=sampled_pairs, seed=seed, min_count_per_level=None, num_chunks=1
        )
        linker.training.estimate_m_from_label_column("true_person")
        trained: dict[str, Any] = linker.misc.save_model_to_json()
    kept = blank_settings()
    kept["probability_two_random_records_match"] = PRIOR
    for comparison, learned in zip(kept["comparisons"], trained["comparisons"], strict=True):
        for level, values in zip(comparison["comparison_levels"], learned["comparison_levels"], strict=True):
            if not level.get("is_null_level"):
                level["m_probability"] = _rounded(values.get("m_probability") or RARE)
                level["u_probability"] = _rounded(values.get("u_probability") or RARE)
    return json.dumps({"name": MODEL_NAME, "trained_on": trained_on, "settings": kept}, indent=1) + "\n"


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
