"""`niis doses`: verdicts on doses by any schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.output import put_text, say

doses = typer.Typer(no_args_is_help=True, help="Đánh giá mũi tiêm theo một lịch tiêm / evaluate doses by a schedule.")


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    app.add_typer(doses, name="doses")


@doses.command("evaluate")
def evaluate(
    *,
    doses_file: Annotated[
        Path,
        typer.Option(
            "--doses",
            exists=True,
            dir_okay=False,
            help="CSV mỗi dòng một mũi: person_code, birth_date, antigen_code, given_date; có thể thêm product_code, "
            "sequence, death_date / a CSV with a line a dose, and these columns; the last three are optional.",
        ),
    ],
    schedule: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="CSV lịch tiêm: antigen_code, dose_number và các tuổi, khoảng cách / the schedule as a CSV: "
            "antigen_code, dose_number, ages and intervals; see docs/how_to/evaluate_doses.md.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            dir_okay=False, help="Tệp kết quả, - là ra màn hình / the file of verdicts; - is standard output."
        ),
    ],
    products: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="CSV tuổi dùng của từng vắc xin: product_code, minimum_age, maximum_age / the ages of each product.",
        ),
    ] = None,
    grace_days: Annotated[
        int,
        typer.Option(
            min=0,
            max=365,
            help="Số ngày châm chước cho tuổi và khoảng cách tối thiểu / days by which minimum ages and intervals may "
            "be missed.",
        ),
    ] = 0,
) -> None:
    """Mỗi mũi một dòng: hợp lệ, không hợp lệ hay thừa, và lý do / valid, invalid or extra, and why: a line a dose."""
    from pipelines.evaluation.evaluate import evaluate_files  # noqa: PLC0415 - commands import what they need

    found = evaluate_files(doses_file, schedule, products, grace_days)
    put_text(out, found.verdicts.write_csv())
    for note in found.notes:
        say(note)
    counts = dict(found.verdicts["status"].value_counts().iter_rows())
    valid, invalid, extra = (counts.get(status, 0) for status in ("valid", "invalid", "extra"))
    say(
        f"{found.verdicts.height} mũi: {valid} hợp lệ, {invalid} không hợp lệ, {extra} thừa"
        f" / {found.verdicts.height} doses: {valid} valid, {invalid} invalid, {extra} extra."
    )
