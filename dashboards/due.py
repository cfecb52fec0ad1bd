"""A due list in words and as a file: pure functions of what `Persons.due_list` gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl

from dashboards import formats
from dashboards.downloads import Column, Extract
from dashboards.i18n import Texts
from dashboards.views import Row
from pipelines.care.reminders import COLUMNS as MESSAGE_COLUMNS
from pipelines.care.reminders import Reminders


def described(frame: pl.DataFrame, texts: Texts) -> pl.DataFrame:
    """Add the words of a row: state, series, dose, commune and note, in the reader's language."""
    language = texts.language
    notes = [note_of(row, texts) for row in frame.iter_rows(named=True)]
    return frame.with_columns(
        pl.col(f"state_{language}").alias("state"),
        pl.col(f"series_{language}").alias("series"),
        pl.col(f"dose_{language}").alias("dose"),
        pl.col(f"commune_{language}").alias("commune"),
        pl.Series("note", notes, dtype=pl.String),
    )


def note_of(row: Row, texts: Texts) -> str:
    """Return what has to be known before somebody calls: why not to, what a family said, what is booked."""

    def day(value: date | None) -> str:
        return formats.day(value, texts.language)

    notes = []
    if row["state_code"] == "dead":
        notes.append(texts("due_note_died", date=day(row["death_date"])))
    elif row["state_code"] == "too_old":
        notes.append(texts(f"due_note_{row['limit_kind']}", date=day(row["limit_date"])))
    elif row["decided_date"] is not None:
        notes.append(texts("due_note_decided", date=day(row["decided_date"])))
    if row["declared_count"]:
        notes.append(texts("due_note_declared", date=day(row["last_declared_date"])))
    if row["next_appointment_date"] is not None:
        notes.append(texts("due_note_booked", date=day(row["next_appointment_date"])))
    if row["contact_opt_out"]:
        notes.append(texts("due_note_opt_out"))
    return "; ".join(notes)


def columns(texts: Texts) -> list[Column]:
    """Return the columns of a due list, as a page shows them and a file has them."""
    names = (
        ("full_name", "full_name"),
        ("birth_date", "birth_date"),
        ("series", "series"),
        ("dose", "next_dose"),
        ("state", "due_state"),
        ("earliest_date", "earliest_date"),
        ("recommended_date", "recommended_date"),
    )
    return [
        *(Column(name, texts(key)) for name, key in names),
        Column("days_overdue", texts("days_overdue"), 0),
        Column("note", texts("note")),
        Column("mother_name", texts("mother_name")),
        Column("phone", texts("phone")),
        Column("commune", texts("commune")),
        Column("person_key", texts("person_key")),
    ]


def extract(
    frame: pl.DataFrame, texts: Texts, facts: Sequence[tuple[str, str | date | datetime]], states: pl.DataFrame
) -> Extract:
    """Return a due list, described, as a file with what its states mean."""
    meanings = [
        {texts("due_state"): texts.named(row), texts("definition"): texts.named(row, "explanation")}
        for row in states.iter_rows(named=True)
    ]
    return Extract(frame, columns(texts), meanings, facts, texts.language)


def message_extract(made: Reminders) -> Extract:
    """Return a queue of messages as the file that a sender of messages reads: the same names in every language."""
    return Extract(made.messages, [Column(name, name) for name in MESSAGE_COLUMNS], [], [], "vi")


def left_out(made: Reminders, texts: Texts) -> list[str]:
    """Return who gets no message and why, a sentence a reason."""
    return [
        texts(f"reminder_{reason}", count=formats.number(count, texts.language))
        for reason, count in made.left_out.items()
    ]
