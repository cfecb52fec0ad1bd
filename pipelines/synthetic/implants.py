"""Defects that intake must let in and the rules of data quality must find: put into known records, with labels.

Rows are the month's dose records as text (`records.dose_rows`); a label is a record and the rule that it contradicts.
What a programme does by itself (a dose sent by two facilities, a file that comes late) is labelled as well, worked out
from the rows and not from the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

LABEL_COLUMNS = ("facility_code", "record_id", "rule_code")
_CROWD = 7
_GROWN_DAYS = 520
# Higher than the place of any dose of theirs, so that nothing is wrong with the number.
_CROWD_NUMBER = "4"
# Few records of a short programme have a dose before them that was sent too.
_MORE = {"dose_number_too_low": 10}
_MADE_UP = ("Test", "Trẻ thử nghiệm", "Nguyễn Văn A", "abc", "Trần Thị B")
_ODD_LOTS = ("1", "??", "A*", "0")

_DAY = "%d/%m/%Y"


def implant(
    rows: pl.DataFrame, share: float, month: date, sent_before: set[str], products: Sequence[str], seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows with defects in a `share` of them for each kind, and the labels of what was put in.

    `sent_before` holds the person codes and products (`code|product`) of earlier months: only where a dose was sent
    before can anybody see that the number of a later one is too low.
    """
    random = np.random.default_rng([seed, month.year, month.month, 11])
    marked = rows.with_row_index("place").with_columns(
        _day("given_at", 6).alias("given_day"), _day("birth_date", 0).alias("birth_day")
    )
    marked = marked.with_columns((pl.col("given_day") - pl.col("birth_day")).dt.total_days().alias("age_days"))
    is_plain = (pl.col("dose_status") == "2") & (pl.col("record_origin") == "") & (pl.col("mother_name") != "")
    places = marked.filter(is_plain).get_column("place").to_numpy()
    free = set(random.permutation(places).tolist())
    labels: list[pl.DataFrame] = []
    for rule_code, condition, changes in _kinds(random, sent_before):
        fitting = marked.filter(pl.col("place").is_in(sorted(free)) & condition).get_column("place").to_numpy()
        count = int(random.binomial(len(fitting), min(1.0, share * _MORE.get(rule_code, 1))))
        chosen = sorted(random.choice(fitting, size=count, replace=False).tolist()) if count else []
        free -= set(chosen)
        is_chosen = pl.col("place").is_in(chosen)
        marked = marked.with_columns(
            pl.when(is_chosen).then(value).otherwise(pl.col(name)).alias(name) for name, value in changes.items()
        )
        labels.append(_label(marked.filter(is_chosen), rule_code))
    refused = marked.filter(pl.col("place").is_in(_some(random, sorted(free), share)))
    # What is put in shifts the place of a child's later doses, and older children have none to come.
    grown = marked.filter(pl.col("place").is_in(sorted(free)) & (pl.col("age_days") > _GROWN_DAYS))
    crowded = grown.filter(pl.col("place").is_in(_some(random, grown.get_column("place").to_list(), share)))
    twice = marked.filter(pl.col("place").is_in(_some(random, sorted(free), share)))
    more = [
        # Labelled with whatever else is sent twice (`natural_labels`).
        twice.with_columns(pl.col("record_id") + "T"),
        refused.with_columns(pl.col("record_id") + "R", pl.lit("4").alias("dose_status")),
        *(
            crowded.filter(pl.col("product_code") != product).with_columns(
                pl.col("record_id") + f"V{number}",
                pl.lit(product).alias("product_code"),
                pl.lit(_CROWD_NUMBER).alias("dose_number"),
            )
            for number, product in enumerate(products[: _CROWD + 1])
        ),
    ]
    whole = pl.concat([marked, *more])
    same_day = ["person_code", "given_day"]
    own = _is_given() & (pl.col("record_origin") == "")
    labels += [
        _label(whole.join(refused, on=[*same_day, "product_code"], how="semi").filter(own), "refused_and_given"),
        _label(whole.join(crowded, on=same_day, how="semi").filter(own), "visit_crowded"),
    ]
    return whole.select(rows.columns), pl.concat(labels)


def dose_key() -> list[pl.Expr]:
    """Return the parts of what names a person and product among records."""
    return [pl.col("person_code"), pl.lit("|"), pl.col("product_code")]


def natural_labels(
    rows: pl.DataFrame, seen_codes: set[str], first_code: Callable[[str], str], late_days: int
) -> pl.DataFrame:
    """Return the labels of what the programme itself brought into rows: late, sent twice, under a second code."""
    marked = rows.with_columns(_day("given_at", 6).alias("given_day")).filter(
        _is_given() & (pl.col("record_origin") == "")
    )
    sent = pl.col("submitted_at").str.slice(0, 10).str.to_date("%Y-%m-%d")
    copies = ["person_code", "given_day", "product_code"]
    codes = marked.get_column("person_code").unique().to_list()
    again = [code for code in codes if first_code(code) != code and first_code(code) in seen_codes]
    return pl.concat(
        [
            _label(marked.filter((sent - pl.col("given_day")).dt.total_days() > late_days), "entry_late"),
            _label(
                marked.sort("submitted_at", "facility_code", "record_id").filter(
                    ~pl.struct(copies).is_first_distinct()
                ),
                "dose_sent_twice",
            ),
            _label(marked.filter(pl.col("person_code").is_in(again)), "person_registered_twice"),
            # Mother and daughter may bear one name, which looks the same as a field that was copied.
            _label(marked.filter(pl.col("full_name") == pl.col("mother_name")), "mother_is_child"),
        ]
    )


def _kinds(random: np.random.Generator, sent_before: set[str]) -> list[tuple[str, pl.Expr, dict[str, Any]]]:
    """Return the rule that a kind contradicts, which rows it fits, and what it changes in them."""
    child = pl.col("age_days") < 5 * 365
    number = int(random.integers(0, 20))
    return [
        (
            "given_after_death",
            pl.col("age_days") > 10,
            {"death_date": _written(pl.col("given_day").dt.offset_by("-3d"))},
        ),
        ("given_after_lot_expiry", child, {"lot_expiry_date": _written(pl.col("given_day").dt.offset_by("-20d"))}),
        ("test_name", child, {"full_name": pl.lit(_MADE_UP[number % len(_MADE_UP)])}),
        ("unnamed_late", child & (pl.col("age_days") > 90), {"full_name": "Con bà " + pl.col("mother_name")}),
        ("mother_missing", child, {"mother_name": pl.lit("")}),
        ("mother_is_child", child, {"mother_name": pl.col("full_name")}),
        ("lot_missing", child, {"lot_number": pl.lit("")}),
        ("lot_several", child, {"lot_number": pl.col("lot_number") + " / " + pl.col("lot_number")}),
        ("lot_format", child, {"lot_number": pl.lit(_ODD_LOTS[number % len(_ODD_LOTS)])}),
        (
            "dose_number_too_low",
            pl.concat_str(dose_key()).is_in(sorted(sent_before))
            & (pl.col("dose_number").cast(pl.Int64, strict=False) >= 2),
            {"dose_number": pl.lit("1")},
        ),
    ]


def _some(random: np.random.Generator, places: list[int], share: float) -> list[int]:
    count = int(random.binomial(len(places), share))
    return sorted(random.choice(places, size=count, replace=False).tolist()) if count else []


def _is_given() -> pl.Expr:
    return pl.col("dose_status") == "2"


def _day(column: str, start: int) -> pl.Expr:
    return pl.col(column).str.slice(start).str.to_date(_DAY)


def _written(day: pl.Expr) -> pl.Expr:
    return day.dt.strftime(_DAY)


def _label(rows: pl.DataFrame, rule_code: str) -> pl.DataFrame:
    return rows.select("facility_code", "record_id", pl.lit(rule_code).alias("rule_code"))
