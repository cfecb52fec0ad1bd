"""`niis bridge`: what lies between period and cohort coverage of a dose, in one area and year."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from pipelines.commands.asked import Hierarchy, HierarchyOption, PlaceOption, unknown_area
from pipelines.commands.known import AsOfOption, open_as_known
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows
from pipelines.settings import Settings

COLUMNS = ["step_code", "step_kind", "value", "percentage_points", "name_vi", "name_en"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bridge")(bridge)


def bridge(
    ctx: typer.Context,
    *,
    dose: Annotated[str, typer.Argument(help="Mã mũi tiêm, như trong docs/indicators.md / the dose's code.")],
    year: Annotated[int, typer.Option(help="Năm / the year.")],
    area: PlaceOption = "VN",
    hierarchy: HierarchyOption = Hierarchy.OLD,
    as_of: AsOfOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Từ tỷ lệ trong kỳ đến tỷ lệ đoàn hệ, từng bước / from period to cohort coverage, step by step."""
    settings: Settings = ctx.obj
    release = open_as_known(settings, as_of)
    if release.area(hierarchy.value, area) is None:
        raise unknown_area([hierarchy.value], area)
    steps = release.coverage_bridge(hierarchy.value, area, dose, year)
    if not steps.height:
        known = release.bridged(hierarchy.value, area)
        doses = known["dose_code"].unique(maintain_order=True).to_list()
        if dose not in doses:
            near = difflib.get_close_matches(dose, doses, n=3, cutoff=0.4) or doses
            offered = f"those with one are {', '.join(near)}" if near else "neither has any other dose"
            raise CommandError(f"area '{area}' has no bridge of a dose '{dose}'; {offered}.")
        years = sorted(row["year"] for row in known.iter_rows(named=True) if row["dose_code"] == dose)
        raise CommandError(
            f"area '{area}' has no bridge of '{dose}' in {year}; years with one: {', '.join(map(str, years))}."
        )
    print_rows(steps.to_dicts(), COLUMNS, form)
