"""From two files to verdicts, one a dose: the macros of the warehouse over DuckDB in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from pipelines.evaluation.inputs import PRODUCTS, read_doses, read_products, read_schedule
from pipelines.evaluation.macros import render
from pipelines.evaluation.tables import Table, raise_problems

COLUMNS = (
    "person_code",
    "antigen_code",
    "given_date",
    "sequence",
    "status",
    "reason",
    "valid_dose_number",
    "age_days",
    "interval_days",
)
_ORDER = "partition by person_code, antigen_code order by given_date, coalesce(sequence, 2147483647), line_no"

_NO_PRODUCTS = pl.DataFrame(schema=dict.fromkeys(PRODUCTS.columns, pl.String))


@dataclass(frozen=True)
class Evaluation:
    """Verdicts in the order of the file of doses, and what the reader should know of the files."""

    verdicts: pl.DataFrame
    notes: tuple[str, ...]


def evaluate_files(doses: Path, schedule: Path, products: Path | None = None, grace_days: int = 0) -> Evaluation:
    """Return a verdict for each line of `doses`.

    `sequence` is what the file says, else the place of the dose among those of its person and antigen.
    Raises EvaluationInputError with a sentence for each problem of the files.
    """
    tables = [read_doses(doses), read_schedule(schedule)] + ([read_products(products)] if products else [])
    raise_problems(tables)
    given, planned = tables[0].frame, tables[1].frame
    limits = tables[2].frame if products else _NO_PRODUCTS
    sql = render(
        "evaluate_doses",
        "(select person_code as person_key, antigen_code as series_code, line_no as event_key, * from given)",
        "(select antigen_code as series_code, product_code as allowed_products, * from planned)",
        planned["dose_number"].max(),
        grace_days=grace_days,
        products="limits",
    )
    with duckdb.connect() as database:
        for name, frame in (("given", given), ("planned", planned), ("limits", limits)):
            database.register(name, frame.to_arrow())
        verdicts: pl.DataFrame = database.sql(
            f"select person_code, antigen_code, given_date,"
            f" coalesce(sequence, row_number() over ({_ORDER})) as sequence,"
            f" status, reason_code as reason, valid_dose_number, age_days, interval_days"
            f" from given join ({sql}) as verdicts on given.line_no = verdicts.event_key order by given.line_no"
        ).pl()
    if verdicts.height != given.height:
        raise AssertionError(f"{given.height} doses have {verdicts.height} verdicts")
    return Evaluation(verdicts.select(COLUMNS), tuple(_notes(tables, verdicts)))


def _notes(tables: list[Table], verdicts: pl.DataFrame) -> list[str]:
    notes = [
        f"{table.path.name}: columns that mean nothing here are passed over: {', '.join(table.ignored)}."
        for table in tables
        if table.ignored
    ]
    unknown = verdicts.filter(pl.col("reason") == "series_unknown").get_column("antigen_code").unique().sort()
    if len(unknown):
        notes.append(f"{tables[1].path.name} has no dose of {', '.join(unknown)}; those doses are series_unknown.")
    return notes
