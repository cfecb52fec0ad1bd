"""The records behind a finding in words and as a file: pure functions of what `Persons.behind` gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from dashboards.downloads import Column, Extract
from dashboards.i18n import Texts

_COLUMNS = (
    ("full_name", "full_name"),
    ("birth_date", "birth_date"),
    ("mother_name", "mother_name"),
    ("person_code", "person_code"),
    ("given_date", "behind_given_date"),
    ("product", "behind_product"),
    ("dose_number", "behind_dose_number"),
    ("facility", "behind_facility"),
    ("record_key", "record_key"),
    ("original_name", "file_name"),
    ("line_no", "line_no"),
    ("person_key", "person_key"),
)


def described(frame: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """Return the rows with names in the reader's language, and what is the same for all columns of a list."""
    return frame.with_columns(
        pl.col(f"product_{texts.language}").alias("product"), pl.col(f"facility_{texts.language}").alias("facility")
    )


def columns(texts: Texts) -> list[Column]:
    """Return the columns of the list, as a page shows them and a file has them."""
    return [Column(name, texts(key)) for name, key in _COLUMNS]


def extract(
    frame: pl.DataFrame, texts: Texts, rule: dict[str, str], facts: Sequence[tuple[str, str | date | datetime]]
) -> Extract:
    """Return the rows, described, as a file with the rule that they contradict."""
    return Extract(frame, columns(texts), [rule], facts, texts.language)
