"""Charts (Vega-Lite) from frames that are ready to be drawn. No Streamlit and no words of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec

import altair as alt
import polars as pl

from dashboards import formats, palette
from dashboards.geography import Layer
from dashboards.i18n import Texts
from dashboards.kept import Kept
from dashboards.views import Band, Mark, Row, band_of

_FONT = '"Source Sans", "Source Sans 3", sans-serif'
SELECTION = "clicked"
# Symbols of legends have no outline, which is all that the symbol of a line is.
_STROKES: dict[str, Any] = {"symbolType": "stroke", "symbolStrokeWidth": 2.5}
_WANTED = "good"  # the colour of the band that a programme aims at

P = ParamSpec("P")
_drawings: Kept[str] = Kept(32_000_000, len)


def _drawn_once(draw: Callable[P, Any]) -> Callable[P, dict[str, Any]]:
    """Let a function that makes a chart return its specification, kept while the same is drawn again and again.

    To build a chart of Altair takes longer than everything else that a page does.
    """

    @wraps(draw)
    def drawn(*args: P.args, **named: P.kwargs) -> dict[str, Any]:
        key = (draw.__name__, *map(_told, args), *((name, _told(value)) for name, value in sorted(named.items())))
        specification = _drawings.get(key, lambda: json.dumps(draw(*args, **named).to_dict()))
        found: dict[str, Any] = json.loads(specification)
        return found

    return drawn


def _told(value: object) -> str:
    """Return what tells an argument of a chart from another."""
    if isinstance(value, pl.DataFrame):
        stream = value.write_ipc(None)
        return hashlib.sha256(stream.getvalue()).hexdigest()
    return value.language if isinstance(value, Texts) else repr(value)


def labelled(frame: pl.DataFrame, indicator: Row, bands: Sequence[Band], texts: Texts) -> pl.DataFrame:
    """Add what charts say in words: `value_text`, `band` (with its sign) and `period_text` stay strings."""
    language = texts.language
    rows = [
        {
            "value_text": formats.in_unit(row["value"], indicator["unit"], language, indicator["decimals"]),
            "band": band_label(band_of(row["value"], bands), texts, has_value=row["value"] is not None),
        }
        for row in frame.iter_rows(named=True)
    ]
    return frame.hstack(pl.DataFrame(rows, schema={"value_text": pl.String, "band": pl.String}))


def worded(
    frame: pl.DataFrame,
    indicator: Row,
    bands: Sequence[Band],
    statuses: Mapping[str, str],
    sources: pl.DataFrame,
    texts: Texts,
) -> pl.DataFrame:
    """Add the words of values: those of `labelled`, `status_text` and `source_text`."""
    named = {row["source_code"]: texts.named(row) for row in sources.iter_rows(named=True)}
    named["mixed"] = texts("source_mixed")
    return labelled(frame, indicator, bands, texts).with_columns(
        pl.col("value_status").replace_strict(statuses, return_dtype=pl.String).alias("status_text"),
        pl.col("source_code").replace(named).alias("source_text"),
    )


def band_label(band: Band | None, texts: Texts, *, has_value: bool) -> str:
    """Return a band's sign and label; without a value, the words for no data."""
    if band is not None:
        return f"{palette.SIGNS[band.colour_token]} {band.label}"
    return texts("has_value") if has_value else texts("no_data")


@_drawn_once
def area_map(
    layer: Layer, frame: pl.DataFrame, indicator: Row, bands: Sequence[Band], *, texts: Texts, height: int
) -> Any:
    """Draw a layer shaded by band. Areas without a value are grey, never the shade of zero."""
    no_data = texts("no_data")
    columns = ["area_code", "area_name", "value", "value_text", "band", "status_text"]
    shapes = alt.UrlData(url=layer.url, format=alt.JsonDataFormat(property="features", type="json"))
    base = (
        alt.Chart(shapes)
        .transform_calculate(area_code="datum.properties.code")
        .transform_lookup(
            lookup="area_code",
            from_=alt.LookupData(data=_plain(frame.select(columns)), key="area_code", fields=columns[1:]),
        )
        .transform_calculate(
            band=f"isValid(datum.band) ? datum.band : {no_data!r}",
            area_name="isValid(datum.area_name) ? datum.area_name : datum.properties.name",
        )
    )
    picked = alt.selection_point(fields=["area_code"], name=SELECTION, on="click")
    shade: Any = _band_colour(bands, texts)
    if not bands:
        shade = alt.condition(
            "isValid(datum.value)",
            alt.Color("value:Q", scale=alt.Scale(range=list(palette.SHADES)), legend=alt.Legend(title=None)),
            alt.value(palette.NO_DATA),
        )
    chart = (
        base.mark_geoshape(stroke=palette.PAGE, strokeWidth=0.6, cursor="pointer")
        .encode(
            color=shade,
            opacity=alt.condition(picked, alt.value(1), alt.value(0.45)),
            tooltip=[
                alt.Tooltip("area_name:N", title=texts("area")),
                alt.Tooltip("value_text:N", title=texts.named(dict(indicator), "short")),
                alt.Tooltip("band:N", title=texts("band")),
                alt.Tooltip("status_text:N", title=texts("status")),
            ],
        )
        .project(type="mercator")
        .add_params(picked)
        .properties(height=height, width="container")
    )
    return _styled(chart)


@_drawn_once
def ranking(frame: pl.DataFrame, indicator: Row, bands: Sequence[Band], texts: Texts) -> Any:
    """Draw a bar for each area that has a value, in the order of the frame, with its number beside it."""
    names = frame["area_name"].to_list()
    base = alt.Chart(_plain(frame.select("area_code", "area_name", "value", "value_text", "band", "status_text")))
    upper = max([*frame["value"].to_list(), 0.0])
    lower = min([*frame["value"].to_list(), 0.0])
    axis = alt.X("value:Q", title=None, axis=None, scale=alt.Scale(domain=[lower, upper * 1.22 or 1], nice=False))
    order = alt.Y("area_code:N", sort=frame["area_code"].to_list(), title=None, axis=_name_axis(frame))
    colour: Any = _band_colour(bands, texts, legend=False) if bands else alt.value(palette.SERIES[0])
    bars = base.mark_bar(height=13, cornerRadiusEnd=2).encode(
        x=axis,
        y=order,
        color=colour,
        tooltip=[
            alt.Tooltip("area_name:N", title=texts("area")),
            alt.Tooltip("value_text:N", title=texts.named(dict(indicator), "short")),
            alt.Tooltip("band:N", title=texts("band")),
            alt.Tooltip("status_text:N", title=texts("status")),
        ],
    )
    labels = base.mark_text(align="left", dx=4, color=palette.INK, fontSize=11).encode(
        x=axis, y=order, text="value_text:N"
    )
    return _styled(alt.layer(bars, labels).properties(height=max(60, 21 * len(names)), width="container"))


@_drawn_once
def quadrants(frame: pl.DataFrame, rule: Row, texts: Texts, height: int = 340) -> Any:
    """Draw areas by access (to the right) and dropout (upwards), coloured by category, with the limits of a rule.

    The frame has area_name, access, utilisation (both in percent), access_text, utilisation_text, category (with its
    sign) and colour_token.
    """
    categories = frame.unique("category", maintain_order=True)
    shapes = {"poor": "triangle-down", "fair": "circle", "good": "triangle-up", "over": "diamond"}
    tokens = categories["colour_token"].to_list()
    domain = categories["category"].to_list()
    legend = alt.Legend(orient="bottom", title=None, labelLimit=280, columns=2)
    axis = alt.Axis(labelExpr=_number_expression(texts.language), tickCount=6)
    points = (
        alt.Chart(_plain(frame))
        .mark_point(filled=True, size=62, opacity=0.85)
        .encode(
            x=alt.X("access:Q", title=texts("red_access"), scale=alt.Scale(zero=False), axis=axis),
            y=alt.Y("utilisation:Q", title=texts("red_utilisation"), axis=axis),
            color=alt.Color(
                "category:N",
                scale=alt.Scale(domain=domain, range=[palette.COLOURS[token] for token in tokens]),
                legend=legend,
            ),
            shape=alt.Shape(
                "category:N", scale=alt.Scale(domain=domain, range=[shapes[token] for token in tokens]), legend=legend
            ),
            tooltip=[
                alt.Tooltip("area_name:N", title=texts("area")),
                alt.Tooltip("category:N", title=texts("red_category")),
                alt.Tooltip("access_text:N", title=texts("red_access")),
                alt.Tooltip("utilisation_text:N", title=texts("red_utilisation")),
            ],
        )
    )
    limits = alt.Chart(
        alt.InlineData(values=[{"access": rule["access_minimum"], "utilisation": rule["utilisation_limit"]}])
    ).mark_rule(strokeDash=[4, 4], color=palette.MUTED)
    return _styled(
        alt.layer(limits.encode(x="access:Q"), limits.encode(y="utilisation:Q"), points).properties(
            height=height, width="container"
        )
    )


@_drawn_once
def counts(frame: pl.DataFrame, *, title: str, name: str, note: str) -> Any:
    """Draw a bar for each row (code, name, value, value_text, note), in the order of the frame."""
    room = max([*frame["value"].to_list(), 1.0]) * 1.15
    base = alt.Chart(_plain(frame)).encode(
        x=alt.X("value:Q", axis=None, scale=alt.Scale(domain=[0, room])),
        y=alt.Y(
            "name:N",
            sort=frame["name"].to_list(),
            title=None,
            axis=alt.Axis(labelLimit=220, ticks=False, domain=False, labelFontSize=12),
        ),
    )
    tooltip = [
        alt.Tooltip("name:N", title=name),
        alt.Tooltip("value_text:N", title=title),
        alt.Tooltip("note:N", title=note),
    ]
    bars = base.mark_bar(height=14, color=palette.SERIES[0], cornerRadiusEnd=2).encode(tooltip=tooltip)
    labels = base.mark_text(align="left", dx=4, color=palette.INK, fontSize=11).encode(text="value_text:N")
    return _styled(alt.layer(bars, labels).properties(height=max(60, 24 * frame.height), width="container"))


@_drawn_once
def trend(
    frame: pl.DataFrame,
    indicator: Row,
    bands: Sequence[Band],
    texts: Texts,
    *,
    marks: Sequence[Mark] = (),
    height: int = 260,
) -> Any:
    """Draw values over periods; a line breaks where nothing was reported, and each source has a line of its own.

    The frame has period_text (in order of time), value, value_text, source_text and status_text. `marks` are events:
    each is a rule at the period in which it began, with its label.
    """
    sources = frame["source_text"].drop_nulls().unique(maintain_order=True).to_list()
    order = frame["period_text"].to_list()
    # Every period for every source: the missing ones are null, which is where a line breaks.
    spine = pl.DataFrame({"period_text": order}).join(pl.DataFrame({"source_text": sources}), how="cross")
    points = spine.join(
        frame.select("period_text", "source_text", "value", "value_text", "status_text"),
        on=["period_text", "source_text"],
        how="left",
        maintain_order="left",
    )
    value_axis = alt.Axis(title=None, labelExpr=_number_expression(texts.language), tickCount=5)
    # The domain is said: layers with data of their own (events) must not change the order of time.
    x = alt.X(
        "period_text:O",
        sort=order,
        scale=alt.Scale(domain=order),
        title=None,
        axis=alt.Axis(labelAngle=-45, labelOverlap="greedy"),
    )
    y = alt.Y("value:Q", scale=alt.Scale(zero=False, nice=True), axis=value_axis)
    legend = alt.Legend(orient="bottom", title=None, labelLimit=280, columns=2)
    colour = alt.Color("source_text:N", scale=alt.Scale(domain=sources, range=list(palette.SERIES)), legend=legend)
    base = alt.Chart(_plain(points)).encode(
        x=x,
        y=y,
        color=colour,
        tooltip=[
            alt.Tooltip("period_text:N", title=texts("period")),
            alt.Tooltip("value_text:N", title=texts.named(dict(indicator), "short")),
            alt.Tooltip("source_text:N", title=texts("data_source")),
            alt.Tooltip("status_text:N", title=texts("status")),
        ],
    )
    wanted = next((band for band in bands if band.colour_token == _WANTED), None)
    layers: list[Any] = [_target_rule(wanted, texts)] if wanted else []
    if marks:
        layers.append(_event_rules(marks, x, texts))
    layers += [
        base.mark_line(strokeWidth=2.2, invalid="break-paths-show-domains"),
        base.mark_point(filled=True, size=46, invalid="filter", opacity=1).encode(
            shape=alt.Shape(
                "source_text:N",
                scale=alt.Scale(domain=sources, range=["circle", "diamond", "square", "triangle"]),
                legend=legend,
            )
        ),
    ]
    return _styled(alt.layer(*layers).properties(height=height, width="container"))


@_drawn_once
def lines(frame: pl.DataFrame, texts: Texts, *, dashed: str, height: int = 280) -> Any:
    """Draw a line for each `series` over `period_text`, in the order of the frame; one of them is dashed.

    The frame has period_text, series, value (from 0 up) and value_text.
    """
    order = frame["period_text"].unique(maintain_order=True).to_list()
    series = frame["series"].unique(maintain_order=True).to_list()
    colours = [palette.MUTED if name == dashed else palette.SERIES[number] for number, name in enumerate(series, -1)]
    legend = alt.Legend(orient="bottom", title=None, labelLimit=280, columns=2, **_STROKES)
    chart = (
        alt.Chart(_plain(frame.select("period_text", "series", "value", "value_text")))
        .mark_line(strokeWidth=2.2, point=alt.OverlayMarkDef(filled=True, size=40))
        .encode(
            x=alt.X(
                "period_text:O",
                sort=order,
                scale=alt.Scale(domain=order),
                title=None,
                axis=alt.Axis(labelAngle=-45, labelOverlap="greedy"),
            ),
            y=alt.Y(
                "value:Q",
                scale=alt.Scale(zero=True, nice=True),
                axis=alt.Axis(title=None, labelExpr=_number_expression(texts.language), tickCount=5),
            ),
            color=alt.Color("series:N", scale=alt.Scale(domain=series, range=colours), legend=legend),
            strokeDash=alt.StrokeDash(
                "series:N",
                scale=alt.Scale(domain=series, range=[[5, 4] if name == dashed else [1, 0] for name in series]),
                legend=legend,
            ),
            tooltip=[
                alt.Tooltip("period_text:N", title=texts("period")),
                alt.Tooltip("series:N", title=texts("indicator")),
                alt.Tooltip("value_text:N", title=texts("value")),
            ],
        )
        .properties(height=height, width="container")
    )
    return _styled(chart)


@_drawn_once
def cohort_curve(frame: pl.DataFrame, texts: Texts, height: int = 260) -> Any:
    """Draw how coverage grows with age: a line a birth year, whole for valid doses and dashed for recorded ones.

    The frame has birth_year, age_months, child_count, recorded_pct and valid_pct.
    """
    kinds = {"valid_pct": texts("curve_valid"), "recorded_pct": texts("curve_recorded")}
    points = (
        frame.unpivot(list(kinds), index=["birth_year", "age_months", "child_count"], variable_name="kind")
        .with_columns(
            pl.col("kind").replace_strict(kinds),
            pl.col("birth_year").cast(pl.String),
            pl.Series("value_text", [formats.in_unit(value, "percent", texts.language, 1) for value in
                                     (*frame["valid_pct"], *frame["recorded_pct"])]),
        )
    )  # fmt: skip
    years = points["birth_year"].unique(maintain_order=True).to_list()
    legend = alt.Legend(orient="bottom", title=None)
    lines = (
        alt.Chart(_plain(points))
        .mark_line(strokeWidth=2.2)
        .encode(
            x=alt.X("age_months:Q", title=texts("age_months"), axis=alt.Axis(tickMinStep=3)),
            y=alt.Y("value:Q", axis=alt.Axis(title=None, labelExpr=_number_expression(texts.language), tickCount=5)),
            color=alt.Color("birth_year:N", scale=alt.Scale(domain=years, range=list(palette.SERIES)), legend=legend),
            strokeDash=alt.StrokeDash(
                "kind:N", scale=alt.Scale(domain=list(kinds.values()), range=[[1, 0], [5, 4]]), legend=legend
            ),
            tooltip=[
                alt.Tooltip("birth_year:N", title=texts("birth_year")),
                alt.Tooltip("age_months:Q", title=texts("age_months")),
                alt.Tooltip("kind:N", title=texts("dose")),
                alt.Tooltip("value_text:N", title=texts("value")),
                alt.Tooltip("child_count:Q", title=texts("children")),
            ],
        )
    )
    return _styled(lines.properties(height=height, width="container"))


@_drawn_once
def arrival_curve(frame: pl.DataFrame, deadlines: Sequence[tuple[int, str]], texts: Texts, height: int = 280) -> Any:
    """Draw what share of reports and doses had arrived so many days after the end of a month, with the deadlines.

    The frame has delay_days, report_share and dose_share (0-1); a deadline is a day and the level that it is for.
    """
    kinds = {"report_share": texts("arrivals_reports"), "dose_share": texts("arrivals_doses")}
    points = frame.unpivot(list(kinds), index="delay_days", variable_name="kind").with_columns(
        pl.col("kind").replace_strict(kinds), (100 * pl.col("value")).alias("value")
    )
    points = points.with_columns(
        pl.Series("value_text", [formats.in_unit(value, "percent", texts.language, 1) for value in points["value"]])
    )
    lines = (
        alt.Chart(_plain(points))
        .mark_line(strokeWidth=2.2, interpolate="step-after")
        .encode(
            x=alt.X("delay_days:Q", title=texts("arrivals_days")),
            y=alt.Y(
                "value:Q",
                scale=alt.Scale(domain=[0, 100]),
                axis=alt.Axis(title=None, labelExpr=_number_expression(texts.language), tickCount=5),
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=list(kinds.values()), range=list(palette.SERIES)[: len(kinds)]),
                legend=alt.Legend(orient="bottom", title=None, **_STROKES),
            ),
            tooltip=[
                alt.Tooltip("delay_days:Q", title=texts("arrivals_days")),
                alt.Tooltip("kind:N", title=texts("arrivals")),
                alt.Tooltip("value_text:N", title=texts("value")),
            ],
        )
    )
    marked = pl.DataFrame(
        [{"delay_days": day, "label": texts("arrivals_deadline", level=level)} for day, level in deadlines],
        schema={"delay_days": pl.Int64, "label": pl.String},
    )
    rules = (
        alt.Chart(_plain(marked))
        .mark_rule(strokeDash=[4, 4], color=palette.NO_DATA)
        .encode(x="delay_days:Q", tooltip=[alt.Tooltip("label:N", title=texts("deadline"))])
    )
    return _styled((rules + lines).properties(height=height, width="container"))


@_drawn_once
def waterfall(frame: pl.DataFrame, texts: Texts) -> Any:
    """Draw steps from one total to another, downwards: a total from 0, a step from where the one before it ended.

    The frame has name, lower, upper, value_text, kind (total, more, less) and explanation, in order.
    """
    kinds = {"total": texts("bridge_total"), "more": texts("bridge_more"), "less": texts("bridge_less")}
    shown = frame.with_columns(pl.col("kind").replace_strict(kinds))
    room = max([*frame["upper"].to_list(), 1.0]) * 1.15
    base = alt.Chart(_plain(shown)).encode(
        y=alt.Y(
            "name:N",
            sort=frame["name"].to_list(),
            title=None,
            axis=alt.Axis(labelLimit=260, ticks=False, domain=False, labelFontSize=12),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=texts("bridge_step")),
            alt.Tooltip("value_text:N", title=texts("value")),
            alt.Tooltip("explanation:N", title=texts("bridge_explanation")),
        ],
    )
    scale = alt.Scale(domain=[min([*frame["lower"].to_list(), 0.0]), room], nice=False)
    bars = base.mark_bar(height=14).encode(
        x=alt.X("lower:Q", axis=None, scale=scale),
        x2="upper:Q",
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(
                domain=list(kinds.values()),
                range=[palette.SERIES[0], palette.COLOURS["good"], palette.COLOURS["fair"]],
            ),
            legend=alt.Legend(orient="bottom", title=None),
        ),
    )
    labels = base.mark_text(align="left", dx=4, color=palette.INK, fontSize=11).encode(
        x=alt.X("upper:Q", axis=None, scale=scale), text="value_text:N"
    )
    return _styled(alt.layer(bars, labels).properties(height=max(60, 24 * frame.height), width="container"))


def _target_rule(band: Band, texts: Texts) -> Any:
    """Draw the edge that a value has to reach: the lower bound, or the upper one where less is better."""
    edge = band.lower if band.lower else band.upper
    label = f"{band.label}: {formats.number(edge, texts.language)}"
    rule = alt.Chart(alt.InlineData(values=[{"edge": edge, "label": label}]))
    return alt.layer(
        rule.mark_rule(strokeDash=[4, 4], color=palette.MUTED).encode(y="edge:Q"),
        rule.mark_text(align="left", dx=2, dy=-6, color=palette.MUTED, fontSize=11).encode(
            y="edge:Q", x=alt.value(0), text="label:N"
        ),
    )


def _event_rules(marks: Sequence[Mark], x: alt.X, texts: Texts) -> Any:
    """Draw a rule for each event, numbered as in the caption below the chart."""
    base = alt.Chart(
        alt.InlineData(
            values=[
                {"period_text": mark.period_text, "label": mark.label, "days": mark.days, "sign": mark.sign}
                for mark in marks
            ]
        )
    ).encode(
        x=x,
        tooltip=[alt.Tooltip("label:N", title=texts("event")), alt.Tooltip("days:N", title=texts("period"))],
    )
    return alt.layer(
        base.mark_rule(color=palette.MUTED, strokeWidth=1.4, strokeDash=[2, 3]),
        base.mark_text(color=palette.INK, fontSize=11, align="left", dx=3, baseline="top").encode(
            y=alt.value(2), text="sign:N"
        ),
    )


def _band_colour(bands: Sequence[Band], texts: Texts, *, legend: bool = True) -> alt.Color:
    domain = [band_label(band, texts, has_value=True) for band in bands] + [texts("no_data")]
    colours = [palette.COLOURS[band.colour_token] for band in bands] + [palette.NO_DATA]
    shown = alt.Legend(orient="bottom", title=None, columns=3, labelLimit=150) if legend else None
    return alt.Color("band:N", scale=alt.Scale(domain=domain, range=colours), legend=shown)


def _name_axis(frame: pl.DataFrame) -> alt.Axis:
    """Label codes by names: two areas may share a name, and a bar must not hold both."""
    names = {row["area_code"]: row["area_name"] for row in frame.iter_rows(named=True)}
    expression = f"{names!r}[datum.value]"
    return alt.Axis(labelExpr=expression, labelLimit=170, ticks=False, domain=False, labelFontSize=12)


def _number_expression(language: str) -> str:
    if language == "vi":
        return "replace(replace(replace(format(datum.value, ',~f'), /,/g, ' '), '.', ','), / /g, '.')"
    return "format(datum.value, ',~f')"


def _plain(frame: pl.DataFrame) -> alt.InlineData:
    return alt.InlineData(values=tuple(frame.to_dicts()))  # a tuple is not copied with each step


def _styled(chart: Any) -> Any:
    """Give a chart the page's look. Altair's own types lose what kind of chart it is."""
    return (
        chart.configure(font=_FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=palette.INK, gridColor=palette.GRID, domainColor=palette.GRID, tickColor=palette.GRID
        )
        .configure_legend(labelColor=palette.INK, labelFontSize=12, symbolStrokeWidth=0)
    )
