"""From a file of values to the outliers among them, by every rule of the registry: a macro of the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.compute.inputs import read_measures
from pipelines.compute.periods import parse
from pipelines.evaluation.macros import render
from pipelines.evaluation.tables import raise_problems
from pipelines.reference import OutlierRule, load_registry

KEYS = ("area_code", "period", "measure_code")
MISSING, NONE = "missing", "none"
# Months are measured against months: a year among them is not an outlier.
_SERIES = ["area_code", "measure_code", "span_months"]


@dataclass(frozen=True)
class Findings:
    """A row a line of the file, in its order, with `columns`; flags are words, and `is_outlier` is the primary rule's.

    `short_columns` are those that fit a screen.
    """

    rows: list[dict[str, Any]]
    columns: tuple[str, ...]
    short_columns: tuple[str, ...]
    primary_rule: str


def find_outliers(path: Path, *, missing_as_zero: bool = False) -> Findings:
    """Return how each value of a file lies to the others of its area and measure, by every rule.

    A missing value has no score and is none of the others; `missing_as_zero` makes zeros of them, as some tools do.
    Raises EvaluationInputError with a sentence for each problem of the file.
    """
    table = read_measures(path)
    raise_problems([table])
    rules = list(load_registry().outlier_rules.values())
    (primary,) = (rule.rule_code for rule in rules if rule.is_primary)
    frame = table.frame.with_columns(pl.col("value").cast(pl.Float64))
    if missing_as_zero:
        frame = frame.with_columns(pl.col("value").fill_null(0.0))
    scores = {(row.pop("line_no"), row.pop("rule_code")): row for row in scored(frame, rules)}
    rows = [
        _row(
            line, {rule.rule_code: scores.get((line["line_no"], rule.rule_code), {}) for rule in rules}, rules, primary
        )
        for line in frame.to_dicts()
    ]
    columns = [*KEYS, "value", "is_outlier", "value_count"]
    for rule in rules:
        columns += [f"{rule.rule_code}_{name}" for name in _columns(rule)]
    short = [*KEYS, "value", "is_outlier", f"{primary}_score", f"{primary}_lower_bound", f"{primary}_upper_bound"]
    short += [f"{rule.rule_code}_flag" for rule in rules]
    return Findings(rows, tuple(columns), tuple(short), primary)


def scored(frame: pl.DataFrame, rules: list[OutlierRule]) -> list[dict[str, Any]]:
    """Return what the macro says of each value that is there: line_no, rule_code, and its own columns."""
    periods = {text: parse(text) for text in frame.get_column("period").unique()}
    series = frame.with_columns(
        pl.Series("period_year", [periods[text].start.year for text in frame.get_column("period")], dtype=pl.Int32),
        pl.Series("span_months", [periods[text].span_months for text in frame.get_column("period")], dtype=pl.Int32),
    ).sort(*_SERIES, "period")
    definitions = pl.DataFrame(rules, infer_schema_length=None).with_columns(
        pl.col("mad_divisor", "mean_deviation_divisor", "moderate_cut", "above_value", "year_share_cut").cast(
            pl.Float64
        )
    )
    with duckdb.connect() as database:
        # Means of numbers that are not exact depend on their order, and the order of a file says nothing.
        database.execute("set threads = 1")
        database.register("series", series.to_arrow())
        database.register("rules", definitions.to_arrow())
        text = render("outlier_scores", "series", "rules", _SERIES)
        found = database.sql(
            f"select series.line_no, scores.* exclude (area_code, measure_code, span_months, period, value)"
            f" from ({text}) as scores inner join series using (area_code, measure_code, period)"
        )
        rows: list[dict[str, Any]] = found.pl().to_dicts()
    return rows


def _row(
    line: dict[str, Any], scores: dict[str, dict[str, Any]], rules: list[OutlierRule], primary: str
) -> dict[str, Any]:
    row = {name: line[name] for name in (*KEYS, "value")}
    row["is_outlier"] = scores[primary].get("flag") == "extreme"
    row["value_count"] = scores[primary].get("reference_count")
    for rule in rules:
        for name in _columns(rule):
            row[f"{rule.rule_code}_{name}"] = scores[rule.rule_code].get(name, MISSING if name == "flag" else None)
    return row


def _columns(rule: OutlierRule) -> list[str]:
    columns = ["score", "upper_bound"] if rule.is_high_only else ["score", "lower_bound", "upper_bound"]
    if rule.mad_divisor is None:
        columns.append("largest_score")
    if rule.year_share_cut is not None:
        columns.append("year_share")
    return [*columns, "flag"]
