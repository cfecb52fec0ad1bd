"""Definitions in words, from the registry of the release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from dashboards import formats
from dashboards.i18n import Texts
from dashboards.views import Band, Row, bands_of

if TYPE_CHECKING:
    from dashboards.shell import Context

_CRUMB = 0.001


def definition_of(context: Context, indicator: Row) -> dict[str, str]:
    """Return an indicator as header -> text: what the page shows and the workbook repeats."""
    return described(indicator, context.release.terms(), context.registry.thresholds, context.texts)


def described(indicator: Row, all_terms: pl.DataFrame, thresholds: pl.DataFrame, texts: Texts) -> dict[str, str]:
    """Return an indicator as header -> text, from the terms and the bands of all indicators."""
    code = indicator["indicator_code"]
    terms = all_terms.filter(pl.col("indicator_code") == code)
    bands = bands_of(thresholds, code, texts)
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
    limits = {
        name: formats.number(limit, texts.language, 0 if abs(limit - round(limit)) < _CRUMB else 1)
        for name, limit in (("lower", band.lower), ("upper", band.upper))
        if limit is not None
    }
    # A limit such as 100.0000001 keeps exactly 100 in the band below it.
    has_crumb = {
        name: limit is not None and 0 < abs(limit - round(limit)) < _CRUMB
        for name, limit in (("lower", band.lower), ("upper", band.upper))
    }
    if len(limits) == 2:
        key = "band_through" if has_crumb["upper"] else "band_between"
    elif "lower" in limits:
        key = "band_over" if has_crumb["lower"] else "band_from"
    else:
        key = "band_under"
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
