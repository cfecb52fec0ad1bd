"""`niis red`: the RED category of each area below one, with the limits it was judged by."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.asked import Hierarchy, HierarchyOption, PeriodType, PlaceOption, check_period, unknown_area
from pipelines.commands.known import AsOfOption, open_as_known
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows
from pipelines.settings import Settings

COLUMNS = [
    "area_code",
    "period",
    "access",
    "utilisation",
    "category_code",
    "label_vi",
    "label_en",
    "access_indicator_code",
    "access_minimum",
    "utilisation_indicator_code",
    "utilisation_limit",
    "is_limit_good",
    "rule_code",
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("red")(red)


def red(
    ctx: typer.Context,
    *,
    area: PlaceOption = "VN",
    hierarchy: HierarchyOption = Hierarchy.OLD,
    period_type: Annotated[PeriodType, typer.Option(help="Loại kỳ / the kind of period.")] = PeriodType.YEAR,
    period: Annotated[
        str | None, typer.Option(help="Kỳ; không nêu thì lấy kỳ gần nhất đã xong / the period; else the last full one.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option(help="Quy tắc phân loại khác / another rule than the default one.")
    ] = None,
    as_of: AsOfOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Phân loại RED của từng địa bàn trực thuộc / the RED category of each area directly below."""
    from dashboards.red import categorise, rule_of  # noqa: PLC0415 - commands import what they need

    check_period("--period", period, period_type)
    settings: Settings = ctx.obj
    release = open_as_known(settings, as_of)
    if release.area(hierarchy.value, area) is None:
        raise unknown_area([hierarchy.value], area)
    limits = rule_of(release, rule)
    chosen = period or release.latest_complete_period(period_type.value, hierarchy.value)
    below = release.children(hierarchy.value, area)["area_code"].to_list()
    if not below:
        raise CommandError(f"area '{area}' has no areas below it; ask for one above, such as --area VN.")
    found = categorise(release, limits, hierarchy.value, below, period_type.value, chosen or "")
    rows = [
        {**limits, **item.category, "area_code": item.area_code, "period": chosen, "access": item.access,
         "utilisation": item.utilisation}
        for item in found
    ]  # fmt: skip
    print_rows(rows, COLUMNS, form)
