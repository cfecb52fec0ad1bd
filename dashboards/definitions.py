"""Definitions in words, from the registry of the release."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboards import formats
from dashboards.i18n import Texts
from dashboards.shell import Context
from dashboards.views import Band, Row, bands_of


def definition_of(context: Context, indicator: Row) -> dict[str, str]:
    """Return an indicator as header -> text: what the page shows and the workbook repeats."""
    texts = context.texts
    code = indicator["indicator_code"]
    terms = context.release.terms().filter(pl.col("indicator_code") == code)
    bands = bands_of(context.registry.thresholds, code, texts)
    return {
        texts("indicator_code"): code,
        texts("indicator"): texts.named(dict(indicator), "label"),
        texts("definition"): texts.named(dict(indicator), "definition"),
        texts("numerator"): _terms(terms, "numerator", texts),
        texts("denominator"): _terms(terms, "denominator", texts),
        texts("unit"): texts(f"unit_{indicator['unit']}"),
        texts("bands"): "; ".join(band_text(band, texts) for band in bands) or formats.NOTHING,
        texts("who_code"): indicator["who_code"] or formats.NOTHING,
        texts("reference"): indicator["reference"] or formats.NOTHING,
        texts("definition_version"): str(indicator["definition_version"]),
    }


def band_text(band: Band, texts: Texts) -> str:
    """Return a band with its limits in words."""
    # A limit such as 100.0000001 keeps exactly 100 in the band below: the crumb is not for reading.
    limits = {
        name: formats.number(limit, texts.language, 0 if abs(limit - round(limit)) < 0.001 else 1)
        for name, limit in (("lower", band.lower), ("upper", band.upper))
        if limit is not None
    }
    key = "band_between" if len(limits) == 2 else "band_from" if "lower" in limits else "band_under"
    return texts(key, label=band.label, **limits)


def _terms(terms: pl.DataFrame, role: str, texts: Texts) -> str:
    parts = [_term(row, texts) for row in terms.filter(pl.col("term_role") == role).iter_rows(named=True)]
    return " + ".join(parts).replace(" + −", " − ") or formats.NOTHING


def _term(row: dict[str, Any], texts: Texts) -> str:
    name = f"{texts.named(row)} ({row['measure_code']})"
    if row["offset_years"]:
        name = texts("years_before", name=name, years=row["offset_years"])
    if row["weight"] == -1:
        return f"−{name}"
    return name if row["weight"] == 1 else f"{formats.number(row['weight'], texts.language, 2)} × {name}"
