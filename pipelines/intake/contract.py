"""What a header means: the kind of submission, and the field or measure in each column.

What a kind is made of stands here; which kinds there are, in `kinds.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import polars as pl

from pipelines.intake.formats.lines import RefusedFileError
from pipelines.reference import Registry
from pipelines.text import fold_key


@dataclass(frozen=True)
class Layout:
    """The meaning of one header, shared by every file that has the same header and separator."""

    submission_kind: str
    separator: str
    columns: tuple[str | None, ...]  # field name per column; None where the column is not ours
    measures: tuple[str | None, ...]  # measure code per column of a wide report
    ignored: tuple[str, ...]  # names of columns that are not ours
    language: str  # vi or en: that of the header


@dataclass(frozen=True)
class Reading:
    """What rows are read by: definitions, the register (facility_code, opened_date, closed_date), the time."""

    registry: Registry
    facilities: pl.DataFrame
    received_at: datetime  # Viet Nam time without a zone


@dataclass(frozen=True)
class Taken:
    """What became of the lines of one layout: each is in one of the first three; `rows` are what the lake gets.

    `accepted` has file_no, facility_code, submitted_at and report_month (null where the kind reports on no month);
    `rejected` has what `checks.split` adds.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    repeats: pl.DataFrame
    rows: pl.DataFrame


@dataclass(frozen=True)
class Kind:
    """A kind of submission: how its header is known, and how its lines become rows of one dataset of the lake."""

    submission_kind: str
    dataset: str
    fields: tuple[str, ...]  # every field that a header may name
    lacking: Callable[[set[str], bool], list[str]]  # (fields present, has measure columns) -> further fields needed
    has_measures: bool  # whether a column may be a measure
    take: Callable[[pl.DataFrame, Layout, Reading], Taken]


def nothing_more(present: set[str], is_wide: bool) -> list[str]:
    """Return what a header lacks beside the required columns of the registry: nothing, for most kinds."""
    del present, is_wide
    return []


@lru_cache(maxsize=4)
def measure_names(registry: Registry) -> dict[str, str]:
    """Return the reportable measure that each folded code or label names."""
    names: dict[str, str] = {}
    for measure in registry.measures.values():
        if measure.is_reportable:
            for name in (measure.measure_code, measure.name_vi, measure.name_en):
                names.setdefault(fold_key(name), measure.measure_code)
    return names


def recognise(header: list[str], separator: str, registry: Registry, kinds: Sequence[Kind]) -> Layout:
    """Return the layout of a header: that of the first of `kinds` whose required columns are all there.

    Raises RefusedFileError: FILE_HEADER_DUPLICATE when two columns mean the same field, FILE_HEADER_MISSING_FIELDS
    when a required column is not there, FILE_HEADER_UNKNOWN when no kind of submission fits.
    """
    keys = [fold_key(name) for name in header]
    aliases = {kind.submission_kind: registry.field_alias_map(kind.submission_kind) for kind in kinds}
    lacking = {kind.submission_kind: _lacking(kind, keys, aliases[kind.submission_kind], registry) for kind in kinds}
    found = next((kind for kind in kinds if not lacking[kind.submission_kind]), None)
    if found is None:
        matched = {name: sum(key in known for key in keys) for name, known in aliases.items()}
        nearest = max(matched, key=lambda name: matched[name])
        if matched[nearest] < 2:
            raise RefusedFileError("FILE_HEADER_UNKNOWN", ", ".join(header[:8])[:120])
        raise RefusedFileError("FILE_HEADER_MISSING_FIELDS", f"{nearest}: {', '.join(lacking[nearest])}")
    known = aliases[found.submission_kind]
    measures = measure_names(registry) if found.has_measures else {}
    columns = tuple(known.get(key) for key in keys)
    wide = tuple(measures.get(key) if field is None else None for key, field in zip(keys, columns, strict=True))
    meant = [name for name in (*columns, *wide) if name is not None]
    if repeated := sorted({name for name in meant if meant.count(name) > 1}):
        raise RefusedFileError("FILE_HEADER_DUPLICATE", ", ".join(repeated))
    ignored = tuple(
        name for name, field, measure in zip(header, columns, wide, strict=True) if field is None and measure is None
    )
    language = _language(keys, found.submission_kind, registry)
    return Layout(found.submission_kind, separator, columns, wide, ignored, language)


def _lacking(kind: Kind, keys: list[str], known: dict[str, str], registry: Registry) -> list[str]:
    """Return the fields that a header would need to be of a kind."""
    present = {known[key] for key in keys if key in known}
    required = [
        field.field_name for field in registry.fields(kind.submission_kind).values() if field.is_required_column
    ]
    is_wide = kind.has_measures and any(key in measure_names(registry) and key not in known for key in keys)
    return [name for name in required if name not in present] + kind.lacking(present, is_wide)


def _language(keys: list[str], kind: str, registry: Registry) -> str:
    fields = registry.fields(kind).values()
    english = {fold_key(name) for field in fields for name in (field.field_name, field.name_en)}
    vietnamese = {fold_key(field.name_vi) for field in fields}
    return "vi" if sum(key in vietnamese for key in keys) > sum(key in english for key in keys) else "en"
