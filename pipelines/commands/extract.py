"""`niis extract`: tables of an area and a period as files, one of the catalogue or all in a ZIP."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.asked import Hierarchy, HierarchyOption, PlaceOption, unknown_code
from pipelines.commands.known import AsOfOption, open_as_known
from pipelines.commands.output import Format, console, print_rows, say
from pipelines.commands.scope import LanguageOption, PeriodOption, PeriodTypeOption, note_download, scope_of
from pipelines.files import write_bytes_atomically
from pipelines.settings import Settings

if TYPE_CHECKING:
    from dashboards.exports.scope import Scope
    from pipelines.reference import ExtractKind, Registry

_ALL = "all"
_LIST = "list"


class FileFormat(StrEnum):
    """How a table is written."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("extract")(extract)


def extract(
    ctx: typer.Context,
    *,
    code: Annotated[
        str,
        typer.Argument(
            help="Mã bảng trích xuất; `all` là toàn bộ trong một ZIP; `list` để xem danh mục"
            " / an extract's code; `all` is the whole catalogue as one ZIP; `list` shows the catalogue."
        ),
    ],
    area: PlaceOption = "VN",
    period: PeriodOption = "",
    period_type: PeriodTypeOption = None,
    hierarchy: HierarchyOption = Hierarchy.OLD,
    level: Annotated[
        str | None,
        typer.Option(
            help="Xuống đến cấp: province, district, commune; mặc định một cấp"
            " / down to this level; one step by default."
        ),
    ] = None,
    form: Annotated[
        FileFormat, typer.Option("--format", help="Định dạng tệp / how tables are written.")
    ] = FileFormat.CSV,
    language: LanguageOption = "vi",
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Tệp để ghi; ZIP với `all` / the file to write; a ZIP for `all`."),
    ] = None,
    as_of: AsOfOption = None,
) -> None:
    """Trích xuất số liệu của địa bàn và kỳ ra tệp / write tables of an area and a period to a file."""
    from dashboards.exports import extracts  # noqa: PLC0415 - commands import what they need
    from pipelines.reference import load_registry  # noqa: PLC0415

    registry = load_registry()
    if code == _LIST:
        rows = [dataclasses.asdict(row) for row in extracts.in_order(registry)]
        print_rows(rows, ["extract_code", "name_vi", "name_en", "description_vi", "description_en"], Format.TABLE)
        return
    kinds = extracts.in_order(registry) if code == _ALL else [_known(registry, code)]
    if not period:
        raise typer.BadParameter("name a period, such as a year.", param_hint="--period")
    if out is None:
        raise typer.BadParameter("name the file to write.", param_hint="--out")
    settings: Settings = ctx.obj
    scope = scope_of(
        open_as_known(settings, as_of),
        area=area,
        hierarchy=hierarchy.value,
        period=period,
        period_type=period_type,
        language=language,
    )
    note_download(settings, out, scope)
    if code == _ALL:
        _write_all(registry, kinds, scope, form, level, out)
    else:
        _write_one(registry, kinds[0], scope, form, level, out)
    say(f"{out}: {out.stat().st_size:,} byte")


def _write_all(
    registry: Registry, kinds: list[ExtractKind], scope: Scope, form: FileFormat, level: str | None, out: Path
) -> None:
    from dashboards.exports import archive  # noqa: PLC0415
    from pipelines.progress import ConsoleReporter  # noqa: PLC0415

    with ConsoleReporter(console(stderr=True)).step("Trích xuất / extracts") as step:
        content = archive.to_zip(registry, kinds, scope, form=form.value, last_level=level, step=step)
    write_bytes_atomically(out, content)


def _write_one(
    registry: Registry, kind: ExtractKind, scope: Scope, form: FileFormat, level: str | None, out: Path
) -> None:
    from dashboards.exports import archive, extracts  # noqa: PLC0415
    from pipelines.progress import ConsoleReporter  # noqa: PLC0415

    with ConsoleReporter(console(stderr=True)).step(f"{kind.name_vi} / {kind.name_en}"):
        made = extracts.make(registry, kind, scope, extracts.areas_of(scope, level))
        content = archive.to_bytes(registry, kind, made, form.value)
    write_bytes_atomically(out, content)
    if form is FileFormat.CSV:
        write_bytes_atomically(out.with_name(archive.metadata_name(out.name)), archive.metadata(made).encode())


def _known(registry: Registry, code: str) -> ExtractKind:
    if code not in registry.extracts:
        raise unknown_code("extract", code, registry.extracts, "`niis extract list` shows them")
    return registry.extracts[code]
