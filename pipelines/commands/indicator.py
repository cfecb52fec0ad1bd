"""`niis indicator`: published values of one indicator."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypedDict

import typer

from pipelines.commands.asked import CodeArgument, PeriodType, PlaceOption, check_asked, check_period, read_over
from pipelines.commands.known import AsOfOption, open_as_known
from pipelines.commands.output import Format, FormatOption, print_rows
from pipelines.settings import Settings

COLUMNS = [
    "area_code",
    "period",
    "numerator",
    "denominator",
    "value",
    "units_included",
    "units_expected",
    "value_status",
    "definition_version",
]


class Geography(StrEnum):
    """The tree of areas that values are shown in."""

    OLD = "63"
    NEW = "34"
    AS_WAS = "was"  # of each period the tree that was in force at its end


class Where(TypedDict):
    """Which values are asked for, in the words of `Release.indicator_values`."""

    area_codes: list[str] | None
    parent_code: str | None
    period_type: str
    period_from: str | None
    period_to: str | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("indicator")(indicator)


def indicator(
    ctx: typer.Context,
    *,
    code: CodeArgument,
    area: PlaceOption = "VN",
    hierarchy: Annotated[
        Geography,
        typer.Option(
            help="Cây 63 tỉnh, 34 tỉnh, hay cây của từng thời kỳ (was) / the tree of 63 or of 34 provinces,"
            " or of each period the one in force then (was)."
        ),
    ] = Geography.OLD,
    period_type: Annotated[PeriodType, typer.Option(help="Loại kỳ / the kind of period.")] = PeriodType.MONTH,
    period_from: Annotated[
        str | None, typer.Option("--from", help="Kỳ đầu: 2024-03, 2024Q1, 2024 / the first period.")
    ] = None,
    period_to: Annotated[str | None, typer.Option("--to", help="Kỳ cuối / the last period.")] = None,
    children: Annotated[
        bool,
        typer.Option("--children", help="Từng địa bàn trực thuộc / each area directly below, instead of the area."),
    ] = False,
    denominator: Annotated[
        str | None,
        typer.Option(
            help="Mẫu số khác: official_target, un_estimate ... / another denominator than the indicator's own."
        ),
    ] = None,
    as_of: AsOfOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Giá trị đã phát hành của một chỉ số, mỗi địa bàn và kỳ một dòng / published values, a row an area and period."""
    check_period("--from", period_from, period_type)
    check_period("--to", period_to, period_type)
    settings: Settings = ctx.obj
    release = open_as_known(settings, as_of)
    trees = [tree.value for tree in Geography if tree is not Geography.AS_WAS]
    check_asked(release, code, trees if hierarchy is Geography.AS_WAS else [hierarchy.value], area)
    if denominator is not None:
        code = read_over(release, code, denominator)
    where = Where(
        area_codes=None if children else [area],
        parent_code=area if children else None,
        period_type=period_type.value,
        period_from=period_from,
        period_to=period_to,
    )
    columns = COLUMNS
    if hierarchy is Geography.AS_WAS:
        values = release.values_as_was([code], **where)
        columns = ["hierarchy_code", *columns, "split_share"]
    else:
        values = release.indicator_values([code], hierarchy.value, **where)
        if hierarchy is Geography.NEW:
            values = release.with_split_shares(values, hierarchy.value)
            columns = [*columns, "split_share"]
    rows = values.sort("area_code", "period").to_dicts()
    if as_of is not None:
        info = release.info()
        columns = [*columns, "known_on", "knowledge_basis"]
        rows = [{**row, "known_on": info.known_on, "knowledge_basis": info.knowledge_basis} for row in rows]
    print_rows(rows, columns, form)
