"""`niis person`: find a person, and show its history."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.commands.acting import log
from pipelines.commands.asked import Hierarchy, HierarchyOption
from pipelines.commands.output import CommandError, Format, FormatOption, console, plain, print_rows
from pipelines.commands.persons_file import AreaOption, Words, WordsOption, known_area, opened
from pipelines.settings import Settings

if TYPE_CHECKING:
    import polars as pl


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, help="Tìm một người, xem lịch sử tiêm chủng / find a person, show its history."
    )
    group.command("find")(find)
    group.command("show")(show)
    app.add_typer(group, name="person")


def find(
    ctx: typer.Context,
    *,
    text: Annotated[str, typer.Argument(help="Mã, số định danh, số điện thoại hoặc họ tên / a code, number or name.")],
    area: AreaOption,
    hierarchy: HierarchyOption = Hierarchy.OLD,
    form: FormatOption = Format.TABLE,
) -> None:
    """Tìm người: mã và số tìm cả nước, họ tên chỉ trong địa bàn / codes and numbers everywhere, names in the area."""
    settings: Settings = ctx.obj
    persons = opened(settings)
    known_area(persons, hierarchy.value, area)
    found = persons.find(text, hierarchy_code=hierarchy.value, area_code=area, day=persons.as_of_date)
    ways = ",".join(sorted(set(found["found_by"])))
    log(settings, "search", hierarchy=hierarchy.value, area=area, found=found.height, by=ways)
    columns = ["person_key", "full_name", "birth_date", "sex", "mother_name", "commune_vi", "found_by"]
    print_rows(found.to_dicts(), columns, form)


def show(
    ctx: typer.Context,
    person: Annotated[
        str, typer.Argument(help="Mã người, mã đối tượng hoặc số định danh / a person key, person code or national id.")
    ],
    language: WordsOption = Words.VI,
    form: FormatOption = Format.TABLE,
) -> None:
    """Lịch sử của một người: dòng thời gian, đánh giá, nơi ở, nguồn từng dòng / one person's history: timeline,
    verdicts, residences, where each row came from. CSV prints the timeline.
    """
    import polars as pl  # noqa: PLC0415 - commands import what they need

    from dashboards.history import timeline, verdict_text  # noqa: PLC0415
    from dashboards.i18n import Texts  # noqa: PLC0415

    settings: Settings = ctx.obj
    persons, texts = opened(settings), Texts(language.value)
    key = one_key(persons.keys_of(person), person)
    who = persons.person(key)
    assert who is not None, "keys_of gives keys of persons only"
    log(settings, "person", person_key=key)
    doses = persons.doses(key)
    verdicts = pl.Series("verdict", [verdict_text(row, texts) for row in doses.iter_rows(named=True)], dtype=pl.String)
    sections: dict[str, pl.DataFrame] = {
        "person": pl.DataFrame([{name: who[name] for name in _WHO}], infer_schema_length=None),
        "states": persons.series_states(key, persons.as_of_date).select(_STATES),
        "timeline": timeline(
            who,
            doses=doses,
            records=persons.records(key),
            residences=persons.residences(key),
            appointments=persons.appointments(key),
            texts=texts,
        ),
        "doses": doses.with_columns(verdicts).select(_DOSES),
        "residences": persons.residences(key).select(_RESIDENCES),
        "records": persons.records(key).select(_RECORDS),
        "cards": persons.cards(key).select(_CARDS),
        "links": persons.links(key).select(_LINKS),
    }
    if form is Format.CSV:
        frame = sections["timeline"]
        print_rows(frame.to_dicts(), frame.columns, form)
    elif form is Format.JSON:
        printed: dict[str, Any] = {
            name: [{column: plain(value) for column, value in row.items()} for row in frame.iter_rows(named=True)]
            for name, frame in sections.items()
        }
        json.dump(printed, sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        for name, frame in sections.items():
            console().print(f"\n{name}")
            print_rows(frame.to_dicts(), frame.columns, form)


def one_key(keys: list[str], text: str) -> str:
    """Return the only key. Raises CommandError when there is none, or more than one."""
    if not keys:
        raise CommandError(
            f"no person has the key, code or national id '{text}'; look for a name with: niis person find."
        )
    if len(keys) > 1:
        raise CommandError(f"'{text}' is the code of {len(keys)} persons; name one by its key: {', '.join(keys)}.")
    return keys[0]


_WHO = ["person_key", "full_name", "birth_date", "sex", "mother_name", "phone", "contact_opt_out", "death_date"]
_STATES = ["series_code", "state_code", "dose_code", "earliest_date", "recommended_date", "days_overdue"]
_DOSES = [
    "given_date", "series_code", "product_code", "dose_number", "valid_dose_number", "status", "reason_code",
    "is_confirmed", "verdict", "age_days", "interval_days", "record_count",
]  # fmt: skip
_RESIDENCES = ["valid_from", "valid_to", "hierarchy_code", "commune_code", "commune_vi", "residence_kind"]
_RECORDS = [
    "given_date", "record_key", "product_code", "dose_number", "dose_status", "record_origin", "original_name",
    "line_no", "received_at",
]  # fmt: skip
_CARDS = ["card_key", "full_name", "birth_date", "mother_name", "phone", "person_code", "national_id"]
_LINKS = ["card_key_a", "card_key_b", "rule_code", "decision", "score", "evidence", "decided_by"]
