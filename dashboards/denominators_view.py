"""A coverage over every denominator that it can be read over, and how far they lie apart."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import streamlit as st

from dashboards import formats
from dashboards.shell import Context
from dashboards.views import NO_REPORT, Row, denominators_beside
from dashboards.warehouse import Area


def draw(context: Context, area: Area, indicator: Row, statuses: Mapping[str, str]) -> None:
    """Draw the panel, closed: values are asked for when it is opened. Nothing where there is no other denominator."""
    texts, language, state = context.texts, context.texts.language, context.state
    offered = context.release.denominators(indicator["indicator_code"])
    if offered.height < 2:
        return
    key = f"denominators_{state.hierarchy}_{state.area}_{state.indicator}"
    panel = st.expander(texts("denominators"), key=key, on_change="rerun", icon=":material/balance:")
    if not panel.open or not state.period:
        return
    values = context.release.indicator_values(
        offered["read_as"].to_list(),
        state.hierarchy,
        area_codes=[area.area_code],
        period_type=state.period_type,
        period_from=state.period,
        period_to=state.period,
    )
    rows = list(denominators_beside(offered, values).iter_rows(named=True))
    with panel:
        tolerance = max(row["tolerance_pct"] for row in rows)
        st.caption(texts("denominators_note", tolerance=formats.number(tolerance, language)))
        shown = [
            {
                texts("denominator"): texts.named(row) + (f" ({texts('denominator_own')})" if row["is_own"] else ""),
                texts("persons"): formats.number(row["denominator"], language),
                texts("difference"): formats.NOTHING
                if row["difference_pct"] is None or row["is_own"]
                else f"{formats.signed(row['difference_pct'], language, 1)} %",
                texts("value"): formats.in_unit(row["value"], indicator["unit"], language, indicator["decimals"]),
                texts("remark"): _remark(row, context, statuses),
            }
            for row in rows
        ]
        st.dataframe(pl.DataFrame(shown), hide_index=True)


def _remark(row: Row, context: Context, statuses: Mapping[str, str]) -> str:
    if row["is_apart"]:
        return context.texts("denominator_apart")
    return statuses[row["value_status"] or NO_REPORT] if row["value"] is None else ""
