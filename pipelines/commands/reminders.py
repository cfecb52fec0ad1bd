"""`niis reminders`: a queue of messages to those who are due; nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.acting import log
from pipelines.commands.asked import Hierarchy, HierarchyOption
from pipelines.commands.output import say
from pipelines.commands.persons_file import AreaOption, DateOption, day_of, known_area, opened
from pipelines.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reminders")(reminders)


def reminders(
    ctx: typer.Context,
    *,
    area: AreaOption,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Tệp CSV, mỗi tin một dòng / a CSV file, a row a message.")],
    hierarchy: HierarchyOption = Hierarchy.OLD,
    day: DateOption = None,
) -> None:
    """Lập hàng chờ tin nhắn mời tiêm, mỗi người một tin; không gửi gì / make a queue of invitations, one a person;
    nothing is sent.
    """
    from dashboards.downloads import to_csv  # noqa: PLC0415 - commands import what they need
    from dashboards.due import left_out, message_extract  # noqa: PLC0415
    from dashboards.i18n import Texts  # noqa: PLC0415
    from pipelines.care.private import write_private  # noqa: PLC0415
    from pipelines.care.reminders import reminders as reminders_of  # noqa: PLC0415
    from pipelines.reference import load_registry  # noqa: PLC0415

    settings: Settings = ctx.obj
    persons = opened(settings)
    known_area(persons, hierarchy.value, area)
    on = day_of(persons, day)
    made = reminders_of(persons.due_list(hierarchy.value, area, on), load_registry(), on)
    log(
        settings,
        "reminders",
        hierarchy=hierarchy.value,
        area=area,
        day=on.isoformat(),
        messages=made.messages.height,
    )
    write_private(out, to_csv(message_extract(made)))
    say(f"{made.messages.height} tin nhắn chờ gửi / messages in the queue: {out}")
    for sentences in zip(left_out(made, Texts("vi")), left_out(made, Texts("en")), strict=True):
        say(" / ".join(sentences))
