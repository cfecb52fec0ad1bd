"""`niis indicator`: published values of one indicator."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from pipelines.commands.asked import (
    CodeArgument,
    PeriodType,
    PlaceOption,
    check_asked,
    check_indicator,
    check_listed,
    check_period,
    read_over,
)
from pipelines.commands.known import AsOfOption, day_of, open_as_known
from pipelines.commands.output import Format, FormatOption, print_rows
from pipelines.settings import Settings

if TYPE_CHECKING:
    import polars as pl

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


class Places(TypedDict):
    """Which areas are asked for, in the words of `Release.indicator_values`: some, or those below one."""

    area_codes: list[str] | None
    parent_code: str | None


class Periods(TypedDict):
    """Which periods are asked for, in the same words."""

    period_type: str
    period_from: str | None
    period_to: str | None


def with_adjusted(raw: pl.DataFrame, adjusted: pl.DataFrame) -> pl.DataFrame:
    """Return values with the adjusted in the place of those that differ; `raw_value` is as published."""
    import polars as pl  # noqa: PLC0415 - commands import what they need

    key = ["area_code", "period", "indicator_code"]
    same = raw.join(adjusted.select(key), on=key, how="anti").with_columns(pl.col("value").alias("raw_value"))
    return pl.concat([same, adjusted], how="diagonal")


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
    areas_of: Annotated[
        str | None,
        typer.Option(
            "--areas-of",
            help="Danh mục quận/huyện, xã vào ngày này, YYYY-MM-DD / districts and communes as listed on this day.",
        ),
    ] = None,
    adjusted: Annotated[
        bool,
        typer.Option(
            "--adjusted",
            help="Không tính giá trị cán bộ đã loại; raw_value là giá trị gốc / without what stewards left out;"
            " raw_value is the value as published.",
        ),
    ] = False,
    as_of: AsOfOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Giá trị đã phát hành của một chỉ số, mỗi địa bàn và kỳ một dòng / published values, a row an area and period."""
    check_period("--from", period_from, period_type)
    check_period("--to", period_to, period_type)
    listed_on = day_of(areas_of, "--areas-of") if areas_of is not None else None
    if listed_on and hierarchy is Geography.AS_WAS:
        raise typer.BadParameter(
            "as-was takes the list of each period itself; leave one of the two out.", param_hint="--areas-of"
        )
    if adjusted and (listed_on or hierarchy is Geography.AS_WAS):
        raise typer.BadParameter("adjusted values are of the areas of one tree; leave it out.", param_hint="--adjusted")
    settings: Settings = ctx.obj
    release = open_as_known(settings, as_of)
    areas = release.area_list(hierarchy.value, listed_on) if listed_on else None
    if areas and listed_on:
        check_indicator(release, code)
        check_listed(areas, area, listed_on)
    elif hierarchy is Geography.AS_WAS and release.is_listed(area):
        check_indicator(release, code)
    else:
        trees = [tree.value for tree in Geography if tree is not Geography.AS_WAS]
        check_asked(release, code, trees if hierarchy is Geography.AS_WAS else [hierarchy.value], area)
    if denominator is not None:
        code = read_over(release, code, denominator)
    periods = Periods(period_type=period_type.value, period_from=period_from, period_to=period_to)
    places = Places(area_codes=None if children else [area], parent_code=area if children else None)
    columns = COLUMNS
    if hierarchy is Geography.AS_WAS:
        values = release.values_as_was([code], **places, **periods)
        columns = ["hierarchy_code", *columns, "split_share"]
    elif areas:
        asked = areas.children(area) if children else [area]
        values = release.values_on_list([code], hierarchy.value, areas, area_codes=asked, **periods)
    else:
        values = release.indicator_values([code], hierarchy.value, **places, **periods)
        if hierarchy is Geography.NEW:
            values = release.with_split_shares(values, hierarchy.value)
            columns = [*columns, "split_share"]
    if adjusted:
        values = with_adjusted(values, release.adjusted_values([code], hierarchy.value, **places, **periods))
        columns = [*columns, "raw_value"]
    rows = values.sort("area_code", "period").to_dicts()
    if as_of is not None:
        info = release.info()
        columns = [*columns, "known_on", "knowledge_basis"]
        rows = [{**row, "known_on": info.known_on, "knowledge_basis": info.knowledge_basis} for row in rows]
    print_rows(rows, columns, form)
