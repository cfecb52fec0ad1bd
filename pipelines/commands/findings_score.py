"""`niis findings-score`: how good the rules are, by the labels of a generated programme."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.output import CommandError, Format, FormatOption, print_rows
from pipelines.settings import Settings

COLUMNS = ["rule_code", "labelled", "found", "right", "precision", "recall"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("findings-score")(findings_score)


def findings_score(
    ctx: typer.Context,
    labels: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="finding_labels.csv của `niis generate` / of `generate`."),
    ],
    form: FormatOption = Format.TABLE,
) -> None:
    """Độ chính xác và độ phủ của từng quy tắc trên lỗi gắn nhãn / precision and recall of each rule over labels."""
    import polars as pl  # noqa: PLC0415 - commands import what they need

    from data_quality.frames import rule_hits  # noqa: PLC0415
    from data_quality.scoring import score  # noqa: PLC0415

    settings: Settings = ctx.obj
    if not settings.warehouse.exists():
        raise CommandError("nothing was built yet; run `niis run` first.")
    known = pl.read_csv(labels, infer_schema=False)
    if missing := {"facility_code", "record_id", "rule_code"} - set(known.columns):
        raise CommandError(
            f"{labels.name} has no column {', '.join(sorted(missing))}; take the file of `niis generate`."
        )
    rows = score(rule_hits(settings.warehouse), known)
    print_rows(rows.with_columns(pl.col("precision", "recall").round(4)).to_dicts(), COLUMNS, form)
