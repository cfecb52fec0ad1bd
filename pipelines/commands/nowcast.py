"""`niis nowcast`: what months that are not all in yet will come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.asked import Hierarchy, HierarchyOption, PlaceOption, check_asked
from pipelines.commands.known import AsOfOption, open_as_known
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.nowcast import Held

COLUMNS = [
    "period", "delay_days", "status", "arrived_share", "months_used", "numerator", "value", "estimate", "narrow_low",
    "narrow_high", "wide_low", "wide_high",
]  # fmt: skip
SCORE_COLUMNS = [
    "delay_days", "months", "error", "partial_error", "in_narrow", "months_narrow", "in_wide", "months_wide",
]  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("nowcast")(nowcast)


def nowcast(
    ctx: typer.Context,
    *,
    code: Annotated[
        str | None, typer.Argument(help="Mã chỉ số bao phủ / the code of a coverage indicator; none with --score.")
    ] = None,
    area: PlaceOption = "VN",
    hierarchy: HierarchyOption = Hierarchy.OLD,
    as_of: AsOfOption = None,
    score: Annotated[
        bool,
        typer.Option(
            "--score",
            help="Chấm điểm ước tính trên các tháng đã đủ, của các địa bàn trực thuộc"
            " / score the estimates on past months, over the areas directly below.",
        ),
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Ước tính giá trị của các tháng chưa đủ báo cáo / what months that are not all in yet will come to."""
    from dashboards import knowledge  # noqa: PLC0415 - commands import what they need

    settings: Settings = ctx.obj
    release = open_as_known(settings, as_of)
    if score:
        codes = release.children(hierarchy.value, area)["area_code"].to_list()
        delays = sorted({0, *release.reporting_deadlines()["deadline_days"].to_list()})
        held = [item for below in codes for item in knowledge.score(release, hierarchy.value, below, delays)]
        print_rows(_scored(held), SCORE_COLUMNS, form)
        return
    if code is None:
        raise CommandError("name an indicator, or ask for --score.")
    check_asked(release, code, [hierarchy.value], area)
    found = knowledge.nowcast(release, code, hierarchy.value, area)
    if found.is_empty():
        say(
            "Mọi tháng đã đủ báo cáo / every month is all in; hỏi ngày trước với / ask for an earlier day with --as-of."
        )
    print_rows(found.to_dicts(), COLUMNS, form)


def _scored(held: Sequence[Held]) -> list[dict[str, object]]:
    import polars as pl  # noqa: PLC0415 - commands import what they need

    if not held:
        raise CommandError("no area below has enough past months for a score.")
    frame = pl.DataFrame(held)
    return (
        frame.group_by("delay_days")
        .agg(
            pl.len().alias("months"),
            pl.col("error", "partial_error", "in_narrow", "in_wide").mean(),
            pl.col("in_narrow").count().alias("months_narrow"),
            pl.col("in_wide").count().alias("months_wide"),
        )
        .sort("delay_days")
        .to_dicts()
    )
