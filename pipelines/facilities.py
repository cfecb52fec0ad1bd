"""The facility register: who vaccinates, where, and since when."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.reference import load_registry

SCHEMA = {
    "facility_code": pl.String,
    "name_vi": pl.String,
    "name_en": pl.String,
    "facility_type_code": pl.String,
    "commune_code_2017": pl.String,
    "commune_code_2025": pl.String,
    "opened_date": pl.Date,
    "closed_date": pl.Date,
    "source_code": pl.String,
}


class FacilityRegisterError(Exception):
    """The register cannot be used; the message names the line and what is wrong with it."""


def read_facilities(path: Path) -> pl.DataFrame:
    """Return the register, one row a facility.

    Raises FacilityRegisterError when a column is missing, a code stands twice or is unknown, or a date is not one.
    """
    if not path.exists():
        raise FacilityRegisterError(f"There is no facility register at {path}; load one with `niis facilities FILE`.")
    try:
        text = pl.read_csv(path, infer_schema=False, encoding="utf8")
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        raise FacilityRegisterError(f"{path} is not a UTF-8 CSV file with a header: {error}") from error
    if missing := [name for name in SCHEMA if name not in text.columns]:
        raise FacilityRegisterError(f"{path} lacks the columns {', '.join(missing)}.")
    frame = text.select(
        pl.col(name).str.to_date("%Y-%m-%d", strict=False) if dtype == pl.Date else pl.col(name)
        for name, dtype in SCHEMA.items()
    )
    for wrong, rows in _problems(text, frame).items():
        if rows.any():
            line = rows.arg_true()[0] + 2
            code = text.get_column("facility_code")[line - 2]
            raise FacilityRegisterError(f"{path}, line {line} (facility {code}): {wrong}.")
    return frame


def write_facilities(frame: pl.DataFrame, path: Path) -> None:
    """Write a register with the columns of `SCHEMA`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.select(pl.col(name).cast(dtype) for name, dtype in SCHEMA.items()).write_csv(path)


def _problems(text: pl.DataFrame, frame: pl.DataFrame) -> dict[str, pl.Series]:
    registry = load_registry()
    old, new = (
        [code for (tree, code), area in registry.areas.items() if tree == wanted and area.level_code == "commune"]
        for wanted in ("63", "34")
    )
    code = frame.get_column("facility_code")
    return {
        "the code is missing": code.is_null(),
        "the code stands twice": code.is_duplicated(),
        "the type is not in facility_types": ~frame.get_column("facility_type_code").is_in(
            list(registry.facility_types)
        ),
        "the commune of 2017 is not in the list": ~frame.get_column("commune_code_2017").is_in(old),
        "the commune of 2025 is not in the list": ~frame.get_column("commune_code_2025").is_in(new),
        "the opening date is missing or not YYYY-MM-DD": frame.get_column("opened_date").is_null(),
        "the closing date is not YYYY-MM-DD": (
            text.get_column("closed_date").is_not_null() & frame.get_column("closed_date").is_null()
        ),
        "it closes before it opens": frame.get_column("closed_date") <= frame.get_column("opened_date"),
        "the source is not in sources": ~frame.get_column("source_code").is_in(list(registry.sources)),
    }
