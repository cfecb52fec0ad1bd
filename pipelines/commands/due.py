"""`niis due`: who is due, overdue or complete in an area on a day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.commands.acting import log
from pipelines.commands.asked import Hierarchy, HierarchyOption
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say
from pipelines.commands.persons_file import (
    AreaOption,
    DateOption,
    Words,
    WordsOption,
    day_of,
    known_area,
    opened,
)
from pipelines.settings import Settings

COLUMNS = [
    "person_key",
    "full_name",
    "birth_date",
    "hierarchy_code",
    "commune_code",
    "series_code",
    "state_code",
    "dose_code",
    "earliest_date",
    "recommended_date",
    "days_overdue",
    "limit_date",
    "last_valid_number",
    "last_valid_date",
    "decided_date",
    "last_declared_date",
    "next_appointment_date",
    "mother_name",
    "phone",
    "contact_opt_out",
    "note",
]

# What fits on a screen.
_TABLE = [
    "person_key",
    "full_name",
    "birth_date",
    "commune_code",
    "series_code",
    "state_code",
    "dose_code",
    "recommended_date",
    "days_overdue",
    "phone",
    "note",
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("due")(due)


def due(
    ctx: typer.Context,
    *,
    area: AreaOption,
    hierarchy: HierarchyOption = Hierarchy.OLD,
    day: DateOption = None,
    state: Annotated[
        list[str] | None,
        typer.Option(help="Chỉ tình trạng này, lặp lại được / only this state, may be repeated: due, overdue ..."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Ghi ra tệp .csv hay .xlsx / write to a .csv or .xlsx file.")
    ] = None,
    language: WordsOption = Words.VI,
    form: FormatOption = Format.TABLE,
) -> None:
    """Ai đến hạn, quá hạn, đã tiêm đủ ở một địa bàn vào một ngày, mỗi người và loại một dòng / who is due, overdue or
    complete in an area on a day, a row a person and vaccine.
    """
    if out is not None and out.suffix.lower() not in {".csv", ".xlsx"}:
        raise typer.BadParameter(f"'{out.name}' ends in neither .csv nor .xlsx.", param_hint="--out")
    from dashboards import due as lists  # noqa: PLC0415 - commands import what they need
    from dashboards.downloads import to_csv, to_xlsx  # noqa: PLC0415
    from dashboards.i18n import Texts  # noqa: PLC0415
    from pipelines.care.private import write_private  # noqa: PLC0415

    settings: Settings = ctx.obj
    persons, texts = opened(settings), Texts(language.value)
    known_area(persons, hierarchy.value, area)
    words, on = persons.states(), day_of(persons, day)
    known = words["state_code"].to_list()
    if unknown := sorted(set(state or []) - set(known)):
        raise CommandError(f"there is no state '{unknown[0]}'; choose from {', '.join(known)}.")
    frame = lists.described(persons.due_list(hierarchy.value, area, on), texts)
    log(
        settings,
        "due_list",
        hierarchy=hierarchy.value,
        area=area,
        day=on.isoformat(),
        persons=frame["person_key"].n_unique(),
    )
    if state:
        frame = frame.filter(frame["state_code"].is_in(state))
    if out is None:
        columns = _TABLE if form is Format.TABLE else COLUMNS
        print_rows(frame.select(columns).to_dicts(), columns, form)
        return
    facts: list[tuple[str, Any]] = [
        (texts("data_kind"), texts("kind_synthetic" if persons.is_synthetic else "kind_routine")),
        (texts("due_day"), on),
        (texts("area"), f"{hierarchy.value}:{area}"),
        (texts("as_of"), persons.as_of_date),
        (texts("release"), persons.release_id),
    ]
    made = lists.extract(frame, texts, facts, words)
    write_private(out, to_csv(made) if out.suffix.lower() == ".csv" else to_xlsx(made))
    say(f"{frame.height} dòng / rows: {out}")
