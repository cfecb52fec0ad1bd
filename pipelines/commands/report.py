"""`niis report`: the report of an area and a period as PDF."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.asked import Hierarchy, HierarchyOption, PlaceOption, check_indicator
from pipelines.commands.known import AsOfOption, open_as_known
from pipelines.commands.output import console, say
from pipelines.commands.scope import LanguageOption, OutOption, PeriodOption, PeriodTypeOption, note_download, scope_of
from pipelines.files import write_bytes_atomically
from pipelines.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    ctx: typer.Context,
    *,
    area: PlaceOption = "VN",
    period: PeriodOption,
    period_type: PeriodTypeOption = None,
    hierarchy: HierarchyOption = Hierarchy.OLD,
    indicator: Annotated[
        str | None,
        typer.Option(help="Chỉ số của bản đồ, diễn biến và xếp hạng / what the map, the trend and the ranking show."),
    ] = None,
    language: LanguageOption = "vi",
    out: OutOption,
    as_of: AsOfOption = None,
) -> None:
    """In báo cáo của địa bàn và kỳ ra PDF (A4) / print the report of an area and a period as PDF (A4)."""
    from dashboards.exports.report import to_pdf  # noqa: PLC0415 - commands import what they need
    from pipelines.progress import ConsoleReporter  # noqa: PLC0415

    settings: Settings = ctx.obj
    release = open_as_known(settings, as_of)
    scope = scope_of(
        release,
        area=area,
        hierarchy=hierarchy.value,
        period=period,
        period_type=period_type,
        language=language,
    )
    if indicator is not None:
        check_indicator(release, indicator)
    note_download(settings, out, scope)
    with ConsoleReporter(console(stderr=True)).step("Báo cáo / report") as step:
        page = to_pdf(scope, indicator, step)
    write_bytes_atomically(out, page)
    say(f"{out}: {len(page):,} byte")
