"""`niis indicator`: published values of one indicator."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from pipelines.commands.known import AsOfOption, open_as_known
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows
from pipelines.settings import Settings

if TYPE_CHECKING:
    from dashboards.warehouse import Release

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


class Hierarchy(StrEnum):
    """The tree of areas."""

    OLD = "63"
    NEW = "34"


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


class PeriodType(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    YTD = "ytd"
    YEAR = "year"
    ROLLING12 = "rolling12"


PERIOD_SHAPES = {
    PeriodType.MONTH: (r"\d{4}-(0[1-9]|1[0-2])", "YYYY-MM"),
    PeriodType.YTD: (r"\d{4}-(0[1-9]|1[0-2])", "YYYY-MM"),
    PeriodType.ROLLING12: (r"\d{4}-(0[1-9]|1[0-2])", "YYYY-MM"),
    PeriodType.QUARTER: (r"\d{4}Q[1-4]", "YYYYQn"),
    PeriodType.YEAR: (r"\d{4}", "YYYY"),
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("indicator")(indicator)


def indicator(
    ctx: typer.Context,
    *,
    code: Annotated[str, typer.Argument(help="Mã chỉ số / the indicator's code, such as those of docs/indicators.md.")],
    area: Annotated[str, typer.Option(help="Mã địa bàn; cả nước là VN / the area's code; the nation is VN.")] = "VN",
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
    for option, period in (("--from", period_from), ("--to", period_to)):
        pattern, shape = PERIOD_SHAPES[period_type]
        if period is not None and not re.fullmatch(pattern, period):
            raise typer.BadParameter(
                f"'{period}' is not a period of type {period_type}; write it as {shape}.", param_hint=option
            )
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
        columns = ["hierarchy_code", *columns]
    else:
        values = release.indicator_values([code], hierarchy.value, **where)
    rows = values.sort("area_code", "period").to_dicts()
    if as_of is not None:
        info = release.info()
        columns = [*columns, "known_on", "knowledge_basis"]
        rows = [{**row, "known_on": info.known_on, "knowledge_basis": info.knowledge_basis} for row in rows]
    print_rows(rows, columns, form)


def check_asked(release: Release, code: str, trees: Sequence[str], area: str) -> None:
    """Raise CommandError with a sentence where a release has no such indicator, or none of the trees such an area."""
    known = release.indicators()["indicator_code"].to_list()
    if code not in known:
        near = difflib.get_close_matches(code, known, n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(near)}?" if near else "; docs/indicators.md lists them."
        raise CommandError(f"there is no indicator '{code}'{hint}")
    if all(release.area(tree, area) is None for tree in trees):
        raise CommandError(
            f"the tree {' or '.join(trees)} has no area '{area}'; codes are in dim_areas, and the nation is VN."
        )


def read_over(release: Release, code: str, denominator: str) -> str:
    """Return the code of an indicator over another denominator. Raises CommandError when it has no such."""
    read_as: dict[str, str] = dict(release.denominators(code).select("denominator_code", "read_as").iter_rows())
    if denominator not in read_as:
        offered = f"those it can be read over: {', '.join(read_as)}" if read_as else "it can be read over no other"
        raise CommandError(f"'{code}' has no denominator '{denominator}'; {offered}.")
    return read_as[denominator]
