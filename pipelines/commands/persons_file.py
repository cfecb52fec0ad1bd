"""What the commands about persons share: opening their file, the area and the day."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.acting import scope_of
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
    """Return the persons of the current release that whoever reads may see."""
    from dashboards.persons import open_persons  # noqa: PLC0415 - commands import what they need

    return open_persons(settings.published).within(scope_of(settings))


def known_area(persons: Persons, hierarchy: str, area: str) -> None:
    """Raise CommandError when the tree has no such area."""
    if not persons.has_area(hierarchy, area):
        raise unknown_area([hierarchy], area)


def day_of(persons: Persons, moment: datetime | None) -> date:
    """Return the day that was given, else that of the data."""
    return persons.as_of_date if moment is None else moment.date()
