"""Runs the rendered macros over rows that a test made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from pipelines.evaluation.macros import render
from tests.oracles.evaluation import Given, Rule, Verdict

_DOSES = (
    "person_key varchar, birth_date date, series_code varchar, event_key varchar, given_date date, sequence integer,"
    " product_code varchar, death_date date"
)
_SCHEDULE = (
    "series_code varchar, dose_number integer, minimum_age varchar, maximum_age varchar, minimum_interval varchar,"
    " minimum_interval_from_first varchar, not_needed_from_age varchar, product_code varchar, valid_from date,"
    " valid_to date"
)
_PRODUCTS = "product_code varchar, minimum_age varchar, maximum_age varchar"


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


def _fill(database: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list[tuple]) -> None:
    database.execute(f"create table {name} ({columns})")
    if rows:
        database.executemany(f"insert into {name} values ({', '.join('?' * len(rows[0]))})", rows)
