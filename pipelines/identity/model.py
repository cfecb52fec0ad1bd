"""The probabilistic model: comparisons of two cards and their weights, frozen in a file that is part of the project.

The weights come from `train` (a separate command, `niis identity train`), never from the data of an installation: the
score of a pair is a function of the pair alone. Term frequencies, which would depend on all other cards, are not used.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.identity.pairs import ask

MODEL_PATH = Path(__file__).with_name("person_model.json")
# Weights are kept with this many significant digits: enough for any decision, and the same on every machine.
DIGITS = 6
# Weights in bits, as evidence shows them.
WEIGHT_DECIMALS = 2

# The number of the level of pairs in which one side says nothing.
UNKNOWN = -1

# A telephone number is shared by chance once in a million pairs: too rare to be seen in a sample.
RARE = 1e-6


def _level(label: str, condition: str) -> dict[str, Any]:
    return {"label_for_charts": label, "sql_condition": condition}


def _null(condition: str) -> dict[str, Any]:
    return {"label_for_charts": "unknown", "sql_condition": condition, "is_null_level": True}


def _either(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


_ANY_COMMUNE = (
    "commune_l = commune_r or commune_l = commune_2_r or commune_2_l = commune_r or commune_2_l = commune_2_r"
)
COMPARISONS: list[dict[str, Any]] = [
    {
        "output_column_name": "name",
        "comparison_levels": [
            _null("is_unnamed_l or is_unnamed_r"),
            _level("same", "name_core_l = name_core_r"),
            _level("same_words", "name_sorted_l = name_sorted_r"),
            _level("near", "jaro_winkler_similarity(name_core_l, name_core_r) >= 0.92"),
            _level("same_given", "given_l = given_r"),
            _level("other", "ELSE"),
        ],
    },
    {
        "output_column_name": "birth_date",
        "comparison_levels": [
            _null(_either("birth_date")),
            _level("same", "birth_date_l = birth_date_r"),
            _level("swapped", "birth_fold_l = birth_fold_r"),
            _level("one_digit", "levenshtein(cast(birth_date_l as varchar), cast(birth_date_r as varchar)) = 1"),
            _level("near", "abs(date_diff('day', birth_date_l, birth_date_r)) <= 31"),
            _level("other", "ELSE"),
        ],
    },
    {
        "output_column_name": "sex",
        "comparison_levels": [_null(_either("sex")), _level("same", "sex_l = sex_r"), _level("other", "ELSE")],
    },
    {
        "output_column_name": "mother",
        "comparison_levels": [
            _null(_either("mother_core")),
            _level("same", "mother_core_l = mother_core_r"),
            _level("near", "jaro_winkler_similarity(mother_core_l, mother_core_r) >= 0.92"),
            _level("other", "ELSE"),
        ],
    },
    {
        "output_column_name": "phone",
        "comparison_levels": [_null(_either("phone")), _level("same", "phone_l = phone_r"), _level("other", "ELSE")],
    },
    {
        "output_column_name": "commune",
        "comparison_levels": [
            _null(_either("commune")),
            _level("same", _ANY_COMMUNE),
            _level("same_province", "province_l = province_r"),
            _level("other", "ELSE"),
        ],
    },
]


class ModelError(Exception):
    """The model's file cannot be used; the message says why."""


@dataclass(frozen=True, eq=False)
class Model:
    """A trained model, as its file holds it."""

    version: str
    settings: Mapping[str, Any]  # Splink's own settings
    labels: Mapping[str, Mapping[int, str]]  # comparison -> number of a level -> what the level is called
    weights: Mapping[str, Mapping[int, float]]  # comparison -> number of a level -> log2 of the Bayes factor


@lru_cache(maxsize=2)
def load_model(path: Path = MODEL_PATH) -> Model:
    """Return the model of a file. Raises ModelError when it is absent, or was made for other comparisons."""
    if not path.exists():
        raise ModelError(f"{path} is missing; train it: niis identity train")
    text = path.read_text(encoding="utf-8")
    found = json.loads(text)
    settings = found["settings"]
    if shape(settings) != shape(blank_settings()):
        raise ModelError(f"{path} was trained for other comparisons than the program makes; niis identity train")
    version = f"{found['name']}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    levels = {
        str(comparison["output_column_name"]): _numbered(comparison["comparison_levels"])
        for comparison in settings["comparisons"]
    }
    labels = {
        name: {number: str(row["label_for_charts"]) for number, row in rows.items()} for name, rows in levels.items()
    }
    weights = {name: {number: _weight(row) for number, row in rows.items()} for name, rows in levels.items()}
    for name, found_weights in weights.items():
        if len(set(found_weights.values())) < len(found_weights):
            raise ModelError(f"{path} gives two levels of {name} the same weight; they are one level.")
    return Model(version, settings, labels, weights)


def _weight(level: Mapping[str, Any]) -> float:
    """Return the weight of a level in bits; none when one side says nothing."""
    if level.get("is_null_level"):
        return 0.0
    return round(math.log2(level["m_probability"] / level["u_probability"]), WEIGHT_DECIMALS)


def _numbered(levels: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return levels by the numbers that Splink gives them: -1 for unknown, then down to 0 for the last."""
    known = [level for level in levels if not level.get("is_null_level")]
    numbered = {len(known) - 1 - index: level for index, level in enumerate(known)}
    unknown = next(level for level in levels if level.get("is_null_level"))
    return {**numbered, UNKNOWN: unknown}


def shape(settings: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return what a model compares, without its weights."""
    return [
        (comparison["output_column_name"], [level["sql_condition"] for level in comparison["comparison_levels"]])
        for comparison in settings["comparisons"]
    ]


def blank_settings() -> dict[str, Any]:
    """Return Splink settings without weights."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "card",
        "comparisons": json.loads(json.dumps(COMPARISONS)),
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
    }


def scored(connection: duckdb.DuckDBPyConnection, model: Model, threshold: float) -> pl.DataFrame:
    """Return a, b, score, match_weight, pattern of the pairs in the table `candidates` (a, b) that reach `threshold`.

    `pattern` holds the numbers of the levels reached, in the order of the comparisons.
    """
    from splink import DuckDBAPI, Linker  # noqa: PLC0415 - only who scores pairs pays for importing it

    connection.execute(
        "create or replace temp table blocked as"
        " select '0' as match_key, a as join_key_l, b as join_key_r from candidates"
    )
    api = DuckDBAPI(connection)
    linker = Linker(api.register("keys", dataset_display_name="cards"), dict(model.settings), log_level=None)
    linker.table_management.register_blocked_pairs_for_predict(api.register("blocked", dataset_display_name="pairs"))
    predictions = linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")
    pattern = " || '.' || ".join(_level_number(name, model) for name in model.labels)
    found = ask(
        connection,
        "select least(card_l, card_r) as a, greatest(card_l, card_r) as b, match_probability as score, match_weight,"
        f" {pattern} as pattern from {predictions.physical_name} order by 1, 2",
    )
    predictions.drop_table_from_database_and_remove_from_cache()
    return found


def _level_number(comparison: str, model: Model) -> str:
    """Return SQL for the number of the level that a pair reached: Splink hands on its weight, which is its own."""
    cases = " ".join(f"when {weight!r} then '{number}'" for number, weight in model.weights[comparison].items())
    return f"case round(mw_{comparison}, {WEIGHT_DECIMALS}) {cases} end"


def explained(patterns: pl.Series, model: Model) -> pl.Series:
    """Return what each pattern means, as JSON: for each comparison the level reached and its weight in bits."""
    known = {}
    for pattern in patterns.drop_nulls().unique().to_list():
        levels = {
            name: {"level": model.labels[name][number], "weight": model.weights[name][number]}
            for name, number in zip(model.labels, map(int, pattern.split(".")), strict=True)
        }
        known[pattern] = json.dumps(levels, separators=(",", ":"))
    return patterns.replace_strict(known, default=None, return_dtype=pl.String)
