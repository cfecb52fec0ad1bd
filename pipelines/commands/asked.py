"""What several commands ask for in the same words: an indicator, an area, a tree, a period; and whether they exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.output import CommandError

if TYPE_CHECKING:
    from datetime import date

    from dashboards.area_lists import AreaList
    from dashboards.warehouse import Release


class Hierarchy(StrEnum):
    """The tree of areas."""

    OLD = "63"
    NEW = "34"


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

CodeArgument = Annotated[
    str, typer.Argument(help="Mã chỉ số / the indicator's code, such as those of docs/indicators.md.")
]
PlaceOption = Annotated[
    str, typer.Option("--area", help="Mã địa bàn; cả nước là VN / the area's code; the nation is VN.")
]
HierarchyOption = Annotated[
    Hierarchy, typer.Option(help="Cây 63 tỉnh hay 34 tỉnh / the tree of 63 or of 34 provinces.")
]


def check_period(option: str, text: str | None, kind: PeriodType) -> None:
    """Raise BadParameter where an option's period, if there is one, is not written as its type is."""
    pattern, shape = PERIOD_SHAPES[kind]
    if text is not None and not re.fullmatch(pattern, text):
        raise typer.BadParameter(f"'{text}' is not a period of type {kind}; write it as {shape}.", param_hint=option)


def unknown_area(trees: Sequence[str], area: str) -> CommandError:
    """Return what to raise where none of the trees has such an area."""
    return CommandError(
        f"the tree {' or '.join(trees)} has no area '{area}'; codes are in dim_areas, and the nation is VN."
    )


def unknown_code(kind: str, code: str, known: Iterable[str], otherwise: str) -> CommandError:
    """Return what to raise where nothing of a kind has a code: with what is written alike, or else where to look."""
    near = difflib.get_close_matches(code, list(known), n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else f"{otherwise}."
    return CommandError(f"there is no {kind} '{code}'; {hint}")


def check_indicator(release: Release, code: str) -> None:
    """Raise CommandError with a sentence where a release has no such indicator."""
    known = release.indicators()["indicator_code"].to_list()
    if code not in known:
        raise unknown_code("indicator", code, known, "docs/indicators.md lists them")


def check_asked(release: Release, code: str, trees: Sequence[str], area: str) -> None:
    """Raise CommandError with a sentence where a release has no such indicator, or none of the trees such an area."""
    check_indicator(release, code)
    if all(release.area(tree, area) is None for tree in trees):
        raise unknown_area(trees, area)


def check_listed(areas: AreaList, area: str, day: date) -> None:
    """Raise CommandError with a sentence where a list of areas has no such area."""
    if area in areas.areas:
        return
    home = areas.home(area)
    hint = f"; it lies in '{home}' there" if home else "; the nation is VN"
    raise CommandError(f"the list of {day.isoformat()} has no area '{area}'{hint}.")


def read_over(release: Release, code: str, denominator: str) -> str:
    """Return the code of an indicator over another denominator. Raises CommandError when it has no such."""
    read_as: dict[str, str] = dict(release.denominators(code).select("denominator_code", "read_as").iter_rows())
    if denominator not in read_as:
        offered = f"those it can be read over: {', '.join(read_as)}" if read_as else "it can be read over no other"
        raise CommandError(f"'{code}' has no denominator '{denominator}'; {offered}.")
    return read_as[denominator]
