"""The option `--as-of`, and the copy that it opens."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.acting import scope_of
from pipelines.commands.output import console, say
from pipelines.settings import Settings

if TYPE_CHECKING:
    from dashboards.warehouse import Release

AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="Số liệu như đã biết vào cuối ngày này, YYYY-MM-DD / the data as it was known at the end of this day.",
    ),
]

_BASES = {
    "release": "bản phát hành hiện hành vào ngày đó / the release that stood on that day",
    "sent": "những gì các đơn vị đã gửi đến ngày đó (trước bản phát hành đầu tiên) với định nghĩa hôm nay"
    " / what senders had sent by that day (before the first release), with today's definitions",
}


def open_as_known(settings: Settings, as_of: str | None) -> Release:
    """Return the current release, or with a day the copy of what was known on it, made first when it is not there."""
    from dashboards.warehouse import open_known, open_release  # noqa: PLC0415 - commands import what they need

    if as_of is None:
        return open_release(settings.published).within(scope_of(settings)).leaving()
    day = day_of(as_of, "--as-of")
    from pipelines.asof import copy_known_on  # noqa: PLC0415
    from pipelines.progress import ConsoleReporter  # noqa: PLC0415
    from pipelines.reference import load_registry  # noqa: PLC0415

    reporter = ConsoleReporter(console(stderr=True))
    copy = copy_known_on(settings, load_registry(), day, reporter, built_at=datetime.now(UTC))
    say(f"Số liệu đã biết vào / as known on {copy.day.isoformat()}: {_BASES[copy.basis]}")
    return open_known(copy.folder, copy.day, copy.basis).within(scope_of(settings)).leaving()


def day_of(text: str, option: str) -> date:
    """Return a day written as YYYY-MM-DD. Raises BadParameter with a sentence."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a day; write it as YYYY-MM-DD.", param_hint=option) from None
