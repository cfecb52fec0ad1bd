"""`niis outliers`: strange values in any series, by every rule of the registry."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="outliers")(outliers)


def outliers(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV mỗi dòng một giá trị: area_code, period, measure_code, value / a CSV with a line a value.",
        ),
    ],
    form: FormatOption = Format.TABLE,
    out: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="Tệp kết quả thay cho màn hình / a file for the result instead of standard output."
        ),
    ] = None,
    missing_as_zero: Annotated[
        bool,
        typer.Option(
            "--missing-as-zero",
            help="Coi giá trị trống là 0, như Countdown / take an empty value for 0, as Countdown does.",
        ),
    ] = False,
) -> None:
    """Mỗi giá trị một dòng: điểm, giới hạn và cờ theo từng quy tắc / score, bounds and flag by each rule."""
    from pipelines.compute.outliers import find_outliers  # noqa: PLC0415 - commands import what they need
    from pipelines.files import write_text_atomically  # noqa: PLC0415

    if out is not None and out.resolve() == file.resolve():
        raise CommandError(f"{out} is the file to be read; give --out another name.")
    found = find_outliers(file, missing_as_zero=missing_as_zero)
    rows = found.rows
    if form is not Format.JSON:
        rows = [row | {"is_outlier": str(row["is_outlier"]).lower()} for row in rows]
    columns = found.short_columns if form is Format.TABLE else found.columns
    if out is None:
        print_rows(rows, columns, form)
    else:
        with contextlib.redirect_stdout(io.StringIO()) as text:
            print_rows(rows, columns, form)
        write_text_atomically(out, text.getvalue())
    count = sum(row["is_outlier"] for row in found.rows)
    say(
        f"{len(found.rows)} giá trị, {count} bất thường theo {found.primary_rule}"
        f" / {len(found.rows)} values, {count} outliers by {found.primary_rule}."
    )
