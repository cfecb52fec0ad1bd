"""Telephone numbers as they are dialled today: ten digits, without a country code, with prefixes of old brought up."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from pipelines.reference import PhonePrefix

# Digits of the mobile numbers whose prefixes were replaced.
_LONG = 11


def ten_digits(number: pl.Expr, prefixes: Iterable[PhonePrefix]) -> pl.Expr:
    """Return the digits of a number: +84 becomes 0, a replaced prefix its successor, a zero that was lost is back."""
    digits = number.str.replace_all("[^0-9]", "").str.replace("^(?:0084|84)", "0")
    replaced = {row.old_prefix: row.new_prefix for row in prefixes}
    prefix = digits.str.slice(0, 4).replace_strict(replaced, default=None, return_dtype=pl.String)
    # One look-up a number, not one search a prefix: a nation's cards have millions of numbers.
    is_replaced = (digits.str.len_bytes() == _LONG) & prefix.is_not_null()
    digits = pl.when(is_replaced).then(prefix + digits.str.slice(4)).otherwise(digits)
    # Without its zero, a number went through a spreadsheet.
    return digits.str.replace("^([1-9][0-9]{8})$", "0$1")
