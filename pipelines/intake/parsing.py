"""Cells of text to values, a column at a time. A cell that is not exactly a value is None, never something near it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

import polars as pl

from pipelines.text import fold_key

_DATES = {"9999-99-99": "%Y-%m-%d"} | {
    f"{day}/{month}/9999": "%d/%m/%Y" for day, month in itertools.product(("9", "99"), repeat=2)
}
_TIMES = {"99:99": "%H:%M", "9:99": "%H:%M", "99:99:99": "%H:%M:%S", "99:99:99.999999": "%H:%M:%S%.f"}
# The shape of a text is the text with every digit written as 9: only complete dates have a shape listed here, so that
# a date cut off in the middle (2024-01-1) is no date.
_SHAPES = (
    _DATES
    | {f"{d} {t}": f"{df} {tf}" for (d, df), (t, tf) in itertools.product(_DATES.items(), _TIMES.items())}
    | {f"{d}T{t}": f"{df}T{tf}" for (d, df), (t, tf) in itertools.product(_DATES.items(), _TIMES.items())}
    | {f"{t} {d}": f"{tf} {df}" for (d, df), (t, tf) in itertools.product(_DATES.items(), _TIMES.items())}
)
_MONTHS = {"9999-99": "%Y-%m-%d", "99/9999": "%d/%m/%Y", "9/9999": "%d/%m/%Y"}
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_WIDTHLESS = "[\u200b-\u200d\u2060\ufeff]"
_SPACES = r"[\s\u00a0\u2007\u202f]+"


def clean(column: pl.Series) -> pl.Series:
    """Return a text column in NFC with single spaces and none at the ends; an empty cell becomes None."""
    if column.dtype != pl.String:
        return column.cast(pl.String)
    if column.str.len_bytes().sum() != column.str.len_chars().sum():
        column = column.str.normalize("NFC").str.replace_all(_WIDTHLESS, "").str.replace_all(_SPACES, " ")
    elif column.str.contains(r"\s\s|[\t\x0b\x0c]").any():
        column = column.str.replace_all(_SPACES, " ")
    column = column.str.strip_chars()
    return column.set(column == "", None)


def moments(column: pl.Series) -> pl.Series:
    """Return dates with or without a time as timestamps (dd/mm/yyyy or ISO, NIIS's `HH:MM dd/mm/yyyy` too)."""
    return of_distinct(column, lambda texts: _by_shape(texts, _SHAPES))


def days(column: pl.Series) -> pl.Series:
    """Return dates; a time behind a date is allowed and dropped, as spreadsheets write it."""
    return moments(column).dt.date()


def months(column: pl.Series) -> pl.Series:
    """Return the first day of months written `2024-03`, `03/2024`, or as any date in them."""
    return of_distinct(column, _months)


def _months(column: pl.Series) -> pl.Series:
    shape = column.str.replace_all(r"\d", "9")
    bare = shape.is_in(list(_MONTHS))
    iso = pl.DataFrame({"text": column, "shape": shape, "bare": bare}).select(
        pl.when(pl.col("shape") == "9999-99")
        .then(pl.col("text") + "-01")
        .when(pl.col("bare"))
        .then("01/" + pl.col("text"))
        .otherwise(pl.col("text"))
    )
    return days(iso.to_series()).dt.truncate("1mo")


def whole_numbers(column: pl.Series) -> pl.Series:
    """Return whole numbers written in digits; a spreadsheet's `2.0` is 2."""
    return column.str.replace(r"\.0+$", "").str.to_integer(strict=False, dtype=pl.Int64)


def numbers(column: pl.Series) -> pl.Series:
    """Return numbers written in digits with at most one decimal mark; thousands marks are ambiguous and refused."""
    plain = column.str.contains(r"^-?\d+([.,]\d+)?$")
    text = pl.DataFrame({"text": column, "plain": plain}).select(
        pl.when("plain").then(pl.col("text").str.replace(",", ".", literal=True))
    )
    return text.to_series().cast(pl.Float64, strict=False)


def coded(column: pl.Series, meanings: Mapping[str, str]) -> pl.Series:
    """Return the canonical value of each spelling in `meanings` (folded); None for another."""
    distinct = column.drop_nulls().unique().to_list()
    known = {text: meanings.get(fold_key(text)) for text in distinct}
    return column.replace_strict(known, default=None, return_dtype=pl.String)


def of_distinct(column: pl.Series, compute: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Return `compute` of every value, called with each distinct value once: dates repeat thousands of times."""
    distinct = column.unique()
    if distinct.len() * 5 > column.len() * 4:
        return compute(column)
    known = pl.DataFrame({"text": distinct, "value": compute(distinct)})
    frame = pl.DataFrame({"text": column})
    joined = frame.join(known, on="text", how="left", maintain_order="left", nulls_equal=True)
    return joined.get_column("value").alias(column.name)


def _by_shape(column: pl.Series, formats: Mapping[str, str]) -> pl.Series:
    shape = column.str.replace_all(r"\d", "9")
    frame = pl.DataFrame({"text": column, "shape": shape})
    present = [text for text in shape.unique().drop_nulls().to_list() if text in formats]
    if not present:
        return pl.Series(column.name, [None], dtype=pl.Datetime("us")).new_from_index(0, column.len())
    parsed = [
        pl.when(pl.col("shape") == text).then(
            pl.col("text").str.to_datetime(formats[text], strict=False, time_unit="us")
            if ":" in text
            else pl.col("text").str.to_date(formats[text], strict=False).cast(pl.Datetime("us"))
        )
        for text in present
    ]
    values = frame.select(pl.coalesce(parsed).alias("value")).to_series()
    plausible = values.dt.year().is_between(_FIRST_YEAR, _LAST_YEAR)
    return values.set(~plausible.fill_null(value=True), None)
