"""What commands that write files ask in the same words: an area, a period, a language; and the scope they make."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.commands.acting import log
from pipelines.commands.acting import scope_of as reader_scope
from pipelines.commands.asked import PERIOD_SHAPES, PeriodType, unknown_area
from pipelines.commands.output import CommandError

if TYPE_CHECKING:
    from dashboards.exports.scope import Scope
    from dashboards.warehouse import Release
    from pipelines.settings import Settings

# The register names a facility's commune by the year of each tree's list.
_YEAR_OF_TREE = {"63": "2017", "34": "2025"}
PeriodOption = Annotated[
    str,
    typer.Option("--period", help="Kỳ: 2024-03, 2024Q1 hay 2024 / the period: a month, a quarter or a year."),
]
PeriodTypeOption = Annotated[
    PeriodType | None,
    typer.Option(
        help="Loại kỳ, khi tháng là tháng cuối của ytd hay rolling12"
        " / the kind of period, where a month is the last one of ytd or rolling12."
    ),
]
LanguageOption = Annotated[str, typer.Option("--lang", help="Ngôn ngữ: vi hay en / the language: vi or en.")]
OutOption = Annotated[Path, typer.Option("--out", dir_okay=False, help="Tệp để ghi / the file to write.")]


def kind_of(period: str, chosen: PeriodType | None) -> PeriodType:
    """Return the kind of a period by how it is written. Raises BadParameter when it is written as none."""
    written = [kind for kind, (pattern, _) in PERIOD_SHAPES.items() if re.fullmatch(pattern, period)]
    if not written or (chosen is not None and chosen not in written):
        kinds = "a month is YYYY-MM, a quarter YYYYQn, a year YYYY"
        raise typer.BadParameter(f"'{period}' is not a period of that type: {kinds}.", param_hint="--period")
    return chosen or written[0]


def scope_of(
    release: Release,
    *,
    area: str,
    hierarchy: str,
    period: str,
    period_type: PeriodType | None,
    language: str,
    facility: str = "",
) -> Scope:
    """Return what a file is about: an area, or a facility in its commune.

    Raises BadParameter or CommandError with a sentence when there is no such thing.
    """
    from dashboards.exports.scope import Scope  # noqa: PLC0415 - commands import what they need
    from dashboards.formats import LANGUAGES  # noqa: PLC0415
    from dashboards.geography import AreaTree  # noqa: PLC0415
    from dashboards.i18n import Texts  # noqa: PLC0415

    if language not in LANGUAGES:
        raise typer.BadParameter(f"'{language}' is none of {', '.join(LANGUAGES)}.", param_hint="--lang")
    kind = kind_of(period, period_type)
    tree = AreaTree(hierarchy, release.areas(hierarchy))
    row = _facility(release, facility) if facility else None
    found = tree.get(row[f"commune_code_{_YEAR_OF_TREE[hierarchy]}"] if row else area)
    if found is None:
        raise unknown_area([hierarchy], area)
    known = release.periods(kind.value)["period"].to_list()
    if period not in known:
        span = f"from {known[0]} to {known[-1]}" if known else "none at all"
        raise CommandError(f"the release has no {kind.value} {period}; it has {span}.")
    return Scope(release, tree, found, kind.value, period, Texts(language), row)


def _facility(release: Release, code: str) -> dict[str, Any]:
    from dashboards.warehouse import ReleaseError  # noqa: PLC0415 - commands import what they need

    try:
        return release.facility(code)
    except ReleaseError as error:
        raise CommandError(str(error)) from error


def note_download(settings: Settings, out: Path, scope: Scope) -> None:
    """Write down that a file is made of an area, before it is. Raises AccessDeniedError where the role takes none."""
    reader = reader_scope(settings)
    if reader is not None:
        reader.require_download()
    log(
        settings,
        "download",
        file=out.name,
        hierarchy=scope.hierarchy,
        area=scope.area.area_code,
        period=scope.period,
    )
