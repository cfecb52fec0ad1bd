"""The monitoring chart of a year: doses given so far, month by month, against the target so far (WHO, UNICEF)."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboards import charts, components, exports_view, formats
from dashboards.shell import Context
from dashboards.views import COHORT_POLICY, Row, area_name
from dashboards.warehouse import Area

_KIND = "coverage"


def draw(context: Context, area: Area, indicator: Row) -> None:
    """Draw the chart of the period's year; nothing where the indicator is no coverage of doses against a target."""
    is_of_doses = indicator["indicator_kind"] == _KIND and indicator["missing_policy"] != COHORT_POLICY
    if not is_of_doses or not indicator["dose_code"] or not context.state.period:
        return
    year = context.state.period[:4]
    doses = {row["indicator_code"]: row for row in _compared(context, indicator)}
    values = context.release.indicator_values(
        list(doses),
        context.state.hierarchy,
        area_codes=[area.area_code],
        period_type="ytd",
        period_from=f"{year}-01",
        period_to=f"{year}-12",
    ).filter(pl.col("numerator").is_not_null() & (pl.col("denominator") > 0))
    own = values.filter(pl.col("indicator_code") == indicator["indicator_code"])
    if own.height <= 1:
        return
    texts = context.texts
    with st.container(border=True):
        st.subheader(f"{texts('monitoring')} · {year}")
        st.caption(texts("monitoring_note"))
        rows = [(row["period"], texts("monitoring_target"), row["denominator"]) for row in own.iter_rows(named=True)]
        rows += [
            (row["period"], texts.named(dict(doses[row["indicator_code"]]), "short"), row["numerator"])
            for row in values.sort("indicator_code", "period").iter_rows(named=True)
        ]
        frame = pl.DataFrame(rows, schema=["period", "series", "value"], orient="row").with_columns(
            pl.Series("period_text", [formats.period(period, "month", texts.language) for period, _, _ in rows]),
            pl.Series("value_text", [formats.number(value, texts.language) for _, _, value in rows]),
        )
        last = own.row(-1, named=True)
        behind = formats.number(last["denominator"] - last["numerator"], texts.language)
        drawn = charts.lines(frame, texts, dashed=texts("monitoring_target"))
        components.chart(
            drawn,
            alt=texts(
                "monitoring_alt",
                area=area_name(area, texts),
                year=year,
                given=formats.number(last["numerator"], texts.language),
                target=formats.number(last["denominator"], texts.language),
            ),
        )
        key = "monitoring_behind" if last["denominator"] >= last["numerator"] else "monitoring_ahead"
        st.caption(texts(key, count=behind.removeprefix("-"), period=frame["period_text"][own.height - 1]))
        title = f"{texts('monitoring')} · {area_name(area, texts)} · {year}"
        stem = f"monitoring_{indicator['indicator_code']}_{context.state.hierarchy}_{area.area_code}_{year}"
        exports_view.offer_chart(context, drawn, title, stem)


def _compared(context: Context, indicator: Row) -> list[Row]:
    """Return the coverage of the indicator's dose, and of the dose that a headline dropout sets beside it."""
    indicators = context.registry.indicators
    beside = {indicator["dose_code"]}
    dropouts = indicators.filter(
        pl.col("is_headline") & (pl.col("indicator_kind") == "dropout") & (pl.col("missing_policy") != COHORT_POLICY)
    )
    for code in dropouts["indicator_code"]:
        doses = set(context.release.doses_of(code)["dose_code"])
        if indicator["dose_code"] in doses:
            beside |= doses
            break
    same = indicators.filter(
        (pl.col("indicator_kind") == _KIND)
        & (pl.col("missing_policy") == indicator["missing_policy"])
        & pl.col("dose_code").is_in(list(beside))
    )
    others = same.filter(pl.col("is_headline") & (pl.col("dose_code") != indicator["dose_code"]))
    return [indicator, *others.unique("dose_code", keep="first", maintain_order=True).to_dicts()]
