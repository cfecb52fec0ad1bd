"""Monthly reports, long or wide, of a facility or an area, for a month or longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from pipelines.intake import parsing
from pipelines.intake.checks import Check, split
from pipelines.intake.contract import Kind, Layout, Reading, Taken, measure_names
from pipelines.intake.rows import CLOCK_TOLERANCE, layout_checks, with_row_hash, without_repeats
from pipelines.reference import Registry

FIELDS = (
    "facility_code", "area_code", "hierarchy_code", "period", "submitted_at", "submission_mode", "action",
    "source_code", "measure_code", "value",
)  # fmt: skip
_DEFAULT_SOURCE = "routine"
# Who does not say which tree an area belongs to means the one in which most history was reported.
_DEFAULT_HIERARCHY = "63"


def parse(
    frame: pl.DataFrame,
    measures: Sequence[str],
    registry: Registry,
    facilities: pl.DataFrame,
    received_at: datetime,
) -> pl.DataFrame:
    """Add the values of every field, and of each measure of a wide report as `value_<measure>`."""
    text = {name: frame.get_column(f"text_{name}") for name in FIELDS}
    start, length = periods(text["period"])
    areas = pl.DataFrame(
        {"hierarchy_code": [tree for tree, _ in registry.areas], "area_code": [code for _, code in registry.areas]}
    ).with_columns(pl.lit(value=True).alias("is_known_area"))
    known = facilities.select("facility_code", pl.lit(value=True).alias("is_known_facility"))
    return (
        frame.with_columns(
            text["facility_code"].alias("facility_code"),
            text["area_code"].alias("area_code"),
            parsing.coded(text["hierarchy_code"], registry.value_alias_map("hierarchy_code"))
            .fill_null(_DEFAULT_HIERARCHY)
            .alias("hierarchy_code"),
            parsing.moments(text["submitted_at"]).alias("submitted_at"),
            parsing.coded(text["submission_mode"], registry.value_alias_map("submission_mode")).alias(
                "submission_mode"
            ),
            parsing.coded(text["action"], registry.value_alias_map("action")).alias("action"),
            parsing.coded(text["source_code"], {code: code for code in registry.sources}).alias("source_code"),
            parsing.coded(text["measure_code"], measure_names(registry)).alias("measure_code"),
            parsing.numbers(text["value"]).alias("value"),
            start.alias("period_start_month"),
            length.alias("period_months"),
            *(parsing.numbers(frame.get_column(f"text_{name}")).alias(f"value_{name}") for name in measures),
        )
        .join(known, on="facility_code", how="left", maintain_order="left")
        .join(areas, on=["hierarchy_code", "area_code"], how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("text_submission_mode").is_null())
            .then(pl.lit("amend"))
            .otherwise(pl.col("submission_mode"))
            .alias("submission_mode"),
            pl.when(pl.col("text_action").is_null()).then(pl.lit("add")).otherwise(pl.col("action")).alias("action"),
            pl.when(pl.col("text_source_code").is_null())
            .then(pl.lit(_DEFAULT_SOURCE))
            .otherwise(pl.col("source_code"))
            .alias("source_code"),
            pl.col("period_start_month")
            .dt.offset_by((pl.col("period_months") - 1).cast(pl.String) + "mo")
            .alias("period_end_month"),
            pl.coalesce("submitted_at", pl.lit(received_at, dtype=pl.Datetime("us"))).alias("known_at"),
        )
        .with_columns(_period_code().alias("period"))
    )


def periods(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the first month and the length in months of periods such as `2024-03`, `03/2024`, `2024Q1` and `2024`."""
    frame = pl.DataFrame({"text": column})
    parts = frame.select(
        pl.col("text").str.extract(r"^(\d{4})$").alias("year"),
        pl.col("text").str.extract(r"^(\d{4})[- ]?[Qq][1-4]$").alias("quarter_year"),
        pl.col("text").str.extract(r"^\d{4}[- ]?[Qq]([1-4])$").cast(pl.Int32).alias("quarter"),
    )
    is_long = parts.select(pl.col("year").is_not_null() | pl.col("quarter_year").is_not_null()).to_series()
    single = parsing.months(column.set(is_long, None))
    found = parts.with_columns(single.alias("month")).select(
        pl.coalesce(
            "month",
            pl.date(pl.col("year").cast(pl.Int32, strict=False), 1, 1),
            pl.date(pl.col("quarter_year").cast(pl.Int32, strict=False), pl.col("quarter") * 3 - 2, 1),
        ).alias("start"),
        pl.when(pl.col("year").is_not_null())
        .then(12)
        .when(pl.col("quarter").is_not_null())
        .then(3)
        .otherwise(1)
        .alias("length"),
    )
    start = found.get_column("start")
    plausible = start.dt.year().is_between(1900, 2100).fill_null(value=True)
    return start.set(~plausible, None), found.get_column("length")


def _period_code() -> pl.Expr:
    start = pl.col("period_start_month")
    return (
        pl.when(pl.col("period_months") == 12)
        .then(start.dt.strftime("%Y"))
        .when(pl.col("period_months") == 3)
        .then(start.dt.strftime("%Y") + "Q" + start.dt.quarter().cast(pl.String))
        .otherwise(start.dt.strftime("%Y-%m"))
    )


def checks(measures: Sequence[str], received_at: datetime) -> list[Check]:
    """Return the checks of report lines; `measures` are the columns of a wide report."""
    is_row = pl.col("problem").is_null()

    def has(name: str) -> pl.Expr:
        return is_row & pl.col(f"text_{name}").is_not_null()

    found = layout_checks()
    found += [
        Check("REQUIRED_MISSING", "period", is_row & pl.col("text_period").is_null()),
        Check("PERIOD_INVALID", "period", has("period") & pl.col("period_start_month").is_null()),
        Check(
            "PERIOD_IN_FUTURE",
            "period",
            is_row & (pl.col("period_start_month").cast(pl.Datetime("us")) > pl.col("known_at")),
        ),
        Check(
            "REPORTER_MISSING",
            None,
            is_row & (pl.col("text_facility_code").is_null() == pl.col("text_area_code").is_null()),
        ),
        Check("FACILITY_UNKNOWN", "facility_code", has("facility_code") & pl.col("is_known_facility").is_null()),
        Check("AREA_UNKNOWN", "area_code", has("area_code") & pl.col("is_known_area").is_null()),
        Check("DATE_INVALID", "submitted_at", has("submitted_at") & pl.col("submitted_at").is_null()),
        Check("SUBMITTED_IN_FUTURE", "submitted_at", is_row & (pl.col("submitted_at") > received_at + CLOCK_TOLERANCE)),
        Check("MODE_UNKNOWN", "submission_mode", has("submission_mode") & pl.col("submission_mode").is_null()),
        Check("ACTION_UNKNOWN", "action", has("action") & pl.col("action").is_null()),
        Check("SOURCE_UNKNOWN", "source_code", has("source_code") & pl.col("source_code").is_null()),
    ]
    if measures:
        for name in measures:
            found += _value_checks(name, pl.col(f"value_{name}"), has(name))
    else:
        found += [
            Check("REQUIRED_MISSING", "measure_code", is_row & pl.col("text_measure_code").is_null()),
            Check("MEASURE_UNKNOWN", "measure_code", has("measure_code") & pl.col("measure_code").is_null()),
            *_value_checks("value", pl.col("value"), has("value")),
        ]
    return found


def _value_checks(name: str, value: pl.Expr, is_given: pl.Expr) -> list[Check]:
    return [
        Check("VALUE_INVALID", name, is_given & value.is_null()),
        Check("VALUE_NEGATIVE", name, is_given & (value < 0)),
        Check("VALUE_NOT_WHOLE", name, is_given & (value != value.floor())),
    ]


def canonical(measures: Sequence[str]) -> list[str]:
    """Return the columns that make two lines of a report the same."""
    common = ["facility_code", "hierarchy_code", "area_code", "period", "submitted_at", "submission_mode", "action"]
    return [
        *common,
        "source_code",
        *(f"value_{name}" for name in measures),
        *([] if measures else ["measure_code", "value"]),
    ]


def lake_rows(frame: pl.DataFrame, measures: Sequence[str], registry: Registry) -> pl.DataFrame:
    """Return one row a measure.

    A blank cell of a wide report is kept, without a value, where the registry takes it for a zero; elsewhere it says
    nothing. A line without any value keeps one blank, so that the report counts as received.
    """
    by_area = pl.col("facility_code").is_null()
    common = frame.with_columns(
        pl.when(by_area)
        .then("A:" + pl.col("hierarchy_code") + ":" + pl.col("area_code"))
        .otherwise("F:" + pl.col("facility_code"))
        .alias("reporter_code"),
        pl.when(by_area).then(pl.col("hierarchy_code")).alias("hierarchy_code"),
        pl.coalesce(
            "submitted_at",
            pl.col("period_end_month").dt.offset_by("1mo").cast(pl.Datetime("us")) - timedelta(seconds=1),
        ).alias("version_at"),
    )
    if not measures:
        return common
    kept = [
        "file_no", "line_no", "action", "submitted_at", "version_at", "submission_mode", "reporter_code",
        "facility_code", "hierarchy_code", "area_code", "period", "period_start_month", "period_end_month",
        "source_code", "row_hash",
    ]  # fmt: skip
    blank_is_zero = [name for name in measures if registry.measures[name].blank_means == "zero"] or [measures[0]]
    values = common.select(*kept, *(pl.col(f"value_{name}").alias(name) for name in measures))
    given = [
        values.filter(pl.col(name).is_not_null() | (name in blank_is_zero)).select(
            *kept, pl.lit(name).alias("measure_code"), pl.col(name).alias("value")
        )
        for name in measures
    ]
    return pl.concat(given)


def take(frame: pl.DataFrame, layout: Layout, reading: Reading) -> Taken:
    """Return what became of the lines of reports of one layout."""
    measures = [name for name in layout.measures if name is not None]
    parsed = parse(frame, measures, reading.registry, reading.facilities, reading.received_at)
    good, bad = split(parsed, checks(measures, reading.received_at))
    accepted, repeats = without_repeats(with_row_hash(good, canonical(measures)))
    accepted = accepted.with_columns(pl.col("period_start_month").alias("report_month"))
    return Taken(accepted, bad, repeats, lake_rows(accepted, measures, reading.registry))


def _lacking(present: set[str], is_wide: bool) -> list[str]:
    """Return what a report needs beside its period: a reporter, and values in one of the two shapes."""
    reporter = [] if present & {"facility_code", "area_code"} else ["facility_code"]
    return reporter + ([] if is_wide else [name for name in ("measure_code", "value") if name not in present])


KIND = Kind("monthly_report", "report_values", FIELDS, _lacking, has_measures=True, take=take)
