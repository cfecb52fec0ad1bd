"""What the commands about persons share: opening their file, the area and the day, and writing down who looked."""

from __future__ import annotations

import getpass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.asked import unknown_area
from pipelines.settings import Settings

if TYPE_CHECKING:
    from dashboards.persons import Persons

AreaOption = Annotated[str, typer.Option(help="Mã địa bàn / the area's code.")]
DateOption = Annotated[
    datetime | None,
    typer.Option(
        "--date",
        formats=["%Y-%m-%d"],
        help="Ngày, YYYY-MM-DD; mặc định là ngày của số liệu / the day; by default that of the data.",
    ),
]


class Words(StrEnum):
    """The language of notes and files."""

    VI = "vi"
    EN = "en"


WordsOption = Annotated[Words, typer.Option("--language", help="Tiếng của ghi chú và tệp / the language of words.")]


def opened(settings: Settings) -> Persons:
    """Return the persons of the current release."""
    from dashboards.persons import open_persons  # noqa: PLC0415 - commands import what they need

    return open_persons(settings.published)


def known_area(persons: Persons, hierarchy: str, area: str) -> None:
    """Raise CommandError when the tree has no such area."""
    if not persons.has_area(hierarchy, area):
        raise unknown_area([hierarchy], area)


def day_of(persons: Persons, moment: datetime | None) -> date:
    """Return the day that was given, else that of the data."""
    return persons.as_of_date if moment is None else moment.date()


def note(settings: Settings, action: str, **what: str | int | None) -> None:
    """Write down that the user of this machine looked."""
    from dashboards.formats import viet_nam_now  # noqa: PLC0415 - commands import what they need
    from pipelines.care.audit import note_access  # noqa: PLC0415

    note_access(settings.person_access_log, who=f"cli:{getpass.getuser()}", at=viet_nam_now(), action=action, **what)
