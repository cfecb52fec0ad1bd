"""Checks of rows: every reason of a row is found, not only the first, since a sender mends what he is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Check:
    """A reason of the registry, the field that it is about, and the rows for which it holds."""

    reason_code: str
    field_name: str | None
    holds: pl.Expr  # true where the row is wrong


def split(frame: pl.DataFrame, checks: Sequence[Check]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that no check rejects, and the others with `reason_codes`, `field_names` and `field_values`.

    `frame` holds the text of each field as `text_<field>`.
    """
    if frame.is_empty():
        return frame, frame
    is_bad = frame.select(pl.any_horizontal([check.holds.fill_null(value=False) for check in checks])).to_series()
    bad = frame.filter(is_bad)
    return frame.filter(~is_bad), _with_reasons(bad, checks)


def _with_reasons(bad: pl.DataFrame, checks: Sequence[Check]) -> pl.DataFrame:
    found = bad.select(
        [check.holds.fill_null(value=False).alias(str(index)) for index, check in enumerate(checks)]
    ).rows()
    texts = bad.select(pl.col("^text_.*$")).to_dict(as_series=False)
    codes, names, values = [], [], []
    for row, flags in enumerate(found):
        hit = [check for check, flag in zip(checks, flags, strict=True) if flag]
        codes.append([check.reason_code for check in hit])
        names.append([check.field_name or "" for check in hit])
        values.append([_value(texts, check.field_name, row) for check in hit])
    lists = pl.List(pl.String)
    return bad.with_columns(
        pl.Series("reason_codes", codes, dtype=lists),
        pl.Series("field_names", names, dtype=lists),
        pl.Series("field_values", values, dtype=lists),
    )


def _value(texts: dict[str, list[str | None]], field_name: str | None, row: int) -> str:
    column = texts.get(f"text_{field_name}")
    return (column[row] or "") if column else ""
