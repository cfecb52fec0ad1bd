"""`niis form`: an official form of an area and a period, as a workbook or a page to print."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.asked import Hierarchy, HierarchyOption, PlaceOption, unknown_code
from pipelines.commands.known import AsOfOption, open_as_known
from pipelines.commands.output import Format, print_rows, say
from pipelines.commands.scope import LanguageOption, PeriodOption, note_download, scope_of
from pipelines.files import write_bytes_atomically
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.reference import Form, Registry

_LIST = "list"


class FormFormat(StrEnum):
    """How a form is written."""

    XLSX = "xlsx"
    PDF = "pdf"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("form")(form)


def form(
    ctx: typer.Context,
    *,
    code: Annotated[
        str,
        typer.Argument(help="Mã biểu mẫu; `list` để xem danh mục / the form's code; `list` shows all."),
    ],
    area: PlaceOption = "VN",
    facility: Annotated[
        str,
        typer.Option(help="Mã một cơ sở, thay cho địa bàn / the code of one facility, in place of an area."),
    ] = "",
    period: PeriodOption = "",
    hierarchy: HierarchyOption = Hierarchy.OLD,
    file_format: Annotated[
        FormFormat, typer.Option("--format", help="Định dạng tệp / how the form is written.")
    ] = FormFormat.XLSX,
    language: LanguageOption = "vi",
    template: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="Mẫu XLSX khác thay cho mẫu của dự án / another XLSX template in place of the project's.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Tệp để ghi / the file to write.")] = None,
    as_of: AsOfOption = None,
) -> None:
    """Biểu mẫu của Thông tư 34/2018 cho địa bàn hay cơ sở và kỳ / an official form of an area or a facility."""
    from dashboards.exports import forms  # noqa: PLC0415 - commands import what they need
    from pipelines.reference import load_registry  # noqa: PLC0415

    registry = load_registry()
    if code == _LIST:
        rows = sorted(registry.forms.values(), key=lambda row: row.sort_order)
        print_rows([dataclasses.asdict(row) for row in rows], ["form_code", "name_vi", "name_en"], Format.TABLE)
        return
    chosen = _known(registry, code)
    if not period:
        raise typer.BadParameter("name a period: a month, a quarter or a year.", param_hint="--period")
    if out is None:
        raise typer.BadParameter("name the file to write.", param_hint="--out")
    settings: Settings = ctx.obj
    scope = scope_of(
        open_as_known(settings, as_of),
        area=area,
        facility=facility,
        hierarchy=hierarchy.value,
        period=period,
        period_type=None,
        language=language,
    )
    note_download(settings, out, scope)
    filled = forms.workbook(registry, chosen, scope, forms.read_template(template) if template else None)
    write_bytes_atomically(out, forms.pdf(filled, scope) if file_format is FormFormat.PDF else filled)
    say(f"{out}: {out.stat().st_size:,} byte")


def _known(registry: Registry, code: str) -> Form:
    if code not in registry.forms:
        raise unknown_code("form", code, registry.forms, "`niis form list` shows them")
    return registry.forms[code]
