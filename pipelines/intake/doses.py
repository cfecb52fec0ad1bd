"""Dose records: from text cells to rows of the lake, and what makes a row unacceptable."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from pipelines.intake import parsing
from pipelines.intake.checks import Check, split
from pipelines.intake.contract import Kind, Layout, Reading, Taken, nothing_more
from pipelines.intake.rows import (
    CLOCK_TOLERANCE,
    IS_ROW,
    facility_unknown,
    layout_checks,
    outside,
    text_checks,
    unread,
    with_digest,
    with_row_hash,
    without_repeats,
)
from pipelines.reference import Registry
from pipelines.text import fold_key

SUBMISSION_KIND = "dose_records"
CARD_KEY_LENGTH = 20
_PERSONAL_TEXT = ("full_name", "mother_name", "person_code", "record_id", "lot_number", "phone")
DOSE_NUMBERS = (1, 9)
_BIRTH_ORDERS = (1, 9)

CANONICAL = (
    "record_id", "action", "submitted_at", "submission_mode", "facility_code", "report_month", "person_code",
    "national_id", "full_name", "birth_date", "sex", "mother_name", "phone", "household_commune_code",
    "temporary_commune_code", "product_code", "lot_number", "lot_expiry_date", "given_at", "dose_number",
    "dose_status", "service_type", "reaction_code", "birth_at", "is_within_24h", "death_date", "birth_order",
    "contact_opt_out", "record_origin",
)  # fmt: skip
# Fields as sent; the values of these two have names of their own, since they are more, or other, than the cell says.
FIELDS = (
    *(name for name in CANONICAL if name not in {"birth_at", "is_within_24h"}), "birth_time", "within_24h",
)  # fmt: skip
# What says who a person is: one distinct set of these, as sent, is a person card, the node that identity links.
IDENTIFYING = (
    "person_code", "national_id", "full_name", "birth_date", "sex", "mother_name", "phone", "household_commune_code",
    "temporary_commune_code", "birth_order",
)  # fmt: skip


def product_names(registry: Registry) -> dict[str, str]:
    """Return the product that each folded code or name means."""
    return {
        fold_key(name): product.product_code
        for product in registry.products.values()
        for name in (product.product_code, product.name_vi, product.name_en)
    }


def parse(frame: pl.DataFrame, registry: Registry, facilities: pl.DataFrame, received_at: datetime) -> pl.DataFrame:
    """Add the values of every field beside its text."""
    text = {name: frame.get_column(f"text_{name}") for name in FIELDS}
    given_at = parsing.moments(text["given_at"])
    submitted_at = parsing.moments(text["submitted_at"])
    values = frame.with_columns(
        *(text[name].alias(name) for name in ("record_id", "person_code", "national_id", "full_name")),
        *(text[name].alias(name) for name in ("mother_name", "phone", "lot_number", "facility_code")),
        *(text[name].alias(name) for name in ("household_commune_code", "temporary_commune_code")),
        parsing.coded(text["action"], registry.value_alias_map("action")).alias("action"),
        parsing.coded(text["submission_mode"], registry.value_alias_map("submission_mode")).alias("submission_mode"),
        parsing.coded(text["sex"], registry.value_alias_map("sex")).alias("sex"),
        parsing.coded(text["service_type"], registry.value_alias_map("service_type")).alias("service_type"),
        _coded_number(text["dose_status"], registry, "dose_status"),
        _coded_number(text["reaction_code"], registry, "reaction_code"),
        parsing.coded(text["product_code"], product_names(registry)).alias("product_code"),
        parsing.whole_numbers(text["dose_number"]).alias("dose_number"),
        parsing.days(text["birth_date"]).alias("birth_date"),
        parsing.days(text["lot_expiry_date"]).alias("lot_expiry_date"),
        parsing.days(text["death_date"]).alias("death_date"),
        parsing.whole_numbers(text["birth_order"]).alias("birth_order"),
        _flag(text["within_24h"], registry).alias("is_within_24h"),
        _flag(text["contact_opt_out"], registry).alias("contact_opt_out"),
        parsing.coded(text["record_origin"], registry.value_alias_map("record_origin")).alias("record_origin"),
        _birth_moments(text["birth_date"], text["birth_time"]).alias("birth_at"),
        parsing.months(text["report_month"]).alias("report_month"),
        given_at.alias("given_at"),
        submitted_at.alias("submitted_at"),
        given_at.dt.date().alias("given_date"),
        text["given_at"].str.contains(":", literal=True).alias("has_given_time"),
    )
    opening = facilities.select("facility_code", "opened_date", "closed_date", pl.lit(value=True).alias("is_known"))
    return values.join(opening, on="facility_code", how="left", maintain_order="left").with_columns(
        pl.when(pl.col("text_action").is_null()).then(pl.lit("add")).otherwise(pl.col("action")).alias("action"),
        pl.when(pl.col("text_submission_mode").is_null())
        .then(pl.lit("amend"))
        .otherwise(pl.col("submission_mode"))
        .alias("submission_mode"),
        pl.when(pl.col("text_record_origin").is_null())
        .then(pl.lit("facility"))
        .otherwise(pl.col("record_origin"))
        .alias("record_origin"),
        pl.when(pl.col("text_report_month").is_null())
        .then(pl.coalesce("given_date", pl.col("submitted_at").dt.date()).dt.truncate("1mo"))
        .otherwise(pl.col("report_month"))
        .alias("report_month"),
        pl.coalesce("submitted_at", pl.lit(received_at, dtype=pl.Datetime("us"))).alias("known_at"),
    )


def _flag(column: pl.Series, registry: Registry) -> pl.Series:
    return parsing.coded(column, registry.value_alias_map("flag")) == "yes"


def _birth_moments(birth_date: pl.Series, birth_time: pl.Series) -> pl.Series:
    """Return when a child was born, where a time was sent: in a cell of its own, else behind the date."""
    own = parsing.moments(
        pl.DataFrame({"day": parsing.days(birth_date), "time": birth_time})
        .select(pl.col("day").cast(pl.String) + " " + pl.col("time"))
        .to_series()
    )
    behind = parsing.moments(birth_date.set(~birth_date.str.contains(":", literal=True), None))
    return own.zip_with(own.is_not_null(), behind)


def _coded_number(column: pl.Series, registry: Registry, field_name: str) -> pl.Series:
    plain = column.str.replace(r"\.0+$", "")
    return parsing.coded(plain, registry.value_alias_map(field_name)).cast(pl.Int64).alias(field_name)


def checks(frame: pl.DataFrame, registry: Registry, received_at: datetime) -> list[Check]:
    """Return the checks of dose records; a void needs only what names the record."""
    is_dose = IS_ROW & (pl.col("action") != "void").fill_null(value=True)
    found = layout_checks()
    for field in registry.fields(SUBMISSION_KIND).values():
        if field.is_required_value:
            needed = IS_ROW if field.field_name in {"record_id", "facility_code"} else is_dose
            found.append(
                Check("REQUIRED_MISSING", field.field_name, needed & pl.col(f"text_{field.field_name}").is_null())
            )

    dates = ("birth_date", "given_at", "lot_expiry_date", "submitted_at", "death_date")
    found += [unread(name, "DATE_INVALID") for name in dates]
    found += [
        Check(
            "TIME_INVALID",
            "birth_time",
            IS_ROW
            & pl.col("text_birth_time").is_not_null()
            & pl.col("birth_date").is_not_null()
            & pl.col("birth_at").is_null(),
        ),
        Check(
            "FLAG_UNKNOWN",
            "within_24h",
            IS_ROW & pl.col("text_within_24h").is_not_null() & pl.col("is_within_24h").is_null(),
        ),
        unread("contact_opt_out", "FLAG_UNKNOWN"),
        unread("record_origin", "ORIGIN_UNKNOWN"),
        outside("birth_order", "BIRTH_ORDER_INVALID", _BIRTH_ORDERS),
        Check("DEATH_BEFORE_BIRTH", "death_date", IS_ROW & (pl.col("death_date") < pl.col("birth_date"))),
        Check("DEATH_IN_FUTURE", "death_date", IS_ROW & (pl.col("death_date") > pl.col("known_at").dt.date())),
        unread("report_month", "MONTH_INVALID"),
        Check(
            "REQUIRED_MISSING",
            "report_month",
            IS_ROW & pl.col("text_report_month").is_null() & pl.col("report_month").is_null() & ~is_dose,
        ),
        unread("action", "ACTION_UNKNOWN"),
        unread("submission_mode", "MODE_UNKNOWN"),
        unread("sex", "SEX_UNKNOWN"),
        unread("service_type", "SERVICE_TYPE_UNKNOWN"),
        unread("dose_status", "STATUS_UNKNOWN"),
        unread("reaction_code", "REACTION_UNKNOWN"),
        unread("product_code", "PRODUCT_UNKNOWN"),
        outside("dose_number", "DOSE_NUMBER_INVALID", DOSE_NUMBERS),
        facility_unknown(),
        Check(
            "FACILITY_NOT_OPEN",
            "facility_code",
            is_dose
            & (
                (pl.col("given_date") < pl.col("opened_date"))
                | (pl.col("given_date") >= pl.col("closed_date")).fill_null(value=False)
            ),
        ),
        Check(
            "NATIONAL_ID_INVALID",
            "national_id",
            IS_ROW & pl.col("text_national_id").is_not_null() & ~pl.col("text_national_id").str.contains(r"^\d{12}$"),
        ),
        Check("GIVEN_BEFORE_BIRTH", "given_at", is_dose & (pl.col("given_date") < pl.col("birth_date"))),
        Check("GIVEN_IN_FUTURE", "given_at", is_dose & (pl.col("given_at") > pl.col("known_at"))),
        Check("BIRTH_IN_FUTURE", "birth_date", IS_ROW & (pl.col("birth_date") > pl.col("known_at").dt.date())),
        Check("SUBMITTED_IN_FUTURE", "submitted_at", IS_ROW & (pl.col("submitted_at") > received_at + CLOCK_TOLERANCE)),
    ]
    communes = list(registry.commune_codes)
    for name in ("household_commune_code", "temporary_commune_code"):
        is_unknown = pl.col(f"text_{name}").is_not_null() & ~pl.col(name).is_in(communes)
        found.append(Check("COMMUNE_UNKNOWN", name, IS_ROW & is_unknown))
    return found + text_checks(frame, _PERSONAL_TEXT)


def lake_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that are derived from accepted rows: the keys, and when the version was made."""
    return with_digest(frame, "person_card_key", IDENTIFYING, CARD_KEY_LENGTH).with_columns(
        (pl.col("facility_code") + "|" + pl.col("record_id")).alias("record_key"),
        pl.coalesce(
            "submitted_at",
            pl.col("report_month").dt.offset_by("1mo").cast(pl.Datetime("us")) - timedelta(seconds=1),
        ).alias("version_at"),
        pl.when(pl.col("given_at").is_not_null()).then(pl.col("has_given_time")).alias("has_given_time"),
    )


def take(frame: pl.DataFrame, layout: Layout, reading: Reading) -> Taken:
    """Return what became of the lines of dose records of one layout."""
    del layout
    parsed = parse(frame, reading.registry, reading.facilities, reading.received_at)
    good, bad = split(parsed, checks(parsed, reading.registry, reading.received_at))
    accepted, repeats = without_repeats(with_row_hash(good, CANONICAL))
    return Taken(accepted, bad, repeats, lake_rows(accepted))


KIND = Kind(SUBMISSION_KIND, "dose_records", FIELDS, nothing_more, has_measures=False, take=take)
