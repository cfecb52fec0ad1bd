"""Reminder messages from a due list: one a person and day, in the registry's words. Nothing is sent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.phones import ten_digits
from pipelines.reference import Registry

MESSAGE_ID_LENGTH = 20
COLUMNS = ("message_id", "person_key", "phone", "text", "template_code", "dose_codes", "due_date", "send_date")
_DAY = "%d/%m/%Y"


@dataclass(frozen=True)
class Reminders:
    """What is to be sent, a row a message, and how many persons are left out for which reason."""

    messages: pl.DataFrame
    left_out: dict[str, int]  # opted_out, no_phone, not_mobile, no_name


def reminders(due: pl.DataFrame, registry: Registry, day: date) -> Reminders:
    """Return the messages to those who are to be invited on `day`, by a list such as `Persons.due_list` gives.

    A message names every dose that is due or overdue, in the order of the schedule; its text is that of the gravest
    state, its date the earliest recommended one. `message_id` depends on the person and the day alone: the same queue
    made twice has the same ids.
    """
    prefixes = "|".join(registry.mobile_prefixes)
    persons = (
        due.filter("is_invited")
        .sort("person_key", "dose_order", "series_code")
        .group_by("person_key", maintain_order=True)
        .agg(
            pl.col("state_code").sort_by("state_order").first(),
            pl.col("full_name", "phone", "contact_opt_out", "commune_vi").first(),
            pl.col("dose_short").unique(maintain_order=True).str.join(", ").alias("doses"),
            pl.col("dose_code").unique(maintain_order=True).str.join("|").alias("dose_codes"),
            pl.col("recommended_date").min().alias("due_date"),
        )
        .with_columns(ten_digits(pl.col("phone"), registry.phone_prefixes).alias("number"))
        .with_columns(
            pl.when(pl.col("contact_opt_out").fill_null(value=False))
            .then(pl.lit("opted_out"))
            .when(pl.col("phone").is_null())
            .then(pl.lit("no_phone"))
            .when(~pl.col("number").str.contains(f"^(?:{prefixes})[0-9]{{7}}$"))
            .then(pl.lit("not_mobile"))
            .when(pl.col("full_name").is_null())
            .then(pl.lit("no_name"))
            .alias("reason")
        )
    )
    left_out = dict(persons.filter(pl.col("reason").is_not_null()).group_by("reason").len().sort("reason").iter_rows())
    templates = {row.state_code: row for row in registry.message_templates.values()}
    rows = [
        {
            "message_id": _message_id(row["person_key"], day),
            "person_key": row["person_key"],
            "phone": row["number"],
            "text": templates[row["state_code"]].text_vi.format(
                name=row["full_name"],
                doses=row["doses"],
                date=row["due_date"].strftime(_DAY),
                commune=row["commune_vi"] or "",
            ),
            "template_code": templates[row["state_code"]].template_code,
            "dose_codes": row["dose_codes"],
            "due_date": row["due_date"],
            "send_date": day,
        }
        for row in persons.filter(pl.col("reason").is_null()).iter_rows(named=True)
    ]
    types = dict.fromkeys(COLUMNS, pl.String) | {"due_date": pl.Date, "send_date": pl.Date}
    return Reminders(pl.DataFrame(rows, schema=types), left_out)


def _message_id(person_key: str, day: date) -> str:
    return hashlib.sha256(f"{person_key}|{day.isoformat()}".encode()).hexdigest()[:MESSAGE_ID_LENGTH]
