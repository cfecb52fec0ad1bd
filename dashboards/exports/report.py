"""The report of an area and a period: its data from a release, its page by typst."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from dashboards import charts, formats, palette
from dashboards.definitions import described
from dashboards.exports.chart_files import specification, to_svg
from dashboards.exports.scope import Scope, fact_text, failed_checks, scope_facts
from dashboards.views import (
    area_name,
    band_of,
    bands_of,
    compared_period,
    completeness,
    default_first,
    kpi,
    ranked,
    with_every_area,
    with_every_period,
)
from dashboards.warehouse import Area, ReleaseError
from pipelines.access.policy import Place

_TEMPLATE = Path(__file__).parent / "report.typ"
_TREND_POINTS = 24
_FONT = "Libertinus Serif"  # the font of the page: typst has it inside
# Where the two archipelagos lie, and how far below that their names stand on a map, in degrees.
_ARCHIPELAGOS = {"hoang_sa": (112.0, 16.5), "truong_sa": (114.0, 9.5)}
_NAME_BELOW = 1.1
_MAP_WIDTH, _MAP_HEIGHT = 380, 400
_TREND_WIDTH, _TREND_HEIGHT = 640, 200

Step = Callable[[int, int, str], None]


def default_indicator(indicators: pl.DataFrame) -> str:
    """Return the indicator that a report ranks and draws when none is named."""
    headline = indicators.filter(pl.col("is_headline"))["indicator_code"].to_list()
    return default_first(headline, indicators)[0]


def to_pdf(scope: Scope, indicator_code: str | None = None, step: Step = lambda done, total, detail: None) -> bytes:
    """Return the report as PDF, A4. The same release gives the same bytes. Raises ReleaseError."""
    import typst  # noqa: PLC0415 - only who prints pays for it

    page = typst.compile(
        str(_TEMPLATE),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(content(scope, indicator_code, step), ensure_ascii=False)},
        timestamp=int(scope.info.built_at.timestamp()),
    )
    step(4, 4, "")
    return bytes(page)


def content(
    scope: Scope, indicator_code: str | None = None, step: Step = lambda done, total, detail: None
) -> dict[str, Any]:
    """Return everything that stands in a report, in words."""
    texts = scope.texts
    code = indicator_code or default_indicator(scope.indicators)
    found = scope.indicators.filter(pl.col("indicator_code") == code)
    if not found.height:
        raise ReleaseError(f"Không có chỉ số '{code}'. / There is no indicator '{code}'.")
    indicator = found.row(0, named=True)
    thresholds = scope.release.thresholds()
    bands = bands_of(thresholds, code, texts)
    statuses = {row["value_status"]: texts.named(row, "label") for row in scope.release.value_statuses().to_dicts()}
    sources = scope.release.sources()
    headline = scope.indicators.filter(pl.col("is_headline"))
    step(0, 4, texts("headlines"))
    cards = _cards(scope, headline, thresholds, statuses)
    step(1, 4, texts("ranking"))

    def worded(areas: list[Area]) -> pl.DataFrame:
        values = scope.values([code], [area.area_code for area in areas])
        return charts.worded(with_every_area(areas, values, texts), indicator, bands, statuses, sources, texts)

    below = scope.tree.shown_below(scope.area.area_code)
    frame = worded(below) if below else None
    step(2, 4, texts("map"))
    mapped = _mapped(scope)
    drawn = _map(scope, worded(mapped), indicator, bands)
    around = mapped != below and scope.tree.areas[str(scope.area.parent_code)]
    step(3, 4, texts("trend"))
    terms = scope.release.terms()
    reporting = scope.indicators.filter(pl.col("indicator_kind") == "completeness")
    shown = pl.concat([headline, found]).unique("indicator_code", maintain_order=True)
    return {
        "language": texts.language,
        "words": {
            name: texts(name)
            for name in (
                "report_office", "report_title", "report_none_below", "report_no_trend", "report_no_map", "headlines",
                "map", "ranking", "trend", "completeness", "checks_summary", "definitions", "provenance", "indicator",
                "value", "change", "band", "area", "numerator", "denominator", "status", "report_all_passed",
                "report_blank", "app_title", "report_page",
            )
        },
        "is_synthetic": scope.info.is_synthetic,
        "synthetic": texts("kind_synthetic"),
        "area": area_name(scope.area, texts),
        "place": scope.place,
        "period": scope.period_text,
        "indicator": texts.named(indicator, "label"),
        "compared": _compared_text(scope),
        "cards": cards,
        "map": drawn,
        "map_of": area_name(around or scope.area, texts),
        "trend": _trend(scope, indicator, bands, statuses, sources),
        "rows": _ranking(scope, frame, indicator),
        "completeness": [
            [card["label"], card["value"], card["status"]]
            for card in _cards(scope, reporting, thresholds, statuses)
        ],
        "completeness_text": scope.completeness,
        "checks": [[texts.named(row), texts.named(row, "message")] for row in failed_checks(scope.checks)],
        "checks_count": scope.checks.filter(pl.col("status") == "passed").height,
        "definitions": [
            [texts.named(row, "label"), described(row, terms, thresholds, texts)[texts("definition")]]
            for row in shown.iter_rows(named=True)
        ],
        "facts": [[name, fact_text(value, texts.language)] for name, value in scope_facts(scope)],
        "footer": f"{scope.info.release_id} · {fact_text(scope.info.as_of_date, texts.language)}",
    }  # fmt: skip


def _compared_text(scope: Scope) -> str:
    earlier = compared_period(scope.period, scope.period_type, _known_periods(scope))
    if earlier is None:
        return ""
    text = formats.period(earlier, scope.period_type, scope.texts.language)
    return scope.texts("report_compared", period=text)


def _known_periods(scope: Scope) -> list[str]:
    return list(scope.release.periods_with_values(scope.period_type, scope.hierarchy)["period"])


def _cards(
    scope: Scope, indicators: pl.DataFrame, thresholds: pl.DataFrame, statuses: dict[str, str]
) -> list[dict[str, str]]:
    """Return a line an indicator: its value, parts, band, change, completeness and status in words."""
    texts, codes = scope.texts, indicators["indicator_code"].to_list()
    earlier = compared_period(scope.period, scope.period_type, _known_periods(scope))
    places = [scope.area.area_code]
    now = {row["indicator_code"]: row for row in scope.values(codes, places).iter_rows(named=True)}
    before: dict[str, dict[str, Any]] = {}
    if earlier:
        values = scope.release.indicator_values(
            codes, scope.hierarchy, area_codes=places, period_type=scope.period_type, period_from=earlier,
            period_to=earlier,
        )  # fmt: skip
        before = {row["indicator_code"]: row for row in values.iter_rows(named=True)}
    lines = []
    for row in indicators.iter_rows(named=True):
        code = row["indicator_code"]
        current = now.get(code)
        card = kpi(
            row,
            current,
            before.get(code),
            compared_with="",
            bands=bands_of(thresholds, code, texts),
            statuses=statuses,
            texts=texts,
        )
        lines.append(
            {
                "label": texts.named(row, "label"),
                "value": card.value,
                "numerator": formats.number(current["numerator"] if current else None, texts.language),
                "denominator": formats.number(current["denominator"] if current else None, texts.language),
                "change": card.change or formats.NOTHING,
                "band": f"{palette.SIGNS[card.band.colour_token]} {card.band.label}" if card.band else "",
                "ink": palette.INKS[card.band.colour_token] if card.band else palette.INK,
                "completeness": card.completeness or "",
                "status": card.status or statuses["calculated"],
            }
        )
    return lines


def _mapped(scope: Scope) -> list[Area]:
    """Return the areas that the map shades: those below, or the neighbours where nothing below can be drawn.

    A reader who may not see the neighbours gets no map of them.
    """
    below = scope.tree.shown_below(scope.area.area_code)
    if scope.tree.layer(below) is not None or scope.area.parent_code is None:
        return below
    around = scope.tree.children(scope.area.parent_code)
    bound = scope.release.scope
    if bound is None or all(bound.may_see_values(Place(scope.hierarchy, area.area_code)) for area in around):
        return around
    return below


def _map(scope: Scope, frame: pl.DataFrame, indicator: dict[str, Any], bands: list[Any]) -> str:
    layer = scope.tree.layer(_mapped(scope))
    if layer is None:
        return ""
    chart = charts.area_map(layer, frame, indicator, bands, texts=scope.texts, height=_MAP_HEIGHT)
    spec = specification(chart, width=_MAP_WIDTH, font=_FONT, height=_MAP_HEIGHT)
    parts = ("data", "mark", "encoding", "transform", "params")
    west, south, east, north = _extent(spec["data"]["values"])
    names = [
        {"name": scope.texts(code), "longitude": longitude, "latitude": latitude - _NAME_BELOW}
        for code, (longitude, latitude) in _ARCHIPELAGOS.items()
        if west < longitude < east and south < latitude < north
    ]
    labels = {
        "data": {"values": names},
        "mark": {"type": "text", "fontSize": 11, "fontStyle": "italic", "color": palette.INK},
        "encoding": {
            "longitude": {"field": "longitude", "type": "quantitative"},
            "latitude": {"field": "latitude", "type": "quantitative"},
            "text": {"field": "name", "type": "nominal"},
        },
    }
    shapes = {name: spec.pop(name) for name in parts if name in spec}
    return to_svg({**spec, "layer": [shapes, labels]})


def _extent(boundaries: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return the westernmost, southernmost, easternmost and northernmost degree of boundaries."""
    waiting: list[Any] = [feature["geometry"]["coordinates"] for feature in boundaries["features"]]
    points = []
    while waiting:
        part = waiting.pop()
        if isinstance(part[0], list):
            waiting += part
        else:
            points.append(part)
    longitudes, latitudes = [point[0] for point in points], [point[1] for point in points]
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def _trend(
    scope: Scope,
    indicator: dict[str, Any],
    bands: list[Any],
    statuses: dict[str, str],
    sources: pl.DataFrame,
) -> str:
    texts, periods = scope.texts, _known_periods(scope)
    periods = [period for period in periods if period <= scope.period][-_TREND_POINTS:]
    if not periods:
        return ""
    values = scope.release.indicator_values(
        [indicator["indicator_code"]], scope.hierarchy, area_codes=[scope.area.area_code],
        period_type=scope.period_type, period_from=periods[0], period_to=periods[-1],
    )  # fmt: skip
    if not values["value"].drop_nulls().len():
        return ""
    frame = charts.worded(with_every_period(periods, values), indicator, bands, statuses, sources, texts).with_columns(
        pl.Series("period_text", [formats.period(code, scope.period_type, texts.language) for code in periods])
    )
    chart = charts.trend(frame, indicator, bands, texts, height=_TREND_HEIGHT)
    return to_svg(specification(chart, width=_TREND_WIDTH, font=_FONT, height=_TREND_HEIGHT))


def _ranking(scope: Scope, frame: pl.DataFrame | None, indicator: dict[str, Any]) -> list[dict[str, str]]:
    """Return a line an area below, the best first; those without a value come last and say why."""
    if frame is None:
        return []
    texts = scope.texts
    order = ranked(frame, indicator["direction"])
    bands = bands_of(scope.release.thresholds(), indicator["indicator_code"], texts)
    lines = []
    for place, row in enumerate(order.iter_rows(named=True), 1):
        band = band_of(row["value"], bands)
        lines.append(_line(row, str(place), palette.INKS[band.colour_token] if band else palette.INK, scope, indicator))
    for row in frame.filter(pl.col("value").is_null()).iter_rows(named=True):
        lines.append(_line(row, "", palette.MUTED, scope, indicator))
    return lines


def _line(row: dict[str, Any], place: str, ink: str, scope: Scope, indicator: dict[str, Any]) -> dict[str, str]:
    language = scope.texts.language
    return {
        "place": place,
        "area": row["area_name"],
        "value": row["value_text"],
        "ink": ink,
        "band": row["band"] if row["value"] is not None else "",
        "numerator": formats.number(row["numerator"], language),
        "denominator": formats.number(row["denominator"], language),
        "completeness": completeness(row, indicator, scope.texts) or "",
        "status": row["status_text"],
    }
