"""`niis compute`: indicators over a user's own files, by the warehouse's engine."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.output import CommandError, put_text, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="compute")(compute)


def compute(
    *,
    areas: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="CSV mỗi dòng một địa bàn: area_code, parent_code; địa bàn cao nhất để trống parent_code "
            "/ a CSV with a line an area; parent_code is empty at the top.",
        ),
    ],
    measures: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="CSV mỗi dòng một giá trị: area_code, period (2024, 2024Q1, 2024-03), measure_code, value; trống là "
            "thiếu, không phải số không / a CSV with a line a value; an empty value is missing and not zero.",
        ),
    ],
    indicators: Annotated[
        str,
        typer.Option(
            metavar="FILE|builtin",
            help="CSV mỗi dòng một thành phần: indicator_code, term_role, measure_code, weight, multiplier; hoặc "
            "builtin: chỉ số của chương trình / a CSV with a line a term, or builtin: those of the registry; see "
            "docs/how_to/compute_indicators.md.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(dir_okay=False, help="Tệp kết quả, - là ra màn hình / the file of values; - is standard output."),
    ],
) -> None:
    """Tính chỉ số từ tệp của bạn, bằng bộ tính của kho / indicators from your own files, by our engine."""
    from pipelines.compute.compute import BUILTIN, compute_files, to_csv  # noqa: PLC0415 - commands import what they need

    definitions = None if indicators == BUILTIN else _existing(Path(indicators), BUILTIN)
    inputs = [path.resolve() for path in (areas, measures, definitions) if path is not None]
    if out.resolve() in inputs:
        raise CommandError(f"{out} is one of the files to be read; give --out another name.")
    found = compute_files(areas, measures, definitions)
    put_text(out, to_csv(found.rows))
    for note in found.notes:
        say(note)
    counts = Counter(row[-1] for row in found.rows)
    said = ", ".join(f"{status} {count}" for status, count in sorted(counts.items()))
    say(f"{len(found.rows)} dòng / {len(found.rows)} rows: {said}." if said else "0 dòng / 0 rows.")


def _existing(path: Path, word: str) -> Path:
    if not path.is_file():
        raise typer.BadParameter(f"There is no file {path}; give one, or the word {word}.", param_hint="--indicators")
    return path
