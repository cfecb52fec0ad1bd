"""`niis scorecard` and `niis letter`: how good the data of a place are, and what its facility should mend."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.acting import log
from pipelines.commands.asked import Hierarchy, HierarchyOption, unknown_area
from pipelines.commands.known import open_as_known
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say
from pipelines.settings import Settings

COLUMNS = [
    "level_code", "place_code", "place_vi", "score_year", "component_code", "name_vi", "name_en", "violations",
    "evaluated", "score", "band_code", "label_vi", "label_en", "peer_code", "peer_rank", "peer_count",
]  # fmt: skip

YearOption = Annotated[
    int | None, typer.Option(help="Năm; không nêu thì lấy năm mới nhất / the year; else the newest.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("scorecard")(scorecard)
    app.command("letter")(letter)


def scorecard(
    ctx: typer.Context,
    *,
    area: Annotated[
        str | None, typer.Option("--area", help="Mã địa bàn; cả nước là VN / the area's code; the nation is VN.")
    ] = None,
    facility: Annotated[str | None, typer.Option("--facility", help="Mã cơ sở / the code of a facility.")] = None,
    hierarchy: HierarchyOption = Hierarchy.NEW,
    year: YearOption = None,
    ranking: Annotated[
        bool,
        typer.Option(
            "--ranking",
            help="Xếp hạng địa bàn trực thuộc, hoặc cơ sở của xã / rank the areas below, or a commune's facilities.",
        ),
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Phiếu điểm chất lượng dữ liệu của một địa bàn hay cơ sở / the scorecard of an area's or a facility's data."""
    from dashboards.scorecards import facility_scorecard, ranked_below, year_of  # noqa: PLC0415 - only what is needed

    if (area is None) == (facility is None):
        raise CommandError("name either --area or --facility.")
    if ranking and area is None:
        raise CommandError("--ranking is of what lies below an area; name it with --area.")
    release = open_as_known(ctx.obj, None)
    chosen = year_of(release, year)
    if facility is not None:
        found = facility_scorecard(release, facility, chosen)
    else:
        code = str(area)
        if release.area(hierarchy.value, code) is None:
            raise unknown_area([hierarchy.value], code)
        if ranking:
            found = ranked_below(release, hierarchy.value, code, chosen)
        else:
            found = release.area_scorecards(hierarchy.value, [code], chosen)
    print_rows(found.to_dicts(), COLUMNS, form)


def letter(
    ctx: typer.Context,
    facility: Annotated[str, typer.Argument(help="Mã cơ sở / the code of a facility.")],
    *,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Tệp PDF để ghi / the PDF file to write.")],
    year: YearOption = None,
) -> None:
    """Thư gửi cơ sở về những điều cần sửa (PDF, A4) / the letter to a facility of what to mend."""
    from dashboards.scorecards import letter_of  # noqa: PLC0415 - commands import what they need
    from pipelines.files import write_bytes_atomically  # noqa: PLC0415
    from pipelines.stewardship.letter import render_pdf  # noqa: PLC0415

    settings: Settings = ctx.obj
    page = render_pdf(letter_of(open_as_known(settings, None), facility, year))
    log(settings, "download", file=out.name, facility=facility)
    write_bytes_atomically(out, page)
    say(str(out))
