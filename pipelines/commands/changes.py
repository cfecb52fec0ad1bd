"""`niis changes`: what became of published values, and because of which files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.asked import Hierarchy, HierarchyOption, PeriodType, PlaceOption, check_asked
from pipelines.commands.known import day_of, open_as_known
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say
from pipelines.settings import Settings

if TYPE_CHECKING:
    from dashboards.warehouse import Release

COLUMNS = [
    "indicator_code", "area_code", "period", "value_then", "value_now", "difference", "numerator_then", "numerator_now",
    "denominator_then", "denominator_now", "units_included_then", "units_included_now", "value_status_then",
    "value_status_now", "definition_version_then", "definition_version_now",
]  # fmt: skip
SHOWN = [*COLUMNS[:8], "units_included_then", "units_included_now"]
FILE_COLUMNS = [
    "original_name", "submission_id", "submission_kind", "received_at", "submitted_at", "place_count", "row_count",
]  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("changes")(changes)


def changes(
    ctx: typer.Context,
    *,
    code: Annotated[
        str | None, typer.Argument(help="Mã chỉ số; bỏ trống: mọi chỉ số chính / an indicator; none: all headlines.")
    ] = None,
    area: PlaceOption = "VN",
    hierarchy: HierarchyOption = Hierarchy.OLD,
    period_type: Annotated[PeriodType, typer.Option(help="Loại kỳ / the kind of period.")] = PeriodType.MONTH,
    since: Annotated[
        str | None,
        typer.Option(help="So với số liệu đã biết vào ngày này, YYYY-MM-DD / against what was known on this day."),
    ] = None,
    from_release: Annotated[
        str | None,
        typer.Option(help="So với bản phát hành này; mặc định: bản trước / against this release; default: the last."),
    ] = None,
    files: Annotated[
        bool, typer.Option("--files", help="Các tệp gây ra thay đổi / the files that brought the changes about.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Giá trị nào đã đổi từ một bản phát hành, và vì tệp nào / which values changed since a release, by which files."""
    from dashboards.knowledge import changes as find_changes  # noqa: PLC0415 - commands import what they need
    from dashboards.knowledge import files_between  # noqa: PLC0415
    from dashboards.warehouse import open_release  # noqa: PLC0415

    if since is not None and from_release is not None:
        raise typer.BadParameter("give a day or a release, not both.", param_hint="--since")
    settings: Settings = ctx.obj
    now = open_release(settings.published)
    codes = [code] if code else now.indicators().filter(now.indicators()["is_headline"])["indicator_code"].to_list()
    for asked in codes:
        check_asked(now, asked, [hierarchy.value], area)
    if since is not None:
        then = open_as_known(settings, day_of(since, "--since").isoformat())
    else:
        then = _earlier(settings, from_release)
    found = find_changes(then, now, codes, hierarchy.value, [area], period_type.value)
    if found.is_empty():
        say("Không có giá trị nào đổi / no value changed.")
    if not files:
        print_rows(found.to_dicts(), SHOWN if form is Format.TABLE else COLUMNS, form)
        return
    rows = []
    for (asked,), group in found.group_by("indicator_code", maintain_order=True):
        first, last = min(group["period_start_month"]), max(group["period_end_month"])
        behind = files_between(then, now, str(asked), hierarchy.value, area, first, last)
        rows += [{"indicator_code": asked, **row} for row in behind.to_dicts()]
    print_rows(rows, ["indicator_code", *FILE_COLUMNS], form)


def _earlier(settings: Settings, wanted: str | None) -> Release:
    """Return the release named, or the one before the current."""
    from dashboards.warehouse import open_known  # noqa: PLC0415 - commands import what they need
    from pipelines.history import find_release, records, restored  # noqa: PLC0415

    known = records(settings)
    if wanted is not None:
        record = find_release(known, wanted)
    elif len(known) > 1:
        record = known[-2]
    else:
        raise CommandError("there is no release before the current one; give a day with --since.")
    say(f"So với / against: {record.release_id}")
    return open_known(restored(settings, record), record.published_on, "release")
