"""Telephone numbers as they are dialled today: ten digits, without a country code, with prefixes of old brought up."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipelines.reference import PhonePrefix


def ten_digits(number: pl.Expr, prefixes: Iterable[PhonePrefix]) -> pl.Expr:
    """Return the digits of a number: +84 becomes 0, a replaced prefix its successor, a zero that was lost is back."""
    digits = number.str.replace_all("[^0-9]", "").str.replace("^(?:0084|84)", "0")
    for row in prefixes:
        digits = digits.str.replace(f"^{row.old_prefix}([0-9]{{7}})$", f"{row.new_prefix}$1")
    # Without its zero, a number went through a spreadsheet.
    return digits.str.replace("^([1-9][0-9]{8})$", "0$1")
