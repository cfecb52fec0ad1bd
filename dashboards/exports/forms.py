"""Official forms of an area and a period: the registry says what each placeholder is, a release gives the values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl

from dashboards import formats
from dashboards.exports.scope import Scope, fact_text, release_facts
from dashboards.warehouse import SUPPRESSED
from pipelines.forms.page import to_pdf
from pipelines.forms.workbook import FormError, Value, fill
from pipelines.reference import FORM_PARTS, INJECTIONS, Form, FormField, Registry

# The kinds of period that the circular asks reports of.
PERIOD_TYPES = ("month", "quarter", "year")
TEMPLATES = Path(__file__).parents[2] / "pipelines" / "forms" / "templates"


def template_of(form: Form) -> bytes:
    """Return the template of a form. Raises FormError when it is not there."""
    return read_template(TEMPLATES / form.template)


def read_template(path: Path) -> bytes:
    """Return a template's bytes. Raises FormError with a sentence when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormError(
            f"Không đọc được mẫu {path}: {error.strerror}. / The template {path} cannot be read: {error.strerror}."
        ) from error


def workbook(registry: Registry, form: Form, scope: Scope, template: bytes | None = None) -> bytes:
    """Return a form as XLSX, in its own template or another. Raises FormError when it cannot be made."""
    return fill(template if template is not None else template_of(form), values(registry, form, scope))


def pdf(filled: bytes, scope: Scope) -> bytes:
    """Return a filled form as PDF; its footer says which release and versions made it."""
    info, texts = scope.info, scope.texts
    footer = f"{texts('release')} {info.release_id} · {texts('as_of')} {formats.day(info.as_of_date, texts.language)}"
    return to_pdf(filled, footer, lambda number, decimals: formats.number(number, texts.language, decimals))


def values(registry: Registry, form: Form, scope: Scope) -> dict[str, Value]:
    """Return what each placeholder of a form stands for.

    A number that nobody reported is the word for it, never zero, and so is one that is hidden. Raises FormError where
    the circular asks for no report of such a period.
    """
    if scope.period_type not in PERIOD_TYPES:
        raise FormError(
            f"Biểu mẫu chỉ có theo tháng, quý, năm, không theo {scope.period_type}. /"
            f" Forms are of a month, a quarter or a year, not of {scope.period_type}."
        )
    fields = [row for row in registry.form_fields if row.form_code == form.form_code]
    numbers = _measures(fields, scope) | _parts(fields, scope) | _injections(registry, fields, scope)
    missing = scope.texts("form_missing")
    found: dict[str, Value] = {row.field_code: numbers.get(row.field_code, missing) for row in fields}
    return found | _facts(scope)


def _facts(scope: Scope) -> dict[str, Value]:
    info, texts = scope.info, scope.texts
    facts = dict(release_facts(info, scope.checks, texts))
    return {
        "area": scope.place,
        "area_code": scope.place_code,
        "period": scope.period_text,
        "completeness": scope.completeness,
        "missing": texts("form_missing"),
        "data_kind": fact_text(facts[texts("data_kind")], texts.language),
        "as_of": formats.day(info.as_of_date, texts.language),
        "release": info.release_id,
        "registry_version": info.definition_version,
        "code_version": info.code_version,
        "checks": fact_text(facts[texts("checks_summary")], texts.language),
    }


def _hidden(scope: Scope) -> str:
    """Return the word for a count that is hidden."""
    rows = {row["value_status"]: row for row in scope.release.value_statuses().iter_rows(named=True)}
    return scope.texts.named(rows[SUPPRESSED], "label")


def _parts(fields: Sequence[FormField], scope: Scope) -> dict[str, Value]:
    """Return values, numerators and denominators of indicators, as `niis indicator` has them."""
    asked = [row for row in fields if row.content_kind in FORM_PARTS]
    codes = sorted({row.content_code for row in asked})
    if scope.facility is None:
        found = scope.values(codes, [scope.area.area_code])
    else:
        found = scope.release.facility_indicators(scope.place_code, codes, scope.period_type, scope.period)
    by_code = {row["indicator_code"]: row for row in found.iter_rows(named=True)}
    cells: dict[str, Value] = {}
    for row in asked:
        own = by_code.get(row.content_code, {})
        if own.get("value_status") == SUPPRESSED:
            cells[row.field_code] = _hidden(scope)
        elif own.get(row.content_kind) is not None:
            cells[row.field_code] = float(own[row.content_kind])
    return cells


def _measures(fields: Sequence[FormField], scope: Scope) -> dict[str, Value]:
    """Return measures over the months that each field means."""
    first, last = scope.months
    before = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
    found: dict[str, Value] = {}
    for months, span in (("whole", (first, last)), ("last", (last, last)), ("before", (before, before))):
        asked = [row for row in fields if row.month_span == months]
        if not asked:
            continue
        codes = sorted({row.content_code for row in asked})
        if scope.facility is None:
            sums = scope.release.measure_values(codes, scope.hierarchy, [scope.area.area_code], *span)
        else:
            sums = scope.release.facility_measures(scope.place_code, codes, *span)
        by_code = {
            code: _hidden(scope) if value is None else value
            for code, value in (sums.select("measure_code", "value").iter_rows() if sums.height else ())
        }
        found |= {row.field_code: by_code[row.content_code] for row in asked if row.content_code in by_code}
    return found


def _injections(registry: Registry, fields: Sequence[FormField], scope: Scope) -> dict[str, Value]:
    """Return how many injections of a product fall into the categories of each field; zero where others were given."""
    asked = [row for row in fields if row.content_kind == INJECTIONS]
    if not asked:
        return {}
    codes = sorted({row.content_code for row in asked})
    if scope.facility is None:
        counts = scope.release.injections(codes, scope.hierarchy, scope.area.area_code, *scope.months)
    else:
        counts = scope.release.facility_injections(scope.place_code, codes, *scope.months)
    if counts is None:
        return dict.fromkeys((row.field_code for row in asked), _hidden(scope))
    if not counts.height:
        return {}
    breakdown_of = {row.category_code: row.breakdown_code for row in registry.breakdown_categories}
    found: dict[str, Value] = {}
    for row in asked:
        chosen: dict[str, list[str]] = {}
        for category in (row.category_codes or "").split():
            chosen.setdefault(breakdown_of[category], []).append(category)
        kept = counts.filter(
            pl.col("product_code") == row.content_code,
            *(pl.col(breakdown).is_in(categories) for breakdown, categories in chosen.items()),
        )
        found[row.field_code] = float(kept["dose_count"].sum())
    return found
