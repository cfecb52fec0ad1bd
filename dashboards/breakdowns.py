"""Doses by who pays, sex and age group: what a choice of categories comes to. Pure: no Streamlit, no SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines.reference import BREAKDOWNS

NO_RECORDS = "no_records"
_CALCULATED, _SUPPRESSED = "calculated", "suppressed"
_SCHEMA = {"area_code": pl.String, "dose_count": pl.Int64, "record_count": pl.Int64, "value_status": pl.String}


def chosen_counts(
    areas: Sequence[str], joint: pl.DataFrame, margins: pl.DataFrame, chosen: Mapping[str, str]
) -> pl.DataFrame:
    """Return one row an area, in the order given: doses of the choice, all doses of records, status.

    `joint` are rows of `Release.dose_breakdowns`, `margins` rows of `Release.dose_margins` for the areas that have none
    of these: there a choice of two breakdowns at once is hidden like a small count. An empty code chooses everything.
    """
    picked = {code: chosen[code] for code in BREAKDOWNS if chosen.get(code)}
    rows: list[tuple[str, int | None, int | None, str]] = []
    for area in areas:
        own, beside = (
            frame.filter(pl.col("area_code") == area) if frame.height else frame for frame in (joint, margins)
        )
        if own.height:
            kept = own.filter(*(pl.col(code) == category for code, category in picked.items()))
            rows.append((area, int(kept["dose_count"].sum()), int(own["dose_count"].sum()), _CALCULATED))
        elif not beside.height:
            rows.append((area, None, None, NO_RECORDS))
        elif (beside["value_status"] == _SUPPRESSED).any():
            rows.append((area, None, None, _SUPPRESSED))
        else:
            of_all = beside.filter(pl.col("breakdown_code") == next(iter(picked), BREAKDOWNS[0]))
            total = int(of_all["dose_count"].sum())
            kept = of_all.filter(pl.col("category_code") == next(iter(picked.values()))) if picked else of_all
            count = int(kept["dose_count"].sum()) if len(picked) < len(BREAKDOWNS[:2]) else None
            rows.append((area, count, total, _CALCULATED if count is not None else _SUPPRESSED))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def by_category(
    categories: pl.DataFrame, joint: pl.DataFrame, margins: pl.DataFrame, chosen: Mapping[str, str]
) -> pl.DataFrame:
    """Return one row a category of `dim_breakdown_categories`: doses of one area under the other two choices.

    `share` is percent of the breakdown's doses. Where there are only margins the choices are passed over; a category
    that records leave empty is zero, a hidden one null.
    """
    counts: list[int | None] = []
    for breakdown, category in categories.select("breakdown_code", "category_code").iter_rows():
        if joint.height:
            others = [pl.col(code) == value for code, value in chosen.items() if value and code != breakdown]
            kept = joint.filter(pl.col(breakdown) == category, *others)
            counts.append(int(kept["dose_count"].sum()))
        else:
            kept = margins.filter(pl.col("breakdown_code") == breakdown, pl.col("category_code") == category)
            is_hidden = margins.height and (margins["value_status"] == _SUPPRESSED).any()
            counts.append(None if is_hidden else int(kept["dose_count"].sum() if kept.height else 0))
    whole = pl.col("dose_count").sum().over("breakdown_code")
    return categories.with_columns(pl.Series("dose_count", counts, dtype=pl.Int64)).with_columns(
        pl.when(whole > 0).then(100 * pl.col("dose_count") / whole).alias("share")
    )
