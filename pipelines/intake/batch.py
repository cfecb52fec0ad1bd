"""Many files at once: read each, group those of one layout, check their rows together, account for every line."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from pipelines.files import submission_id
from pipelines.intake import parsing
from pipelines.intake.contract import Kind, Layout, Reading, Taken, recognise
from pipelines.intake.formats.lines import Lines, RefusedFileError
from pipelines.intake.formats.sniff import read_lines
from pipelines.intake.kinds import KINDS
from pipelines.intake.schemas import DATASETS
from pipelines.reference import Registry

_KINDS = {kind.submission_kind: kind for kind in KINDS}
_REJECTED = ("file_no", "line_no", "reason_codes", "field_names", "field_values", "raw_text")


@dataclass(frozen=True)
class IncomingFile:
    """A file as it came."""

    name: str
    content: bytes


@dataclass(frozen=True)
class IntakeBatch:
    """What a batch adds to the lake: one frame a dataset, with the columns of `schemas`."""

    datasets: Mapping[str, pl.DataFrame]

    @property
    def submissions(self) -> pl.DataFrame:
        """One row a file."""
        return self.datasets["submissions"]


class UnbalancedFileError(Exception):
    """A line of a file is neither header, blank, accepted, rejected nor duplicate: a defect of this program."""


@dataclass
class _Parts:
    accepted: list[pl.DataFrame]
    values: dict[str, list[pl.DataFrame]]
    rejected: list[pl.DataFrame]
    repeats: list[pl.DataFrame]


def take_in(
    files: Sequence[IncomingFile],
    registry: Registry,
    facilities: pl.DataFrame,
    received_at: datetime,
    batch_no: int,
) -> IntakeBatch:
    """Return what `files` add to the lake; equal files are one submission.

    `facilities` has facility_code, opened_date, closed_date. `received_at` is the Viet Nam time without a zone: a
    row from after it is from the future. Raises UnbalancedFileError when a line cannot be accounted for.
    """
    facts: list[dict[str, object]] = []
    groups: dict[Layout, list[tuple[int, Lines]]] = defaultdict(list)
    layouts: dict[tuple[str, ...], Layout] = {}
    seen: set[str] = set()
    for file in files:
        sha256 = hashlib.sha256(file.content).hexdigest()
        if sha256 in seen:
            continue
        seen.add(sha256)
        fact = _fact(file, sha256, batch_no, received_at)
        try:
            lines = _read_rows(file.content)
            key = (lines.separator, *lines.header)
            if key not in layouts:
                layouts[key] = recognise(lines.header, lines.separator, registry, KINDS)
        except RefusedFileError as error:
            fact |= {"status": "refused", "refusal_code": error.code, "refusal_detail": error.detail}
        else:
            groups[layouts[key]].append((len(facts), lines))
            fact |= _line_facts(lines, layouts[key])
        facts.append(fact)

    parts = _Parts([], defaultdict(list), [], [])
    reading = Reading(registry, facilities, received_at)
    for layout, members in groups.items():
        kind = _KINDS[layout.submission_kind]
        _keep(kind, kind.take(_cells(layout, members, kind), layout, reading), parts)
    return _assemble(facts, parts, batch_no)


def _read_rows(content: bytes) -> Lines:
    lines = read_lines(content)
    if not lines.cells:
        raise RefusedFileError("FILE_WITHOUT_ROWS")
    return lines


def _fact(file: IncomingFile, sha256: str, batch_no: int, received_at: datetime) -> dict[str, object]:
    return {
        "submission_id": submission_id(sha256),
        "batch_no": batch_no,
        "sha256": sha256,
        "original_name": file.name,
        "byte_count": len(file.content),
        "received_at": received_at,
        "language": "vi",
    }


def _line_facts(lines: Lines, layout: Layout) -> dict[str, object]:
    return {
        "submission_kind": layout.submission_kind,
        "file_format": lines.file_format,
        "encoding": lines.encoding,
        "delimiter": lines.delimiter,
        "language": layout.language,
        "line_count": lines.line_count,
        "header_count": lines.header_count,
        "blank_count": lines.blank_count,
    }


def _cells(layout: Layout, members: Sequence[tuple[int, Lines]], kind: Kind) -> pl.DataFrame:
    """Return one row a line with a text column per field and measure, and the line as it was sent."""
    lengths = [len(lines.cells) for _, lines in members]
    frame = pl.DataFrame(
        {
            "file_no": np.repeat(np.array([index for index, _ in members], dtype=np.int32), lengths),
            "line_no": np.fromiter(_flat(lines.numbers for _, lines in members), dtype=np.int32, count=sum(lengths)),
            "raw_text": pl.Series([text for _, lines in members for text in lines.raw], dtype=pl.String),
            "cells": pl.Series([text for _, lines in members for text in lines.cells], dtype=pl.String),
            "problem": pl.Series(
                [lines.problems.get(index) for _, lines in members for index in range(len(lines.cells))]
                if any(lines.problems for _, lines in members)
                else [None] * sum(lengths),
                dtype=pl.String,
            ),
        }
    )
    width = len(layout.columns)
    found = pl.col("cells").str.count_matches(layout.separator, literal=True) + 1
    frame = frame.with_columns(
        pl.when(pl.col("problem").is_null() & (found != width))
        .then(pl.lit("ROW_WIDTH"))
        .otherwise(pl.col("problem"))
        .alias("problem")
    )
    columns = frame.select(pl.col("cells").str.split_exact(layout.separator, width - 1).alias("cell")).unnest("cell")
    height = frame.height
    texts = []
    for index, (field, measure) in enumerate(zip(layout.columns, layout.measures, strict=True)):
        name = field or measure
        if name is not None:
            texts.append(parsing.clean(columns.to_series(index)).alias(f"text_{name}"))
    present = {column.name for column in texts}
    texts += [
        pl.Series(f"text_{name}", [None], dtype=pl.String).new_from_index(0, height)
        for name in kind.fields
        if f"text_{name}" not in present
    ]
    return frame.drop("cells").with_columns(texts)


def _flat(parts: Iterator[list[int]]) -> Iterator[int]:
    for part in parts:
        yield from part


def _keep(kind: Kind, taken: Taken, parts: _Parts) -> None:
    parts.accepted.append(taken.accepted.select("file_no", "report_month", "facility_code", "submitted_at"))
    parts.repeats.append(taken.repeats.select("file_no"))
    if not taken.rejected.is_empty():
        parts.rejected.append(taken.rejected.select(_REJECTED))
    if not taken.rows.is_empty():
        parts.values[kind.dataset].append(taken.rows.select("file_no", *_present(taken.rows, kind.dataset)))


def _present(frame: pl.DataFrame, dataset: str) -> list[str]:
    return [name for name in DATASETS[dataset] if name in frame.columns]


def _assemble(facts: list[dict[str, object]], parts: _Parts, batch_no: int) -> IntakeBatch:
    ids = pl.DataFrame(
        {
            "file_no": pl.Series(range(len(facts)), dtype=pl.Int32),
            "submission_id": pl.Series([fact["submission_id"] for fact in facts], dtype=pl.String),
        }
    )
    datasets = {kind.dataset: _dataset(kind.dataset, parts.values[kind.dataset], ids, batch_no) for kind in KINDS}
    datasets["rejected_rows"] = _dataset("rejected_rows", parts.rejected, ids, batch_no)
    datasets["submissions"] = _submissions(facts, parts)
    return IntakeBatch(datasets)


def _dataset(name: str, frames: Sequence[pl.DataFrame], ids: pl.DataFrame, batch_no: int) -> pl.DataFrame:
    schema = DATASETS[name]
    if not frames:
        return pl.DataFrame(schema=schema)
    whole = pl.concat(frames, how="vertical").join(ids, on="file_no", how="left", maintain_order="left")
    return whole.with_columns(pl.lit(batch_no, dtype=pl.Int32).alias("batch_no")).select(
        pl.col(column).cast(dtype) for column, dtype in schema.items()
    )


def _submissions(facts: list[dict[str, object]], parts: _Parts) -> pl.DataFrame:
    accepted = (
        _concat(parts.accepted)
        .group_by("file_no")
        .agg(
            pl.len().cast(pl.Int64).alias("accepted_count"),
            pl.col("report_month").min().alias("first_report_month"),
            pl.col("report_month").max().alias("last_report_month"),
            pl.col("facility_code").n_unique().cast(pl.Int64).alias("facility_count"),
            pl.col("submitted_at").max().alias("submitted_at"),
        )
        if any(not frame.is_empty() for frame in parts.accepted)
        else None
    )
    counted = {
        "rejected_count": _counts(parts.rejected),
        "duplicate_count": _counts(parts.repeats),
    }
    by_file = {} if accepted is None else {row["file_no"]: row for row in accepted.iter_rows(named=True)}
    rows = []
    for number, fact in enumerate(facts):
        row = dict.fromkeys(DATASETS["submissions"]) | fact
        if row["status"] != "refused":
            row |= {"accepted_count": 0, "facility_count": 0}
            row |= {name: value for name, value in by_file.get(number, {}).items() if name != "file_no"}
            row |= {name: counts.get(number, 0) for name, counts in counted.items()}
            row["status"] = "accepted_with_rejections" if row["rejected_count"] else "accepted"
            _assert_balance(row)
        rows.append(row)
    return pl.DataFrame(rows, schema=DATASETS["submissions"], orient="row")


def _concat(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([frame for frame in frames if not frame.is_empty()], how="vertical")


def _counts(frames: Sequence[pl.DataFrame]) -> dict[int, int]:
    kept = [frame.select("file_no") for frame in frames if not frame.is_empty()]
    return dict(pl.concat(kept).group_by("file_no").len().rows()) if kept else {}


def _assert_balance(row: Mapping[str, object]) -> None:
    explained = [row[f"{part}_count"] for part in ("header", "blank", "accepted", "rejected", "duplicate")]
    if row["line_count"] != sum(explained):  # type: ignore[arg-type]
        raise UnbalancedFileError(
            f"{row['original_name']}: {row['line_count']} lines, but header, blank, accepted, rejected and duplicate "
            f"are {explained}; nothing of the batch was kept."
        )
