"""Runs the rendered macros over rows that a test made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import polars as pl

from pipelines.evaluation.macros import render
from tests.oracles.evaluation import Given, Rule, Verdict

_DOSES = {
    "person_key": pl.String, "birth_date": pl.Date, "series_code": pl.String, "event_key": pl.String,
    "given_date": pl.Date, "sequence": pl.Int32, "product_code": pl.String, "death_date": pl.Date,
}  # fmt: skip
_SCHEDULE = {
    "series_code": pl.String, "dose_number": pl.Int32, "minimum_age": pl.String, "maximum_age": pl.String,
    "minimum_interval": pl.String, "minimum_interval_from_first": pl.String, "not_needed_from_age": pl.String,
    "allowed_products": pl.String, "valid_from": pl.Date, "valid_to": pl.Date,
}  # fmt: skip
_PRODUCTS = {"product_code": pl.String, "minimum_age": pl.String, "maximum_age": pl.String}


def sql_verdicts(
    doses: Iterable[Given],
    rules: Iterable[Rule],
    grace: int = 0,
    products: Mapping[str, tuple[str | None, str | None]] | None = None,
) -> dict[str, Verdict]:
    """Return what the SQL says of each dose, by its key."""
    rules = list(rules)
    with duckdb.connect() as database:
        _fill(database, "doses", _DOSES, [
            (d.person, d.birth, d.series, d.key, d.day, d.sequence, d.product, d.death) for d in doses
        ])  # fmt: skip
        _fill(database, "schedule", _SCHEDULE, [
            (r.series, r.number, r.minimum_age, r.maximum_age, r.minimum_interval, r.minimum_interval_from_first,
             r.not_needed_from_age, "|".join(r.products) or None, r.valid_from, r.valid_to) for r in rules
        ])  # fmt: skip
        _fill(database, "products", _PRODUCTS, [(code, *ages) for code, ages in (products or {}).items()])
        rounds = max((rule.number for rule in rules), default=1)
        text = render("evaluate_doses", "doses", "schedule", rounds, grace_days=grace, products="products")
        rows = database.execute(
            f"select event_key, status, reason_code, valid_dose_number, age_days, interval_days from ({text})"
        ).fetchall()
    found = {key: Verdict(*verdict) for key, *verdict in rows}
    assert len(found) == len(rows), "a dose has two verdicts"
    return found


def _fill(database: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, Any], rows: list[tuple]) -> None:
    database.register(f"{name}_rows", pl.DataFrame(rows, schema=columns, orient="row").to_arrow())
    database.execute(f"create table {name} as select * from {name}_rows")
