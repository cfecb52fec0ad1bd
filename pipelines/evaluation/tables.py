"""A CSV file as a table of text, strictly: every line is there or is named, and so is every column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines.intake import parsing
from pipelines.intake.formats.lines import Lines, RefusedFileError
from pipelines.intake.formats.sniff import read_lines
from pipelines.reference import load_registry
from pipelines.text import fold_key

# Enough to see what is wrong with a file; the rest is counted.
_SHOWN = 20
# How like a known name an unknown one must be to count as a misspelling of it.
_ALIKE = 0.76


class EvaluationInputError(Exception):
    """Files that cannot be evaluated; the message holds a sentence for each problem."""


@dataclass(frozen=True)
class Layout:
    """What columns a kind of file has."""

    title: str
    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in a fixed order."""
        return (*self.required, *self.optional)


@dataclass
class Table:
    """A file as text: one row a line, `line_no` first, then every column of its layout (null where it has none)."""

    path: Path
    frame: pl.DataFrame
    present: frozenset[str]
    ignored: tuple[str, ...]
    problems: list[str] = field(default_factory=list)

    def blame(self, wrong: pl.Series, name: str, problem: str, action: str) -> None:
        """Add a sentence for each line where `wrong` is true, with the value that column `name` has there."""
        for line_no, value in self.frame.filter(wrong).select("line_no", name).rows():
            found = "is empty" if value is None else f"is '{value}'"
            self.problems.append(f"{self.path.name}, line {line_no}: {name} {found}: {problem}; {action}.")


def read_table(path: Path, layout: Layout) -> Table:
    """Return a file as text. Raises EvaluationInputError when its lines or columns cannot be told apart."""
    try:
        lines = read_lines(path.read_bytes())
    except RefusedFileError as error:
        reason = load_registry().reasons[error.code]
        detail = f" ({error.detail})" if error.detail else ""
        raise EvaluationInputError(f"{path.name}: {reason.text_en}{detail}. {reason.action_en}.") from error
    names = [fold_key(name) for name in lines.header]
    _check_header(path, lines, names, layout)
    frame = _cells(path, lines, names, layout)
    ignored = tuple(original for original, name in zip(lines.header, names, strict=True) if name not in layout.columns)
    return Table(path, frame, frozenset(names) & frozenset(layout.columns), ignored)


def raise_problems(tables: Iterable[Table]) -> None:
    """Raise EvaluationInputError when a table has problems."""
    problems = [problem for table in tables for problem in table.problems]
    if problems:
        more = [f"... and {len(problems) - _SHOWN} more problems."] if len(problems) > _SHOWN else []
        raise EvaluationInputError("\n".join(["nothing was written.", *problems[:_SHOWN], *more]))


def _check_header(path: Path, lines: Lines, names: Sequence[str], layout: Layout) -> None:
    problems = []
    twice = sorted({name for name in names if name in layout.columns and names.count(name) > 1})
    problems += [f"{path.name}: the column {name} stands twice; leave it once." for name in twice]
    missing = [name for name in layout.required if name not in names]
    problems += [f"{path.name}: the column {name} is missing; {layout.title} needs it." for name in missing]
    for original, name in zip(lines.header, names, strict=True):
        near = [] if name in layout.columns else difflib.get_close_matches(name, layout.columns, n=1, cutoff=_ALIKE)
        if near and near[0] not in names:
            problems.append(
                f"{path.name}: the column '{original}' is not known; call it {near[0]} if that is what it is,"
                " or give it a name that is less like it."
            )
    if problems:
        raise EvaluationInputError("\n".join(["nothing was written.", *problems]))


def _cells(path: Path, lines: Lines, names: Sequence[str], layout: Layout) -> pl.DataFrame:
    frame = pl.DataFrame({"line_no": lines.numbers, "cells": lines.cells}, schema={"line_no": int, "cells": str})
    found = frame.select(pl.col("cells").str.count_matches(lines.separator, literal=True) + 1).to_series()
    reasons: Mapping[int, str] = lines.problems or {}
    wrong = [
        f"{path.name}, line {line_no}: {_layout_problem(reasons.get(index), count, len(names))}."
        for index, (line_no, count) in enumerate(zip(lines.numbers, found, strict=True))
        if index in reasons or count != len(names)
    ]
    if wrong:
        shown = [*wrong[:_SHOWN], *([f"... and {len(wrong) - _SHOWN} more lines."] if len(wrong) > _SHOWN else [])]
        raise EvaluationInputError("\n".join(["nothing was written.", *shown]))
    cells = frame.select(pl.col("cells").str.split_exact(lines.separator, len(names) - 1).alias("cell")).unnest("cell")
    columns = [
        parsing.clean(cells.to_series(names.index(name))).alias(name)
        if name in names
        else pl.Series(name, [None], dtype=pl.String).new_from_index(0, frame.height)
        for name in layout.columns
    ]
    return pl.DataFrame([frame.get_column("line_no"), *columns])


def _layout_problem(code: str | None, found: int, expected: int) -> str:
    if code is None:
        return f"{found} cells instead of {expected}; check the separators and quotes of the line"
    reason = load_registry().reasons[code]
    return f"{reason.text_en}; {reason.action_en}"
