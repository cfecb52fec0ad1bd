"""Appointments: from text cells to rows of the lake, and what makes a row unacceptable."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from pipelines.intake import parsing
from pipelines.intake.checks import Check, split
from pipelines.intake.contract import Kind, Layout, Reading, Taken, nothing_more
from pipelines.intake.doses import DOSE_NUMBERS, product_names
from pipelines.intake.rows import (
    CLOCK_TOLERANCE,
    IS_ROW,
    facility_unknown,
    layout_checks,
    outside,
    text_checks,
    unread,
    with_row_hash,
    without_repeats,
)
from pipelines.reference import Registry

SUBMISSION_KIND = "appointments"
CANONICAL = (
    "appointment_id", "action", "submitted_at", "submission_mode", "facility_code", "person_code", "full_name",
    "birth_date", "phone", "product_code", "dose_number", "appointment_date", "appointment_status",
)  # fmt: skip
_PERSONAL_TEXT = ("appointment_id", "person_code", "full_name", "phone")
# What names an appointment; a void needs nothing else.
_NAMING = frozenset({"appointment_id", "facility_code"})
# These say what happened on the day, which nobody knows before it.
_PAST_STATUSES = ("kept", "missed")


def parse(frame: pl.DataFrame, registry: Registry, facilities: pl.DataFrame, received_at: datetime) -> pl.DataFrame:
    """Add the values of every field beside its text."""
    text = {name: frame.get_column(f"text_{name}") for name in CANONICAL}
    known = facilities.select("facility_code", pl.lit(value=True).alias("is_known"))

    def coded(name: str, default: str) -> pl.Expr:
        values = parsing.coded(text[name], registry.value_alias_map(name))
        return pl.when(pl.col(f"text_{name}").is_null()).then(pl.lit(default)).otherwise(values).alias(name)

    return (
        frame.with_columns(
            *(text[name].alias(name) for name in ("appointment_id", "facility_code", *_PERSONAL_TEXT[1:])),
            coded("action", "add"),
            coded("submission_mode", "amend"),
            coded("appointment_status", "booked"),
            parsing.coded(text["product_code"], product_names(registry)).alias("product_code"),
            parsing.whole_numbers(text["dose_number"]).alias("dose_number"),
            parsing.days(text["birth_date"]).alias("birth_date"),
            parsing.days(text["appointment_date"]).alias("appointment_date"),
            parsing.moments(text["submitted_at"]).alias("submitted_at"),
        )
        .join(known, on="facility_code", how="left", maintain_order="left")
        .with_columns(
            pl.coalesce("appointment_date", pl.col("submitted_at").dt.date()).dt.truncate("1mo").alias("report_month"),
            pl.coalesce("submitted_at", pl.lit(received_at, dtype=pl.Datetime("us"))).alias("known_at"),
        )
    )


def checks(frame: pl.DataFrame, registry: Registry, received_at: datetime) -> list[Check]:
    """Return the checks of appointments; a void needs only what names the appointment, and a month to stand in."""
    is_kept = IS_ROW & (pl.col("action") != "void").fill_null(value=True)
    found = layout_checks()
    for field in registry.fields(SUBMISSION_KIND).values():
        if field.is_required_value:
            needed = IS_ROW if field.field_name in _NAMING else is_kept
            found.append(
                Check("REQUIRED_MISSING", field.field_name, needed & pl.col(f"text_{field.field_name}").is_null())
            )
    found += [unread(name, "DATE_INVALID") for name in ("birth_date", "appointment_date", "submitted_at")]
    found += [
        Check(
            "REQUIRED_MISSING",
            "appointment_date",
            IS_ROW & ~is_kept & pl.col("text_appointment_date").is_null() & pl.col("report_month").is_null(),
        ),
        unread("action", "ACTION_UNKNOWN"),
        unread("submission_mode", "MODE_UNKNOWN"),
        unread("appointment_status", "APPOINTMENT_STATUS_UNKNOWN"),
        unread("product_code", "PRODUCT_UNKNOWN"),
        outside("dose_number", "DOSE_NUMBER_INVALID", DOSE_NUMBERS),
        facility_unknown(),
        Check(
            "APPOINTMENT_BEFORE_BIRTH",
            "appointment_date",
            is_kept & (pl.col("appointment_date") < pl.col("birth_date")),
        ),
        Check(
            "APPOINTMENT_NOT_YET",
            "appointment_status",
            is_kept
            & pl.col("appointment_status").is_in(_PAST_STATUSES)
            & (pl.col("appointment_date") > pl.col("known_at").dt.date()),
        ),
        Check("BIRTH_IN_FUTURE", "birth_date", IS_ROW & (pl.col("birth_date") > pl.col("known_at").dt.date())),
        Check("SUBMITTED_IN_FUTURE", "submitted_at", IS_ROW & (pl.col("submitted_at") > received_at + CLOCK_TOLERANCE)),
    ]
    return found + text_checks(frame, _PERSONAL_TEXT)


def lake_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that are derived from accepted rows: the key, and when the version was made."""
    return frame.with_columns(
        (pl.col("facility_code") + "|" + pl.col("appointment_id")).alias("appointment_key"),
        pl.coalesce(
            "submitted_at",
            pl.col("report_month").dt.offset_by("1mo").cast(pl.Datetime("us")) - timedelta(seconds=1),
        ).alias("version_at"),
    )


def take(frame: pl.DataFrame, layout: Layout, reading: Reading) -> Taken:
    """Return what became of the lines of appointments of one layout.

    An appointment lies ahead: its month says nothing of the time up to which a facility has reported.
    """
    del layout
    parsed = parse(frame, reading.registry, reading.facilities, reading.received_at)
    good, bad = split(parsed, checks(parsed, reading.registry, reading.received_at))
    accepted, repeats = without_repeats(with_row_hash(good, CANONICAL))
    rows = lake_rows(accepted)
    return Taken(accepted.with_columns(pl.lit(None, dtype=pl.Date).alias("report_month")), bad, repeats, rows)


KIND = Kind(SUBMISSION_KIND, "appointments", CANONICAL, nothing_more, has_measures=False, take=take)
