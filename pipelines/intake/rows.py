"""What rows of both kinds share: their text, their legacy encodings, their hash, their repetition in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from pipelines.intake.checks import Check
from pipelines.intake.parsing import of_distinct

# A sender's clock may run ahead by this much before its rows are taken for rows from the future.
CLOCK_TOLERANCE = timedelta(minutes=10)
# Letters of TCVN3 and of UTF-8 that was read as an 8-bit encoding: none of them stands in a Vietnamese or Latin name.
_LEGACY = "[µ¸¶·¹¨»¾¼½©®ª«¬¤¦§×÷Þß\u0080-\u009f]|á»|áº|Æ°|Ä‘"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"


# Whether the cells of a line could be told apart: without that nothing else can be said of it.
IS_ROW = pl.col("problem").is_null()


def unread(name: str, code: str) -> Check:
    """Return the check of a cell that says something, but nothing that the field can hold."""
    return Check(code, name, IS_ROW & pl.col(f"text_{name}").is_not_null() & pl.col(name).is_null())


def outside(name: str, code: str, bounds: tuple[int, int]) -> Check:
    """Return the check of a cell that is no whole number within `bounds`, both included."""
    is_within = pl.col(name).is_between(*bounds).fill_null(value=False)
    return Check(code, name, IS_ROW & pl.col(f"text_{name}").is_not_null() & ~is_within)


def facility_unknown() -> Check:
    """Return the check of a facility that the register does not know; `is_known` comes from joining the register."""
    holds = IS_ROW & pl.col("text_facility_code").is_not_null() & pl.col("is_known").is_null()
    return Check("FACILITY_UNKNOWN", "facility_code", holds)


def layout_checks() -> list[Check]:
    """Return the checks of lines whose cells could not be told apart."""
    codes = ("ROW_WIDTH", "ROW_QUOTE", "ROW_SYNTAX")
    return [Check(code, None, pl.col("problem") == code) for code in codes]


def text_checks(frame: pl.DataFrame, fields: Sequence[str]) -> list[Check]:
    """Return the checks of legacy text and control characters, for the columns that have any: most have none."""
    checks = []
    for name in fields:
        column = frame.get_column(f"text_{name}")
        if column.str.contains(_CONTROL).any():
            checks.append(Check("TEXT_CONTROL_CHARACTER", name, pl.col(f"text_{name}").str.contains(_CONTROL)))
        if column.str.len_bytes().sum() != column.str.len_chars().sum() and column.str.contains(_LEGACY).any():
            checks.append(Check("TEXT_LEGACY_ENCODING", name, pl.col(f"text_{name}").str.contains(_LEGACY)))
    return checks


def with_row_hash(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Add `row_hash`: the first 16 hex digits of the SHA-256 of the canonical values of a row."""
    return with_digest(frame, "row_hash", columns, 16)


def with_digest(frame: pl.DataFrame, name: str, columns: Sequence[str], length: int) -> pl.DataFrame:
    """Add `name`: the first `length` hex digits of the SHA-256 of the values of `columns`; None is as an empty text."""
    joined = frame.select(
        pl.concat_str([pl.col(column).cast(pl.String).fill_null("") for column in columns], separator="\x1f")
    ).to_series()
    return frame.with_columns(of_distinct(joined, lambda texts: _digests(texts, length)).alias(name))


def _digests(texts: pl.Series, length: int) -> pl.Series:
    return pl.Series([hashlib.sha256(text.encode()).hexdigest()[:length] for text in texts], dtype=pl.String)


def without_repeats(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the first of each equal row of a file, in the order of its lines, and the repeats."""
    is_first = pl.struct("file_no", "row_hash").is_first_distinct()
    return frame.filter(is_first), frame.filter(~is_first)
