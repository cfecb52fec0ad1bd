"""`niis receipt`: what became of a file, for its sender."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from pipelines.commands.output import CommandError
from pipelines.settings import Settings


class ReceiptFormat(StrEnum):
    """How a receipt is printed."""

    TEXT = "text"
    CSV = "csv"


class Language(StrEnum):
    """The language of a receipt."""

    VI = "vi"
    EN = "en"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("receipt")(receipt)


def receipt(
    ctx: typer.Context,
    id_or_file: Annotated[
        str,
        typer.Argument(help="Mã báo cáo hoặc tên tệp / a submission id (or its beginning), or a file's name."),
    ],
    form: Annotated[
        ReceiptFormat,
        typer.Option("--format", help="Văn bản, hay CSV mỗi dòng một lỗi / text, or CSV with a line a problem."),
    ] = ReceiptFormat.TEXT,
    language: Annotated[
        Language | None, typer.Option(help="Mặc định là tiếng của tệp / by default the language of the file.")
    ] = None,
) -> None:
    """In biên nhận: số dòng nhận, dòng lỗi và cách sửa / print the receipt: counts, bad rows, what to do."""
    settings: Settings = ctx.obj
    if not settings.ledger.exists():
        raise CommandError(f"nothing has been taken in yet in {settings.home}; submit files, then: niis run")
    from pipelines.ledger import Ledger  # noqa: PLC0415 - commands import what they need
    from pipelines.receipts import receipt_csv, receipt_text  # noqa: PLC0415
    from pipelines.reference import load_registry  # noqa: PLC0415

    found = Ledger(settings.ledger).submission(id_or_file)
    if found is None:
        raise CommandError(f"no submission has the id or the name '{id_or_file}'; niis submit prints the ids.")
    render = receipt_csv if form is ReceiptFormat.CSV else receipt_text
    sys.stdout.write(render(settings, load_registry(), found, language.value if language else None))
