"""`niis facilities`: the facility register of the programme."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say
from pipelines.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("facilities")(facilities)


def facilities(
    ctx: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="Danh mục để nạp / the register to load.", show_default=False),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Nạp danh mục cơ sở, hoặc đếm cơ sở đã có / load the facility register, or count what is loaded."""
    settings: Settings = ctx.obj
    if path is not None:
        load_register(settings, path)
    if not settings.facilities.exists():
        raise CommandError(
            f"there is no facility register in {settings.facilities.parent}; load one: niis facilities FILE"
        )
    from pipelines.facilities import read_facilities  # noqa: PLC0415 - commands import what they need

    counts = read_facilities(settings.facilities).group_by("facility_type_code").len("facilities")
    print_rows(counts.sort("facility_type_code").to_dicts(), ["facility_type_code", "facilities"], form)


def load_register(settings: Settings, path: Path) -> None:
    """Check a register whole, then make it the one of this home; a bad one changes nothing."""
    from pipelines.facilities import read_facilities  # noqa: PLC0415 - commands import what they need
    from pipelines.files import write_text_atomically  # noqa: PLC0415

    count = read_facilities(path).height
    write_text_atomically(settings.facilities, path.read_text(encoding="utf-8-sig"))
    say(f"Đã nạp {count} cơ sở / {count} facilities loaded.")
