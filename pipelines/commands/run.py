"""`niis run`: everything that waits, to publication."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.output import console, say
from pipelines.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    ctx: typer.Context,
    everything: Annotated[
        bool,
        typer.Option("--everything", help="Dựng lại toàn bộ kho / build the whole warehouse again from the lake."),
    ] = False,
) -> None:
    """Tiếp nhận mọi tệp đang chờ, dựng kho, kiểm tra, phát hành / everything that waits, to publication."""
    from pipelines.progress import ConsoleReporter  # noqa: PLC0415 - commands import what they need
    from pipelines.runner import run as run_pipeline  # noqa: PLC0415

    settings: Settings = ctx.obj
    reporter = ConsoleReporter(console(stderr=True))
    outcome = run_pipeline(settings, reporter, mode="everything" if everything else "changed")
    if outcome.release is None:
        say("Chưa có số liệu để phát hành / nothing to publish yet: submit files first (niis submit PATH).")
    elif outcome.is_new:
        say(f"Đã phát hành / published: {outcome.release.release_id}, số liệu đến / as of {outcome.release.as_of_date}")
    else:
        say(f"Không có gì mới / nothing new; hiện hành / current: {outcome.release.release_id}")
