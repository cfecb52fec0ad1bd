"""The only SQL of the readers: everything that the dashboards and `niis indicator` ask of a release.

Readers open the file that CURRENT names, read only, and finish on it. No function here writes, and none
computes a measure: numbers come from the published relations as they are. A release that was bound to a reader
(`within`) refuses whatever that reader may not see; one that was not is the machine's own.

    ReleaseError
    +-- NothingPublishedError     there is no release that could be opened

What is known of single persons is in another file of a release and asked for in `persons.py`.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from dashboards.area_lists import AreaList, Member
from dashboards.hiding import Hiding, Links, is_whole_year, thinned
from dashboards.kept import Kept
from dashboards.text import search_key
from pipelines.access.policy import AccessDeniedError, Place, Scope
from pipelines.evaluation.macros import render
from pipelines.reference import BREAKDOWNS, load_registry

SUPPRESSED = "suppressed"
_POINTER = "CURRENT"
_MANIFEST = "manifest.json"
_KEPT_BYTES = 64_000_000

# A reader needs no file but the one it has open: what could reach another one is switched off, then locked.
_HARDENING = (
    "set threads = 2",
    "set memory_limit = '1GB'",
    "set temp_directory = ''",
    "set autoload_known_extensions = false",
    "set autoinstall_known_extensions = false",
    "set allow_community_extensions = false",
    "set python_enable_replacements = false",
    "set allow_persistent_secrets = false",
    "set max_execution_time = 20000",
    "set enable_external_access = false",
    "set lock_configuration = true",
)

# Where a facility lies in each tree.
_FACILITY_AREA = {"63": "commune_code_2017", "34": "commune_code_2025"}

_CATEGORY = ("breakdown_code", "category_code")
_PERIOD_KEYS = [
    "hierarchy_code", "level_code", "area_code", "period_type", "period", "period_start_month", "period_end_month",
]  # fmt: skip
_VALUE_COLUMNS = (
    "area_code, level_code, period_type, period, period_start_month, period_end_month, indicator_code,"
    " cast(numerator as double) as numerator, cast(denominator as double) as denominator,"
    " cast(value as double) as value, units_included, units_expected, value_status, definition_version, source_code"
)


_FACILITY_RELATIONS = ("fct_facility_values", "fct_dose_breakdowns")


class ReleaseError(Exception):
    """A release cannot be read; the message says which and what to do."""


class NothingPublishedError(ReleaseError):
    """No release is there, or none of them is whole."""


@dataclass(frozen=True)
class Area:
    """One area of one tree."""

    hierarchy_code: str
    area_code: str
    level_code: str
    parent_code: str | None
    name_vi: str
    name_en: str
    depth: int


@dataclass(frozen=True)
class ReleaseInfo:
    """What a release says of itself. `built_at` is UTC."""

    release_id: str
    as_of_date: date
    built_at: datetime
    code_version: str
    is_synthetic: bool
    is_fallback: bool  # the current release is damaged, and this is an older one
    definition_version: str
    known_on: date | None = None  # the day of which the copy says what was known; None for what is known now
    knowledge_basis: str | None = None  # release: the copy that stood on that day; sent: what had been sent by then


# What one facility counts: its reports, and the doses of its records at all ages and up to each age limit.
_FACILITY_FACTS = """
    select month, measure_code, source_code, value from fct_facility_values where facility_code = ?
    union all
    select b.month, m.measure_code, f.source_code, cast(sum(b.dose_count) as double)
    from fct_dose_breakdowns as b
    join dim_facilities as f using (facility_code)
    join dim_product_series using (product_code)
    join dim_vaccine_doses as d using (series_code, dose_number)
    join dim_breakdown_categories as c on c.breakdown_code = 'age_group' and c.category_code = b.age_group
    join dim_measures as m on m.dose_code = d.dose_code and m.measure_kind = 'dose_count'
        and (m.age_limit_months is null or c.to_months <= m.age_limit_months)
    where b.facility_code = ?
    group by all
"""
# The same as facts of the engine: one unit a month, and the parts of indicators that enter a month as a whole or not at
# all. A facility that sends records gave none of a dose that no record names.
_FACILITY_PARTS = f"""
    with own as ({_FACILITY_FACTS}),
    counted as (
        select * from own
        union all
        -- What the registry counts of reports: the sum of several measures, or how many state one, or none of it.
        select own.month, u.measure_code, own.source_code,
            sum(case u.condition when 'reported' then 1.0 when 'zero' then cast(own.value = 0 as double)
                else own.value end)
        from own join (select unnest(?) as measure_code, unnest(?) as counted_measure_code, unnest(?) as condition) as u
            on u.counted_measure_code = own.measure_code
        group by own.month, u.measure_code, own.source_code
    ),
    months as (select month, min(source_code) as source_code, 1.0 as value from counted group by month),
    recorded as (select distinct month from fct_dose_breakdowns where facility_code = ?),
    terms as (
        select t.indicator_code, t.term_role, t.measure_code, t.weight, m.measure_kind,
            count(*) over (partition by t.indicator_code) as term_count
        from dim_indicator_terms as t join dim_measures as m using (measure_code)
        join dim_indicators as i using (indicator_code)
        where i.missing_policy = 'matched_units' and t.term_role in ('numerator', 'denominator')
    ),
    matchable as (
        select c.month, t.*, c.value from counted as c join terms as t using (measure_code)
        union all
        select r.month, t.*, 0 from recorded as r cross join terms as t
        where t.measure_kind = 'dose_count'
            and (r.month, t.measure_code) not in (select month, measure_code from counted)
    ),
    matched as (
        select month, indicator_code, term_role, sum(weight * value) as value
        from matchable
        where (month, indicator_code) in (
            select (month, indicator_code) from matchable group by month, indicator_code
            having count(distinct (term_role, measure_code)) = max(term_count)
        )
        group by month, indicator_code, term_role
    ),
    facts as (
        select month, measure_code, source_code, value from counted
        union all select month, unnest(['units_expected', 'units_included', 'places_expected']), source_code, value
            from months
        union all select r.month, 'units_with_records', m.source_code, 1.0
            from recorded as r join months as m using (month)
        union all select f.month, f.indicator_code || '#' || f.term_role, m.source_code, f.value
            from matched as f join months as m using (month)
        union all select distinct f.month, f.indicator_code || '#included', m.source_code, 1.0
            from matched as f join months as m using (month)
    )
    select '' as hierarchy_code, 'facility' as level_code, '' as area_code, month, month as span_start_month,
        measure_code, source_code, cast(value as double) as value
    from facts
"""


def _through_engine(facts: str, indicator_codes: Sequence[str], period_clause: str) -> str:
    """Return the query that takes facts of a reader's own making through the engine of the marts.

    `facts` is a query with the columns of `fct_measure_values`, which may name `parts`, the parts of the indicators.
    Parameters: the codes of the indicators, the type of period, those of `period_clause`, those of `facts`.
    """
    return f"""
        with parts as (
            select * from dim_indicator_parts where indicator_code in ({_marks(indicator_codes)})
        ),
        periods as (
            select * from dim_period_months where period_type = ?{period_clause}
        ),
        facts as ({facts}),
        sums as ({render("period_sums", "facts", "parts", "periods")}),
        judged as ({render("judged_values", "sums", "dim_indicators", _PERIOD_KEYS)})
        select {_VALUE_COLUMNS} from judged order by area_code, indicator_code, period
    """


class Release:
    """One open release. Every method takes a cursor of its own, so threads may share the object."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        manifest: dict[str, Any],
        *,
        is_fallback: bool,
        known_on: date | None = None,
        basis: str | None = None,
    ) -> None:
        """Take over an open, hardened connection and the manifest of its release."""
        self._known_on, self._basis = known_on, basis
        self._connection = connection
        self._manifest = manifest
        self._is_fallback = is_fallback
        self._scope: Scope | None = None
        self._is_leaving = False
        self._hiding: dict[str, Hiding] = {}  # by tree; shared by all readers of the release
        self._kept: Kept[pl.DataFrame] | None = None

    def remembering(self) -> Release:
        """Return the same release for many readers: a question that was asked before is answered from memory.

        What is kept lies below the policy: each reader is asked for a scope first, and what is hidden is hidden after.
        """
        bound = copy(self)
        bound._kept = Kept(_KEPT_BYTES, lambda frame: int(frame.estimated_size()))
        return bound

    def within(self, scope: Scope | None) -> Release:
        """Return the same release for one reader: what the scope does not give is refused with AccessDeniedError."""
        bound = copy(self)
        bound._scope = scope
        return bound

    def leaving(self) -> Release:
        """Return the same release for what its reader takes away: files, extracts, tables on a command line."""
        bound = copy(self)
        bound._is_leaving = True
        return bound

    @property
    def scope(self) -> Scope | None:
        """Whose release this is; None for the machine's own."""
        return self._scope

    def _let(self, hierarchy_code: str, area_codes: Iterable[str]) -> None:
        if self._scope is not None:
            for area_code in area_codes:
                self._scope.require_values(Place(hierarchy_code, area_code))

    def _hidden_areas(self, hierarchy_code: str, area_codes: Iterable[str]) -> set[str]:
        """Return the areas of which small counts are hidden from the reader."""
        if self._scope is None:
            return set()
        return {
            code
            for code in area_codes
            if self._scope.hides_small_cells(Place(hierarchy_code, code), leaving=self._is_leaving)
        }

    def _smallest(self) -> float:
        return load_registry().access_parameters["smallest_count"].value

    def _hiding_of(self, hierarchy_code: str) -> Hiding:
        if hierarchy_code not in self._hiding:
            levels = dict(self.areas(hierarchy_code).select("area_code", "level_code").iter_rows())
            parents = dict(self.areas(hierarchy_code).select("area_code", "parent_code").iter_rows())

            def fetch(codes: Sequence[str], nodes: Sequence[str], year: int) -> pl.DataFrame:
                found = sorted({levels[node] for node in nodes})
                return self._frame(
                    f"select {_VALUE_COLUMNS} from fct_indicator_values where hierarchy_code = ?"
                    f" and level_code in ({_marks(found)}) and area_code in ({_marks(nodes)})"
                    f" and indicator_code in ({_marks(codes)})"
                    " and (period_type = 'month' and period between ? and ? or period_type = 'year' and period = ?)",
                    [hierarchy_code, *found, *nodes, *codes, f"{year}-01", f"{year}-12", str(year)],
                )

            links = Links(self.indicators(), self.terms(), load_registry())
            self._hiding[hierarchy_code] = Hiding(links, parents, self._smallest(), fetch)
        return self._hiding[hierarchy_code]

    def _hidden_among(
        self, hierarchy_code: str, asked: Sequence[tuple[str, str, date, date]]
    ) -> set[tuple[str, str, date, date]]:
        """Return those of the values (indicator, area, first and last month) that are hidden outside their area."""
        hiding = self._hiding_of(hierarchy_code)
        hiding.prepare(asked, self._open_years())
        return {value for value in asked if hiding.is_hidden(*value)}

    def _open_years(self) -> set[int]:
        years = self.periods("year").filter(~pl.col("is_complete"))
        return {int(year) for year in years["period"]}

    def _shown(self, values: pl.DataFrame, hierarchy_code: str) -> pl.DataFrame:
        """Return values with what is hidden from the reader taken out, and said so in their status."""
        areas = self._hidden_areas(hierarchy_code, values["area_code"].unique()) if values.height else set()
        if not areas:
            return values
        keys = ["indicator_code", "area_code", "period_start_month", "period_end_month"]
        asked = values.filter(pl.col("area_code").is_in(areas)).select(keys).unique()
        gone = self._hidden_among(hierarchy_code, list(asked.iter_rows()))
        hidden = [row in gone for row in values.select(keys).iter_rows()]
        is_hidden = pl.Series(hidden)
        return values.with_columns(
            *(
                pl.when(is_hidden).then(None).otherwise(pl.col(name)).alias(name)
                for name in ("numerator", "denominator", "value", "units_included", "units_expected")
            ),
            pl.when(is_hidden).then(pl.lit(SUPPRESSED)).otherwise(pl.col("value_status")).alias("value_status"),
        )

    def _let_all(self) -> None:
        if self._scope is not None:
            self._scope.require_all_values()

    @property
    def release_id(self) -> str:
        """The folder's name: unique for ever, so caches are keyed by it."""
        return str(self._manifest["release_id"])

    def _frame(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> pl.DataFrame:
        given = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        if self._kept is None:
            return self._asked(sql, given)
        return self._kept.get((sql, repr(given)), lambda: self._asked(sql, given))

    def _asked(self, sql: str, given: dict[str, object] | list[object]) -> pl.DataFrame:
        cursor = self._connection.cursor()
        try:
            frame: pl.DataFrame = cursor.sql(sql, params=given).pl()
            return frame
        finally:
            cursor.close()

    def _known(
        self, relations: Sequence[str], sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> pl.DataFrame:
        """Ask for relations that a release of an earlier version may not have: without them there are no rows."""
        found = self._frame(
            f"select count(*) from information_schema.tables where table_name in ({_marks(relations)})", relations
        )
        return self._frame(sql, parameters) if found.item() == len(relations) else pl.DataFrame()

    def info(self) -> ReleaseInfo:
        """Return what the release says of itself."""
        row = self._frame("select * from rpt_release").row(0, named=True)
        return ReleaseInfo(
            release_id=row["release_id"],
            as_of_date=row["as_of_date"],
            built_at=row["built_at"],
            code_version=row["code_version"],
            is_synthetic=row["is_synthetic"],
            is_fallback=self._is_fallback,
            definition_version=str(self._manifest["definition_version"]),
            known_on=self._known_on,
            knowledge_basis=self._basis,
        )

    # Geography

    def hierarchies(self) -> pl.DataFrame:
        """One row a tree of areas: hierarchy_code, name_vi, name_en, valid_from, valid_to."""
        return self._frame(
            "select hierarchy_code, name_vi, name_en, valid_from, valid_to from dim_hierarchies"
            " order by valid_from desc"
        )

    def area_levels(self, hierarchy_code: str) -> pl.DataFrame:
        """One row a level of the tree, from the top: level_code, depth, name_vi, name_en."""
        return self._frame(
            "select level_code, depth, name_vi, name_en from dim_area_levels where hierarchy_code = ? order by depth",
            [hierarchy_code],
        )

    def areas(self, hierarchy_code: str) -> pl.DataFrame:
        """One row an area of the tree, by depth and then in Vietnamese order; `search_key` has no diacritics."""
        return self._frame(
            "select area_code, level_code, parent_code, name_vi, name_en, area_type_vi, is_pseudo, depth, search_key"
            " from dim_areas where hierarchy_code = ? order by depth, sort_order",
            [hierarchy_code],
        )

    def area(self, hierarchy_code: str, area_code: str) -> Area | None:
        """Return one area, or None when the tree has no such code."""
        rows = self._frame(
            "select hierarchy_code, area_code, level_code, parent_code, name_vi, name_en, depth"
            " from dim_areas where hierarchy_code = ? and area_code = ?",
            [hierarchy_code, area_code],
        )
        return Area(**rows.row(0, named=True)) if rows.height else None

    def children(self, hierarchy_code: str, area_code: str) -> pl.DataFrame:
        """One row an area directly below, in Vietnamese order."""
        return self._frame(
            "select area_code, level_code, parent_code, name_vi, name_en, area_type_vi, is_pseudo, depth, search_key"
            " from dim_areas where hierarchy_code = ? and parent_code = ? order by sort_order",
            [hierarchy_code, area_code],
        )

    def search_areas(self, hierarchy_code: str, text: str, limit: int = 20) -> pl.DataFrame:
        """Areas whose name holds the text, diacritics or not; the higher levels and earlier hits first."""
        key = search_key(text)
        return self._frame(
            "select area_code, level_code, parent_code, name_vi, name_en, depth from dim_areas"
            " where hierarchy_code = ? and contains(search_key, ?)"
            " order by depth, strpos(search_key, ?), sort_order limit ?",
            [hierarchy_code, key, key, limit],
        )

    # Definitions

    def indicators(self) -> pl.DataFrame:
        """One row an indicator of the registry, in its order, with every column; see `denominators` for others."""
        return self._frame(
            "select * from dim_indicators where indicator_code = base_indicator_code"
            " order by sort_order, indicator_code"
        )

    def definition(self, indicator_code: str) -> dict[str, Any]:
        """Return the definition of an indicator, also of one that is read over another denominator than its own."""
        rows = self._frame("select * from dim_indicators where indicator_code = ?", [indicator_code])
        return rows.row(0, named=True)

    def denominators(self, indicator_code: str) -> pl.DataFrame:
        """One row a denominator that an indicator can be read over, the registry's first.

        `read_as` is the code to ask `indicator_values` for, `is_own` says which is the registry's. An indicator that
        can be read over no other has no rows.
        """
        return self._frame(
            "select i.indicator_code as read_as, i.indicator_code = i.base_indicator_code as is_own,"
            " d.denominator_code, d.name_vi, d.name_en, d.definition_vi, d.definition_en, d.tolerance_pct, d.source"
            " from dim_indicators as i join dim_denominators as d using (denominator_code)"
            " where i.base_indicator_code = ? order by is_own desc, d.sort_order",
            [indicator_code],
        )

    def thresholds(self) -> pl.DataFrame:
        """One row a band of an indicator: [lower_bound, upper_bound), colour_token, label_vi, label_en, source."""
        return self._frame("select * from dim_indicator_thresholds order by indicator_code, lower_bound nulls first")

    def terms(self) -> pl.DataFrame:
        """One row a term of an indicator, with the names and the source of its measure."""
        return self._frame(
            "select t.indicator_code, t.term_role, t.measure_code, t.weight, t.offset_years,"
            " m.name_vi, m.name_en, m.source"
            " from dim_indicator_terms as t join dim_measures as m using (measure_code)"
            " order by t.indicator_code, t.term_role desc, t.measure_code"
        )

    def value_statuses(self) -> pl.DataFrame:
        """One row a value status, the gravest first, with its label and explanation."""
        statuses = self._frame("select * from dim_value_statuses order by precedence")
        if SUPPRESSED in statuses["value_status"]:
            return statuses
        # A release of an earlier version has no value that is hidden, and hides some from readers all the same.
        row = asdict(load_registry().value_statuses[SUPPRESSED])
        return pl.concat([statuses, pl.DataFrame([row]).select(statuses.columns)], how="vertical_relaxed")

    def sources(self) -> pl.DataFrame:
        """One row a source of data, with its names and whether it is synthetic."""
        return self._frame("select * from dim_sources order by source_code")

    # Time

    def periods(self, period_type: str) -> pl.DataFrame:
        """One row a period, oldest first: period, period_start_month, period_end_month, is_complete."""
        return self._frame(
            "select period, period_start_month, period_end_month, is_complete from dim_periods"
            " where period_type = ? order by period_end_month",
            [period_type],
        )

    def months_of(self, period_type: str, period: str) -> tuple[date, date]:
        """Return the first and the last month of a period. Raises ReleaseError when the release has not got it."""
        rows = self._frame(
            "select period_start_month, period_end_month from dim_periods where period_type = ? and period = ?",
            [period_type, period],
        )
        if not rows.height:
            raise ReleaseError(
                f"Bản phát hành không có kỳ {period} ({period_type}). /"
                f" The release has no period {period} of type {period_type}."
            )
        return rows.row(0)

    def periods_with_values(self, period_type: str, hierarchy_code: str) -> pl.DataFrame:
        """Return the rows of `periods` that hold at least one reported span: the others would be empty."""
        return self._frame(
            "with spans as (select distinct span_start_month, month from fct_measure_values"
            " where hierarchy_code = ? and level_code = 'nation' and not contains(measure_code, '#')"
            " and not starts_with(measure_code, 'units_') and not starts_with(measure_code, 'target_'))"
            " select period, period_start_month, period_end_month, is_complete from dim_periods as p"
            " where period_type = ? and exists (select 1 from spans as s where s.month <= p.period_end_month"
            " and s.span_start_month >= p.period_start_month) order by period_end_month",
            [hierarchy_code, period_type],
        )

    def latest_complete_period(self, period_type: str, hierarchy_code: str) -> str | None:
        """Return the newest period with values of which every month is over, else the newest at all, else None."""
        rows = self.periods_with_values(period_type, hierarchy_code)
        complete = rows.filter(pl.col("is_complete"))
        chosen = complete if complete.height else rows
        return str(chosen["period"][-1]) if chosen.height else None

    # Values

    def indicator_values(
        self,
        indicator_codes: Sequence[str],
        hierarchy_code: str,
        *,
        area_codes: Sequence[str] | None = None,
        parent_code: str | None = None,
        period_type: str,
        period_from: str | None = None,
        period_to: str | None = None,
    ) -> pl.DataFrame:
        """Return published values, one row an area, period and indicator; either areas or their parent is named.

        An area without any report of a period has no row. `value` is in the indicator's unit (per cent are
        0-100) and null unless its status has one.
        """
        if (area_codes is None) == (parent_code is None):
            raise ValueError("Name either area_codes or parent_code: the areas themselves, or what is below one.")
        if area_codes is None:
            self._let(hierarchy_code, [str(parent_code)])
            area_codes = self.children(hierarchy_code, str(parent_code))["area_code"].to_list()
        self._let(hierarchy_code, area_codes)
        if not area_codes or not indicator_codes:
            return self._frame(f"select {_VALUE_COLUMNS} from fct_indicator_values limit 0")
        # The level goes along although the codes say enough: facts are sorted by it, and so most are skipped.
        levels = self._frame(
            "select distinct level_code from dim_areas where hierarchy_code = ? and list_contains(?, area_code)",
            [hierarchy_code, list(area_codes)],
        )["level_code"].to_list()
        clauses = [
            "hierarchy_code = ?",
            f"level_code in ({_marks(levels)})" if levels else "false",
            f"area_code in ({_marks(area_codes)})",
            f"indicator_code in ({_marks(indicator_codes)})",
            "period_type = ?",
        ]
        parameters: list[object] = [hierarchy_code, *levels, *area_codes, *indicator_codes, period_type]
        # The codes of one type of period sort as time does.
        for operator, bound in ((">=", period_from), ("<=", period_to)):
            if bound is not None:
                clauses.append(f"period {operator} ?")
                parameters.append(bound)
        values = self._frame(
            f"select {_VALUE_COLUMNS} from fct_indicator_values where {' and '.join(clauses)}"
            " order by area_code, indicator_code, period",
            parameters,
        )
        return self._shown(values, hierarchy_code)

    def values_as_was(
        self,
        indicator_codes: Sequence[str],
        *,
        area_codes: Sequence[str] | None = None,
        parent_code: str | None = None,
        period_type: str,
        period_from: str | None = None,
        period_to: str | None = None,
    ) -> pl.DataFrame:
        """Return values of each period in the tree and by the list of areas that were in force at its end.

        Columns of `indicator_values`, the tree in `hierarchy_code`, and the share that rests on split communes in
        `split_share`. The same code can name an area in each tree; of one that a list has not got there is no row.
        """
        found = [self._frame(f"select {_VALUE_COLUMNS} from fct_indicator_values limit 0")]
        trees = [pl.Series("hierarchy_code", [], pl.String)]
        for tree in self.hierarchies().sort("valid_from").iter_rows(named=True):
            code = tree["hierarchy_code"]
            ends = self._frame(
                "select period, (period_end_month + interval 1 month - interval 1 day)::date as last_day"
                " from dim_periods where period_type = ? and period_end_month >= ? and period_end_month < ?"
                " and period >= ? and period <= ? order by period",
                [period_type, tree["valid_from"], tree["valid_to"] or date.max, period_from or "", period_to or "~"],
            )
            for areas, asked, first, last in self._lists(code, ends.rows(), area_codes, parent_code):
                values = self.values_on_list(
                    indicator_codes,
                    code,
                    areas,
                    area_codes=asked,
                    period_type=period_type,
                    period_from=first,
                    period_to=last,
                )
                found.append(self.with_split_shares(values, code))
                trees.append(pl.Series("hierarchy_code", [code] * values.height, pl.String))
        return (
            pl.concat(found, how="diagonal")
            .with_columns(pl.concat(trees))
            .sort("area_code", "indicator_code", "period")
        )

    def _lists(
        self,
        hierarchy_code: str,
        ends: Sequence[tuple[str, date]],
        area_codes: Sequence[str] | None,
        parent_code: str | None,
    ) -> list[tuple[AreaList, list[str], str, str]]:
        """Return the lists in force at the ends of periods, with the areas asked for, and the periods each holds for.

        Periods that follow each other are taken together where the areas are made of the same ones.
        """
        changes = sorted(self._changes_of_list(hierarchy_code))
        lists: dict[int, AreaList] = {}
        spans: list[tuple[AreaList, list[str], str, str]] = []
        made_of: list[Member] = []
        for period, day in ends:
            epoch = bisect_right(changes, day)
            if epoch not in lists:
                lists[epoch] = self.area_list(hierarchy_code, day)
            areas = lists[epoch]
            asked = list(area_codes) if area_codes is not None else areas.children(str(parent_code))
            members = areas.members(asked)
            if spans and members == made_of:
                spans[-1] = (*spans[-1][:3], period)
            else:
                spans.append((areas, asked, period, period))
            made_of = members
        return spans

    def is_listed(self, area_code: str) -> bool:
        """Say whether any list of any tree had an area after the tree's own."""
        return bool(
            self._known(
                ["dim_area_versions"], "select 1 from dim_area_versions where area_code = ? limit 1", [area_code]
            ).height
        )

    def days_of_lists(self, hierarchy_code: str) -> list[date]:
        """Return the days of the release's time from which another list of a tree's areas held, the newest first."""
        starts = self.periods("month")["period_start_month"]
        (tree,) = self.hierarchies().filter(pl.col("hierarchy_code") == hierarchy_code).to_dicts()
        return [
            day
            for day in sorted(set(self._changes_of_list(hierarchy_code)), reverse=True)
            if starts.len() and starts[0] <= day and (tree["valid_to"] is None or day < tree["valid_to"])
        ]

    def _changes_of_list(self, hierarchy_code: str) -> list[date]:
        """Return the days on which any area of a tree began or ended."""
        changes = self._known(
            ["dim_area_versions"],
            "select valid_from as day from dim_area_versions where hierarchy_code = ?"
            " union select valid_to from dim_area_versions where hierarchy_code = ?",
            [hierarchy_code, hierarchy_code],
        )
        return changes["day"].to_list() if changes.height else []

    def area_list(self, hierarchy_code: str, day: date) -> AreaList:
        """Return the areas of a tree that were in force on a day; before the tree's first change they are its own."""
        versions = self._known(
            ["dim_area_versions"], "select * from dim_area_versions where hierarchy_code = ?", [hierarchy_code]
        )
        return AreaList(self.areas(hierarchy_code).to_dicts(), versions.to_dicts(), day)

    def values_on_list(
        self,
        indicator_codes: Sequence[str],
        hierarchy_code: str,
        areas: AreaList,
        *,
        area_codes: Sequence[str],
        period_type: str,
        period_from: str | None = None,
        period_to: str | None = None,
    ) -> pl.DataFrame:
        """Return values as `indicator_values` does, of areas as a list of another day has them.

        The sums of the areas of the tree that each is made of go through the engine of the marts again, so that parts
        are added first and divided last. A report that can be added to nothing stays with the commune it came from.
        How values are spread over areas is worked out for the tree alone, and has no row where anything changed.
        """
        members = areas.members(area_codes)
        if all(member.area_code == member.member_code for member in members):
            return self.indicator_values(
                indicator_codes,
                hierarchy_code,
                area_codes=[member.area_code for member in members],
                period_type=period_type,
                period_from=period_from,
                period_to=period_to,
            )
        self._let(hierarchy_code, [member.member_code for member in members])
        if self._hidden_areas(hierarchy_code, [member.member_code for member in members]):
            raise AccessDeniedError(
                "Số liệu theo danh mục địa bàn của ngày khác chỉ dành cho người của địa bàn: so với hiện nay sẽ lộ"
                " ô đếm nhỏ. / Values by the areas of another day are for readers of the area alone: beside today's"
                " they would give small counts away."
            )
        levels = [areas.areas[member.area_code].level_code for member in members]
        bounds = "".join(
            f" and period {operator} ?"
            for operator, bound in ((">=", period_from), ("<=", period_to))
            if bound is not None
        )
        facts = """
            select
                facts.hierarchy_code, members.level_code, members.area_code, facts.month, facts.span_start_month,
                facts.measure_code, facts.source_code, sum(members.weight * facts.value) as value
            from fct_measure_values as facts
            inner join (
                select unnest(?) as level_code, unnest(?) as area_code, unnest(?) as member_code,
                    unnest(?) as member_level, unnest(?) as weight
            ) as members
                on facts.area_code = members.member_code and facts.level_code = members.member_level
            where facts.hierarchy_code = ? and facts.measure_code in (select measure_code from parts)
            group by all
        """
        return self._frame(
            _through_engine(facts, indicator_codes, bounds),
            [
                *indicator_codes,
                period_type,
                *(bound for bound in (period_from, period_to) if bound is not None),
                levels,
                [member.area_code for member in members],
                [member.member_code for member in members],
                [member.member_level for member in members],
                [member.weight for member in members],
                hierarchy_code,
            ],
        )

    def adjusted_values(
        self,
        indicator_codes: Sequence[str],
        hierarchy_code: str,
        *,
        area_codes: Sequence[str] | None = None,
        parent_code: str | None = None,
        period_type: str,
        period_from: str | None = None,
        period_to: str | None = None,
    ) -> pl.DataFrame:
        """Return values as `indicator_values` does, without what stewards left out; only rows that this changes.

        `raw_value` is the value as published. Sums of the facts and of what leaving out adds go through the engine
        of the marts again, for the areas and periods that are asked for and touched. What does not add up over
        areas, and what is counted of persons, is not adjusted.
        """
        raw = self.indicator_values(
            indicator_codes,
            hierarchy_code,
            area_codes=area_codes,
            parent_code=parent_code,
            period_type=period_type,
            period_from=period_from,
            period_to=period_to,
        )
        key = ["area_code", "period", "indicator_code"]
        nothing = raw.clear().with_columns(pl.lit(None, pl.Float64).alias("raw_value"))
        if not raw.height:
            return nothing
        # Where small counts are hidden, two values side by side would give one away.
        hidden = self._hidden_areas(hierarchy_code, raw["area_code"].unique())
        asked = [code for code in raw["area_code"].unique() if code not in hidden]
        if not asked:
            return nothing
        touched = self._known(
            ["fct_measure_adjustments"],
            "select distinct area_code, level_code from fct_measure_adjustments"
            f" where hierarchy_code = ? and area_code in ({_marks(asked)})",
            [hierarchy_code, *asked],
        )
        if not touched.height:
            return nothing
        areas, levels = touched["area_code"].to_list(), touched["level_code"].unique().to_list()
        periods = raw["period"].unique().to_list()
        columns = (
            "hierarchy_code, level_code, area_code, month, span_start_month, measure_code, source_code, value, {} as {}"
        )
        within = (
            f"hierarchy_code = ? and level_code in ({_marks(levels)}) and area_code in ({_marks(areas)})"
            " and measure_code in (select measure_code from parts)"
        )
        facts = f"""
            select hierarchy_code, level_code, area_code, month, span_start_month, measure_code, source_code,
                sum(value) as value
            from (
                select {columns.format("false", "is_change")} from fct_measure_values where {within}
                union all
                select {columns.format("true", "is_change")} from fct_measure_adjustments where {within}
            ) as signed
            group by all
            -- What was left out as a whole is missing, not zero.
            having not (bool_or(is_change) and sum(value) = 0)
        """
        sql = _through_engine(facts, indicator_codes, f" and period in ({_marks(periods)})")
        bounds = [hierarchy_code, *levels, *areas]
        adjusted = self._frame(sql, [*indicator_codes, period_type, *periods, *bounds, *bounds])
        published = raw.select(*key, raw_value="value", raw_numerator="numerator", raw_denominator="denominator")
        both = adjusted.join(published, on=key, how="inner")
        differs = [pl.col(name).ne_missing(pl.col(f"raw_{name}")) for name in ("value", "numerator", "denominator")]
        return both.filter(pl.any_horizontal(differs)).drop("raw_numerator", "raw_denominator")

    def exclusions(self, hierarchy_code: str, area_code: str) -> pl.DataFrame:
        """One row a reported value that stewards left out in an area or below it, with its measure and its reporter.

        Nothing where small counts are hidden from the reader: each value is a count.
        """
        self._let(hierarchy_code, [area_code])
        if self._hidden_areas(hierarchy_code, [area_code]):
            return pl.DataFrame()
        return self._known(
            ["rpt_exclusions"],
            "with recursive inner_areas as (select hierarchy_code, area_code from dim_areas where hierarchy_code = ?"
            " and area_code = ? union all select a.hierarchy_code, a.area_code from dim_areas as a"
            " join inner_areas as i on a.parent_code = i.area_code and a.hierarchy_code = i.hierarchy_code)"
            " select e.*, m.name_vi as measure_vi, m.name_en as measure_en,"
            " coalesce(f.name_vi, a.name_vi) as reporter_vi, coalesce(f.name_en, a.name_en) as reporter_en"
            " from rpt_exclusions as e join dim_measures as m using (measure_code)"
            " left join dim_facilities as f on e.reporter_code = 'F:' || f.facility_code"
            " left join dim_areas as a on e.reporter_code = 'A:' || a.hierarchy_code || ':' || a.area_code"
            f" where coalesce(f.{_FACILITY_AREA[hierarchy_code]}, a.area_code) in (select area_code from inner_areas)"
            " order by e.reporter_code, e.period, e.measure_code",
            [hierarchy_code, area_code],
        )

    def with_split_shares(self, values: pl.DataFrame, hierarchy_code: str) -> pl.DataFrame:
        """Add `split_share` to values of a tree: how much of one rests on former communes that were split, 0 to 1.

        People of whom only the former commune is known are counted in its parts by shares; null where nobody is. Of a
        ratio it is the share of the denominator, of a count that of the number itself.
        """
        self._let(hierarchy_code, values["area_code"].unique())
        keys = ["area_code", "period", "indicator_code"]
        found = pl.DataFrame()
        if values.height:
            asked = [values[name].unique().to_list() for name in ("period_type", *keys)]
            found = self._known(
                ["fct_indicator_splits"],
                f"select {', '.join(keys)}, split_value from fct_indicator_splits where hierarchy_code = ?"
                + "".join(
                    f" and {name} in ({_marks(given)})"
                    for name, given in zip(("period_type", *keys), asked, strict=True)
                ),
                [hierarchy_code, *(code for given in asked for code in given)],
            )
        if not found.height:
            return values.with_columns(pl.lit(None, pl.Float64).alias("split_share"))
        whole = pl.coalesce("denominator", "numerator")
        return (
            values.join(found, on=keys, how="left", maintain_order="left")
            .with_columns(pl.when(whole > 0).then(pl.col("split_value") / whole).alias("split_share"))
            .drop("split_value")
        )

    def red_rules(self) -> pl.DataFrame:
        """One row a way to draw the limits of RED categories, the default first."""
        return self._frame("select * from dim_red_rules order by is_default desc, rule_code")

    def red_categories(self) -> pl.DataFrame:
        """One row a RED category with its words; the one of neither access nor utilisation is for contradictions."""
        return self._frame("select * from dim_red_categories order by category_code")

    # Knowledge

    def arrival_parameters(self) -> dict[str, float]:
        """Return the numbers that the curve of late arrivals and estimates rest on: code -> value."""
        return dict(self._frame("select parameter_code, value from dim_arrival_parameters").iter_rows())

    def arrivals(self, hierarchy_code: str, area_codes: Sequence[str]) -> pl.DataFrame:
        """One row an area, month and days after its end, with the reports and doses that arrived that day."""
        self._let(hierarchy_code, area_codes)
        return self._frame(
            "select area_code, month, delay_days, cast(sum(report_count) as bigint) as report_count,"
            " cast(sum(dose_count) as bigint) as dose_count from fct_arrivals"
            f" where hierarchy_code = ? and area_code in ({_marks(area_codes)})"
            " group by area_code, month, delay_days order by area_code, month, delay_days",
            [hierarchy_code, *area_codes],
        )

    def arrival_dates_of_senders(self, hierarchy_code: str, area_code: str) -> float | None:
        """Return the share of an area's arrivals that senders dated; receipts date the others. None without any."""
        self._let(hierarchy_code, [area_code])
        share: float | None = self._frame(
            "select cast(sum(report_count + dose_count) filter (where is_dated_by_sender) as double)"
            " / sum(report_count + dose_count) from fct_arrivals where hierarchy_code = ? and area_code = ?",
            [hierarchy_code, area_code],
        ).item()
        return share

    def reports_expected(self, hierarchy_code: str, area_code: str) -> dict[date, float]:
        """Return how many reports of facilities each month of an area should have."""
        self._let(hierarchy_code, [area_code])
        rows = self._frame(
            "select month, sum(value) from fct_measure_values where hierarchy_code = ? and area_code = ?"
            " and measure_code = 'reports_expected' and level_code ="
            " (select level_code from dim_areas where hierarchy_code = ? and area_code = ?) group by month",
            [hierarchy_code, area_code, hierarchy_code, area_code],
        )
        return dict(rows.iter_rows())

    def reporting_deadlines(self) -> pl.DataFrame:
        """One row a level: the days after the end of a month by which its report is due, on the release's date."""
        return self._frame(
            "select d.level_code, d.deadline_days from dim_reporting_deadlines as d, rpt_release as r"
            " where d.valid_from <= r.as_of_date and (d.valid_to is null or r.as_of_date < d.valid_to)"
            " order by d.deadline_days"
        )

    def counts_doses(self, indicator_code: str) -> bool:
        """Say whether an indicator's numerator adds up doses of records and its denominator does not."""
        rows = self._frame(
            "select coalesce(bool_and((t.term_role = 'numerator') = (m.measure_kind = 'dose_count')), false)"
            " from dim_indicator_terms as t join dim_measures as m using (measure_code)"
            " join dim_indicators as i using (indicator_code)"
            " where t.indicator_code = ? and i.missing_policy = 'full_target'",
            [indicator_code],
        )
        return bool(rows.item())

    def submission_ids(self) -> set[str]:
        """Return the submissions that a release knows."""
        return set(self._frame("select submission_id from rpt_submissions")["submission_id"])

    def files_behind(
        self, indicator_code: str, hierarchy_code: str, area_code: str, first_month: date, last_month: date
    ) -> pl.DataFrame:
        """One row a file that says something of the measures of an indicator, in an area and all below it, in months.

        submission_id, original_name, submission_kind, received_at, submitted_at (the newest in the file), status,
        accepted_count, rejected_count (of the whole file), place_count, row_count (rows of those places and months).
        Counts of children lie where facilities are, in the months up to the age at which they are counted: such a file
        may touch the value.
        """
        self._let(hierarchy_code, [area_code])
        facility_area = _FACILITY_AREA[hierarchy_code]
        return self._known(
            ("rpt_submission_places", "dim_person_measures"),
            "with recursive below as ("
            " select area_code from dim_areas where hierarchy_code = $tree and area_code = $area"
            " union all select a.area_code from dim_areas as a join below as b on a.parent_code = b.area_code"
            " where a.hierarchy_code = $tree),"
            " asked as (select m.measure_code, m.dose_code, m.measure_kind, p.dose_code as person_dose, p.series_code,"
            " p.measure_code is not null as is_of_persons, coalesce(c.months, 0) as age_months"
            " from dim_indicator_terms as t join dim_measures as m using (measure_code)"
            " left join dim_person_measures as p using (measure_code)"
            " left join dim_cohort_ages as c using (cohort_age_code) where t.indicator_code = $indicator),"
            " series as (select d.series_code from asked as k join dim_vaccine_doses as d"
            " on d.dose_code = coalesce(k.dose_code, k.person_dose) union select series_code from asked"
            " where series_code is not null),"
            " codes as (select measure_code as code, false as is_records from asked"
            " union select product_code, true from dim_product_series join series using (series_code)"
            " union select product_code, true from dim_product_series where exists (select 1 from asked"
            " where is_of_persons and coalesce(person_dose, series_code) is null)),"
            " span as (select cast($first_month - to_months(cast(coalesce(max(age_months), 0) as integer)) as date)"
            " as first_month from asked),"
            " touching as (select p.submission_id, p.facility_code, p.area_code, p.row_count"
            " from rpt_submission_places as p left join dim_facilities as f using (facility_code), span"
            f" where (f.{facility_area} in (select area_code from below) or (p.hierarchy_code = $tree"
            " and p.area_code in (select area_code from below)))"
            " and p.first_month <= $last_month and p.last_month >= span.first_month"
            " and exists (select 1 from codes as c where c.is_records = p.is_records"
            " and contains(p.contents, ',' || c.code || ',')))"
            " select s.submission_id, s.original_name, s.submission_kind, s.received_at, s.submitted_at, s.status,"
            " s.accepted_count, s.rejected_count,"
            " count(distinct coalesce(t.facility_code, t.area_code)) as place_count,"
            " cast(sum(t.row_count) as bigint) as row_count"
            " from touching as t join rpt_submissions as s using (submission_id)"
            " group by all order by s.received_at desc, s.submitted_at desc, s.submission_id",
            {
                "tree": hierarchy_code,
                "area": area_code,
                "indicator": indicator_code,
                "first_month": first_month,
                "last_month": last_month,
            },
        )

    # What a value comes from

    def parts(
        self, indicator_code: str, hierarchy_code: str, area_code: str, start_month: date, end_month: date
    ) -> pl.DataFrame:
        """One row a term of an indicator, with the sum of its measure over the months (null: nothing was reported)."""
        self._let(hierarchy_code, [area_code])
        found = self._frame(
            "with facts as (select measure_code, month, span_start_month, value from fct_measure_values"
            " where hierarchy_code = ? and area_code = ?"
            " and level_code = (select level_code from dim_areas where hierarchy_code = ? and area_code = ?)"
            " and measure_code in (select measure_code from dim_indicator_terms where indicator_code = ?))"
            " select t.term_role, t.measure_code, t.weight, t.offset_years, m.name_vi, m.name_en, m.unit, m.source,"
            " cast(sum(f.value) as double) as measure_sum, cast(sum(f.value * t.weight) as double) as weighted_sum"
            " from dim_indicator_terms as t join dim_measures as m using (measure_code)"
            " left join facts as f on f.measure_code = t.measure_code"
            " and f.month <= cast(? as date) + to_years(cast(t.offset_years as integer))"
            " and f.span_start_month >= cast(? as date) + to_years(cast(t.offset_years as integer))"
            " where t.indicator_code = ? group by all"
            " order by t.term_role desc, t.measure_code, t.offset_years desc",
            [
                hierarchy_code, area_code, hierarchy_code, area_code, indicator_code, end_month, start_month,
                indicator_code,
            ],
        )  # fmt: skip
        asked = [(indicator_code, area_code, start_month, end_month)]
        if self._hidden_areas(hierarchy_code, [area_code]) and self._hidden_among(hierarchy_code, asked):
            nothing = pl.lit(None, pl.Float64)
            return found.with_columns(nothing.alias("measure_sum"), nothing.alias("weighted_sum"))
        return found

    def doses_of(self, indicator_code: str) -> pl.DataFrame:
        """One row a dose that an indicator counts and a product that gives it: term_role, dose_code, series_code."""
        return self._known(
            ("dim_vaccine_doses", "dim_product_series"),
            "select distinct t.term_role, d.dose_code, d.name_vi, d.name_en, d.series_code, p.product_code"
            " from dim_indicator_terms as t join dim_measures as m using (measure_code)"
            " join dim_vaccine_doses as d using (dose_code) join dim_product_series as p using (series_code)"
            " where t.indicator_code = ? order by d.dose_code, p.product_code",
            [indicator_code],
        )

    def events(self) -> pl.DataFrame:
        """One row an event that breaks series, the oldest first; none in a release that knows of no events."""
        return self._known(("dim_events",), "select * from dim_events order by valid_from, event_code")

    def anomaly_causes(self) -> pl.DataFrame:
        """One row a likely cause of coverage above 100 % or of a negative dropout, in order."""
        return self._known(("dim_anomaly_causes",), "select * from dim_anomaly_causes order by sort_order, cause_code")

    def inflow_share(self, hierarchy_code: str, area_code: str, first_year: int, last_year: int) -> float | None:
        """Share (per cent) of an area's injections that went to residents of other areas; None where not counted."""
        self._let(hierarchy_code, [area_code])
        rows = self._known(
            ("fct_person_flows",),
            "select 100.0 * sum(injection_count) filter (where residence_area_code not in (?, 'unknown'))"
            " / sum(injection_count) as share from fct_person_flows"
            " where hierarchy_code = ? and place_area_code = ? and given_year between ? and ?",
            [area_code, hierarchy_code, area_code, first_year, last_year],
        )
        return rows["share"][0] if rows.height else None

    def differing_dose_numbers(
        self, hierarchy_code: str, area_code: str, dose_codes: Sequence[str], first_year: int, last_year: int
    ) -> pl.DataFrame:
        """One row a dose: the share (per cent) of its records whose number is not the dose's place in the series."""
        self._let(hierarchy_code, [area_code])
        return self._known(
            ("fct_dose_numbers",),
            "select d.dose_code, d.name_vi, d.name_en,"
            " 100.0 * sum(n.differing_count) / sum(n.dose_count) as share"
            " from fct_dose_numbers as n join dim_vaccine_doses as d using (dose_code)"
            " where n.hierarchy_code = ? and n.area_code = ? and list_contains(?, n.dose_code)"
            " and n.given_year between ? and ? group by all order by d.dose_code",
            [hierarchy_code, area_code, list(dose_codes), first_year, last_year],
        )

    def checks_touching(self, indicator_codes: Sequence[str]) -> pl.DataFrame:
        """One row a check that names one of the indicators or is of all numbers alike, and every one that failed.

        What names an indicator comes first, then what needs attention.
        """
        return self._frame(
            "select c.rule_code, c.name_vi, c.name_en, c.dataset, c.scope, c.violations, c.evaluated, c.status,"
            " c.severity, c.message_vi, c.message_en, q.action_vi, q.action_en,"
            " q.affects_indicator is not null as is_about_indicator"
            " from rpt_check_results as c left join dim_quality_rules as q using (rule_code)"
            " where list_contains(?, q.affects_indicator) or (q.affects_indicator is null and"
            " (q.rule_code is not null or c.dataset = 'warehouse' or c.status in ('error', 'failed')))"
            " order by is_about_indicator desc,"
            " list_position(['error', 'failed', 'passed', 'not_applicable'], c.status), c.severity, c.rule_code,"
            " c.scope",
            [list(indicator_codes)],
        )

    # Quality

    def cohort_curve(self, hierarchy_code: str, area_code: str, dose_code: str) -> pl.DataFrame:
        """One row a birth year and age in months; empty where no child of the area was followed from birth."""
        self._let(hierarchy_code, [area_code])
        curve = self._frame(
            "select birth_year, age_months, child_count, recorded_pct, valid_pct from fct_cohort_curve"
            " where hierarchy_code = ? and area_code = ? and dose_code = ? order by birth_year, age_months",
            [hierarchy_code, area_code, dose_code],
        )
        return thinned(curve, self._smallest()) if self._hidden_areas(hierarchy_code, [area_code]) else curve

    def dose_delays(self, hierarchy_code: str, area_code: str, dose_code: str, period_type: str) -> pl.DataFrame:
        """One row a quarter or year in which children reached the age up to which the dose counts, oldest first."""
        self._let(hierarchy_code, [area_code])
        delays = self._frame(
            "select period, child_count, vaccinated_count, within_window_pct, median_delay_days, tail_delay_days"
            " from fct_dose_delays where hierarchy_code = ? and area_code = ? and dose_code = ? and period_type = ?"
            " order by period",
            [hierarchy_code, area_code, dose_code, period_type],
        )
        if not self._hidden_areas(hierarchy_code, [area_code]):
            return delays
        counts = ("child_count", "vaccinated_count")
        rest = pl.col("child_count") - pl.col("vaccinated_count")
        within = (pl.col("within_window_pct") * pl.col("vaccinated_count") / 100).round()
        small = [pl.col(name).is_between(1, self._smallest() - 1) for name in counts]
        small += [count.is_between(1, self._smallest() - 1) for count in (rest, within)]
        return delays.filter(
            ~pl.any_horizontal(small).fill_null(value=True).any().over(pl.col("period").str.slice(0, 4))
        )

    def coverage_bridge(self, hierarchy_code: str, area_code: str, dose_code: str, year: int) -> pl.DataFrame:
        """One row a step from period to cohort coverage of a dose, in order, with its words; empty without a bridge.

        `value` counts doses and children; rows of step_kind start and step add up to the end. Percentage points of
        start, step and denominator_step add up to those of the end; they are null where a denominator is missing.
        """
        self._let(hierarchy_code, [area_code])
        steps = self._frame(
            "select b.step_code, s.step_kind, b.value, b.percentage_points, s.name_vi, s.name_en, s.explanation_vi,"
            " s.explanation_en from fct_coverage_bridge as b join dim_bridge_steps as s using (step_code)"
            " where b.hierarchy_code = ? and b.level_code in"
            " (select level_code from dim_areas where hierarchy_code = ? and area_code = ?)"
            " and b.area_code = ? and b.dose_code = ? and b.year = ? order by b.sort_order",
            [hierarchy_code, hierarchy_code, area_code, area_code, dose_code, year],
        )
        is_small = steps["value"].abs().is_between(0.5, self._smallest() - 0.5).any() if steps.height else False
        return steps.clear() if is_small and self._hidden_areas(hierarchy_code, [area_code]) else steps

    def bridged(self, hierarchy_code: str, area_code: str) -> pl.DataFrame:
        """One row a dose and year of which the area has a bridge: dose_code, year."""
        self._let(hierarchy_code, [area_code])
        return self._frame(
            "select distinct dose_code, year from fct_coverage_bridge"
            " where hierarchy_code = ? and area_code = ? order by dose_code, year",
            [hierarchy_code, area_code],
        )

    # Who pays, sex and age

    def breakdown_categories(self) -> pl.DataFrame:
        """One row a category of doses, in order; a release of an earlier version has none."""
        return self._known(
            ["dim_breakdown_categories"],
            "select * from dim_breakdown_categories"
            f" order by list_position({list(BREAKDOWNS)!r}, breakdown_code), sort_order",
        )

    def dose_breakdowns(
        self, dose_codes: Sequence[str], hierarchy_code: str, area_codes: Sequence[str], first: date, last: date
    ) -> pl.DataFrame:
        """One row an area, dose, who paid, sex and age group: `dose_count` of facilities' records over months.

        Areas of which small counts are hidden from the reader have no rows: see `dose_margins`. `first` and `last` are
        months.
        """
        self._let(hierarchy_code, area_codes)
        hidden = self._hidden_areas(hierarchy_code, area_codes)
        asked = [code for code in area_codes if code not in hidden]
        return self._dose_counts(dose_codes, hierarchy_code, asked, (first, last), [BREAKDOWNS])

    def dose_breakdown_months(
        self, dose_code: str, hierarchy_code: str, area_code: str, first: date, last: date
    ) -> pl.DataFrame:
        """Return the counts of `dose_breakdowns` of one area and dose by `month`."""
        self._let(hierarchy_code, [area_code])
        asked = [] if self._hidden_areas(hierarchy_code, [area_code]) else [area_code]
        return self._dose_counts([dose_code], hierarchy_code, asked, (first, last), [("month", *BREAKDOWNS)])

    def dose_margins(
        self, dose_codes: Sequence[str], hierarchy_code: str, area_codes: Sequence[str], first: date, last: date
    ) -> pl.DataFrame:
        """One row an area, dose, breakdown and category that its records have: `dose_count`, `value_status`.

        Where small counts are hidden from the reader, all counts of an area and dose are (null, `suppressed`) unless
        nobody can conclude a small one, from this area or from those beside and above it, from months or the year.
        """
        self._let(hierarchy_code, area_codes)
        counts = self._dose_counts(
            dose_codes, hierarchy_code, area_codes, (first, last), [(code,) for code in BREAKDOWNS]
        )
        if not counts.height:
            return counts
        found = counts.unpivot(
            BREAKDOWNS, index=["area_code", "dose_code", "dose_count"],
            variable_name="breakdown_code", value_name="category_code",
        ).drop_nulls("category_code")  # fmt: skip
        hidden = self._hidden_areas(hierarchy_code, area_codes)
        gone = {
            (area, dose)
            for dose in (found["dose_code"].unique() if hidden else [])
            for area in self._hidden_margins(dose, hierarchy_code, hidden, first, last)
        }
        is_gone = pl.Series([row in gone for row in found.select("area_code", "dose_code").iter_rows()])
        return found.select(
            "area_code", "dose_code", "breakdown_code", "category_code",
            pl.when(~is_gone).then("dose_count").alias("dose_count"),
            pl.when(is_gone).then(pl.lit(SUPPRESSED)).otherwise(pl.lit("calculated")).alias("value_status"),
        ).sort("area_code", "dose_code", "breakdown_code", "category_code")  # fmt: skip

    def _dose_counts(
        self,
        dose_codes: Sequence[str],
        hierarchy_code: str,
        area_codes: Iterable[str],
        months: tuple[date, date],
        told_apart: Sequence[Sequence[str]],
    ) -> pl.DataFrame:
        """Return counts of areas and doses, told apart by each group of columns; other columns are null."""
        own = dict.fromkeys(column for columns in told_apart for column in columns)
        sets = ", ".join(f"(area_code, dose_code, {', '.join(columns)})" for columns in told_apart)
        return self._known(
            ["fct_dose_breakdowns"],
            "with recursive inside as (select area_code as top_code, area_code from dim_areas"
            " where hierarchy_code = ? and list_contains(?, area_code) union all"
            " select i.top_code, a.area_code from dim_areas as a join inside as i on a.parent_code = i.area_code"
            " where a.hierarchy_code = ?),"
            " places as materialized (select i.top_code as area_code, f.facility_code from inside as i"
            f" join dim_facilities as f on f.{_FACILITY_AREA[hierarchy_code]} = i.area_code),"
            # Few rows a facility: what it counts is added up once, and then to each area that it lies in.
            f" counts as materialized (select facility_code, dose_code, {', '.join(own)}, sum(dose_count) as dose_count"
            " from fct_dose_breakdowns join dim_product_series using (product_code)"
            " join dim_vaccine_doses using (series_code, dose_number)"
            f" where dose_code in ({_marks(dose_codes)}) and month between ? and ? group by all)"
            f" select area_code, dose_code, {', '.join(own)}, cast(sum(dose_count) as bigint) as dose_count"
            f" from counts join places using (facility_code) group by grouping sets ({sets}) order by all",
            [hierarchy_code, list(area_codes), hierarchy_code, *dose_codes, *months],
        )

    def injections(
        self, product_codes: Sequence[str], hierarchy_code: str, area_code: str, first: date, last: date
    ) -> pl.DataFrame | None:
        """One row a product, who paid, sex and age group: `dose_count` injections in the records of an area's places.

        None where small counts of the area are hidden from the reader.
        """
        self._let(hierarchy_code, [area_code])
        if self._hidden_areas(hierarchy_code, [area_code]):
            return None
        places = (
            "select facility_code from dim_facilities where "
            + _FACILITY_AREA[hierarchy_code]
            + " in (with recursive inside as (select area_code from dim_areas where hierarchy_code = ?"
            " and area_code = ? union all select a.area_code from dim_areas as a"
            " join inside as i on a.parent_code = i.area_code"
            " where a.hierarchy_code = ?) select area_code from inside)"
        )
        return self._injections(places, [hierarchy_code, area_code, hierarchy_code], product_codes, first, last)

    def _injections(
        self, places: str, parameters: Sequence[object], product_codes: Sequence[str], first: date, last: date
    ) -> pl.DataFrame:
        own = ", ".join(("product_code", *BREAKDOWNS))
        return self._known(
            ["fct_dose_breakdowns"],
            f"select {own}, cast(sum(dose_count) as bigint) as dose_count from fct_dose_breakdowns"
            f" where facility_code in ({places}) and product_code in ({_marks(product_codes)})"
            f" and month between ? and ? group by {own} order by all",
            [*parameters, *product_codes, first, last],
        )

    # One facility

    def facility(self, facility_code: str) -> dict[str, Any]:
        """Return a facility: its names, its type and its commune of each tree. Raises ReleaseError without one."""
        rows = self._frame(
            "select facility_code, name_vi, name_en, facility_type_code, commune_code_2017, commune_code_2025"
            " from dim_facilities where facility_code = ?",
            [facility_code],
        )
        if not rows.height:
            raise ReleaseError(
                f"Bản phát hành không có cơ sở '{facility_code}'; danh mục: `niis extract facilities`. /"
                f" The release has no facility '{facility_code}'; `niis extract facilities` lists them."
            )
        return rows.row(0, named=True)

    def facility_injections(
        self, facility_code: str, product_codes: Sequence[str], first: date, last: date
    ) -> pl.DataFrame:
        """Return what `injections` does, of one facility. Refused as `facility_measures` is."""
        self._let_facility(facility_code)
        return self._injections("?", [facility_code], product_codes, first, last)

    def facility_measures(
        self, facility_code: str, measure_codes: Sequence[str], first: date, last: date
    ) -> pl.DataFrame:
        """One row a measure that a facility counts in months: measure_code, value, months_with_data.

        A facility's counts are small: AccessDeniedError for whoever may not see the persons of its commune.
        """
        self._let_facility(facility_code)
        return self._known(
            _FACILITY_RELATIONS,
            f"select measure_code, cast(sum(value) as double) as value, count(distinct month) as months_with_data"
            f" from ({_FACILITY_FACTS}) as facts where measure_code in ({_marks(measure_codes)})"
            " and month between ? and ? group by measure_code order by measure_code",
            [*[facility_code] * _FACILITY_FACTS.count("?"), *measure_codes, first, last],
        )

    def facility_indicators(
        self, facility_code: str, indicator_codes: Sequence[str], period_type: str, period: str
    ) -> pl.DataFrame:
        """Return values of one facility as `indicator_values` does of areas, through the engine of the marts.

        A month with anything from it counts as one unit. Targets are set for areas: a facility has none, and no
        coverage; persons are not of the place that vaccinates them, so of indicators of persons there is no row.
        Refused as `facility_measures` is.
        """
        self._let_facility(facility_code)
        registry = load_registry()
        of_persons = {term.indicator_code for term in registry.terms if term.measure_code in registry.person_measures}
        asked = [code for code in indicator_codes if code not in of_persons]
        counted = registry.unit_measures
        of_reports = [
            [getattr(row, name) for row in counted] for name in ("measure_code", "counted_measure_code", "condition")
        ]
        own = [facility_code] * _FACILITY_FACTS.count("?")
        return self._known(
            _FACILITY_RELATIONS,
            _through_engine(_FACILITY_PARTS, asked or [""], " and period = ?"),
            [*(asked or [""]), period_type, period, *own, *of_reports, facility_code],
        )

    def facility_months(self, facility_code: str, first: date, last: date) -> int:
        """Return in how many months a facility counts anything. Refused as `facility_measures` is."""
        self._let_facility(facility_code)
        rows = self._known(
            _FACILITY_RELATIONS,
            f"select count(distinct month) as months from ({_FACILITY_FACTS}) as facts where month between ? and ?",
            [*[facility_code] * _FACILITY_FACTS.count("?"), first, last],
        )
        return int(rows.item()) if rows.height else 0

    def _let_facility(self, facility_code: str) -> None:
        place = self.facility_place(facility_code, "34") or Place(*self._root())
        self._let(place.hierarchy_code, [place.area_code])
        self.facility(facility_code)
        if self._hidden_areas(place.hierarchy_code, [place.area_code]):
            raise AccessDeniedError(
                "Số liệu của một cơ sở chỉ dành cho người được xem danh sách của địa bàn: các số đếm đều nhỏ. /"
                " Values of one facility are for readers who may see the persons of its area: its counts are small."
            )

    def _hidden_margins(
        self, dose_code: str, hierarchy_code: str, areas: Iterable[str], first: date, last: date
    ) -> set[str]:
        """Return the areas whose counts by one breakdown are hidden, of those whose small counts are."""
        of_dose = self.indicators().filter(
            (pl.col("dose_code") == dose_code) & (pl.col("indicator_kind") == "coverage")
        )
        asked = [(code, area, first, last) for code in of_dose["indicator_code"] for area in areas]
        gone = {area for _, area, *_ in self._hidden_among(hierarchy_code, asked)}
        hiding = self._hiding_of(hierarchy_code)
        columns = {pair: n for n, pair in enumerate(self.breakdown_categories().select(_CATEGORY).iter_rows())}
        # Each breakdown adds up to all doses of records: so much is known of the whole.
        parts = [n for (code, _), n in columns.items() if code == BREAKDOWNS[0]]
        for year in range(first.year, last.year + 1):
            span = (date(year, 1, 1), date(year, 12, 1))

            def counted(members: Sequence[str], span: tuple[date, date] = span) -> dict[str, Any]:
                found = {area: np.zeros((len(columns) + 1, 12)) for area in members}
                apart = [("month", code) for code in BREAKDOWNS]
                rows = self._dose_counts([dose_code], hierarchy_code, members, span, apart)
                for row in rows.iter_rows(named=True):
                    pair = next((code, row[code]) for code in BREAKDOWNS if row[code] is not None)
                    found[row["area_code"]][columns[pair], row["month"].month - 1] = row["dose_count"]
                for held in found.values():
                    held[-1] = held[parts].sum(axis=0)
                return found

            hidden = hiding.of_own_counts(areas, counted, year_is_over=year not in self._open_years())
            whole = is_whole_year(first, last)
            gone |= {area for area, of in hidden.items() if area in (of.years if whole else of.months)}
        return gone

    # Files that leave

    def measures(self) -> pl.DataFrame:
        """One row a measure of the registry: measure_code, measure_kind, name_vi, name_en, unit, source."""
        return self._frame(
            "select measure_code, measure_kind, name_vi, name_en, unit, source from dim_measures order by measure_code"
        )

    def measure_values(
        self,
        measure_codes: Sequence[str],
        hierarchy_code: str,
        area_codes: Sequence[str],
        first_month: date,
        last_month: date,
    ) -> pl.DataFrame:
        """One row an area and measure that has data in the months: the sum over them, and how many months have any.

        area_code, measure_code, value (null where a small count is hidden), months_with_data, source_code. What is
        reported for a span counts where the whole span lies in the months.
        """
        self._let(hierarchy_code, area_codes)
        levels = self._frame(
            "select distinct level_code from dim_areas where hierarchy_code = ? and list_contains(?, area_code)",
            [hierarchy_code, list(area_codes)],
        )["level_code"].to_list()
        if not levels or not measure_codes:
            return self._frame(
                "select area_code, measure_code, cast(value as double) as value, cast(null as bigint) as"
                " months_with_data, source_code from fct_measure_values limit 0"
            )
        values = self._frame(
            "with facts as (select area_code, measure_code, span_start_month, month, sum(value) as value,"
            " min(source_code) as first_source, max(source_code) as last_source from fct_measure_values"
            f" where hierarchy_code = ? and level_code in ({_marks(levels)}) and list_contains(?, area_code)"
            f" and measure_code in ({_marks(measure_codes)}) and month <= ? and span_start_month >= ? group by all)"
            " select area_code, measure_code, cast(sum(value) as double) as value,"
            " cast(sum(date_diff('month', span_start_month, month) + 1) as bigint) as months_with_data,"
            " case when min(first_source) = max(last_source) then min(first_source) else 'mixed' end as source_code"
            " from facts group by area_code, measure_code order by area_code, measure_code",
            [hierarchy_code, *levels, list(area_codes), *measure_codes, last_month, first_month],
        )
        areas = self._hidden_areas(hierarchy_code, values["area_code"].unique()) if values.height else set()
        if not areas:
            return values
        asked = [
            (measure, area, first_month, last_month)
            for area, measure in values.select("area_code", "measure_code").iter_rows()
            if area in areas
        ]
        hiding = self._hiding_of(hierarchy_code)
        hiding.prepare_measures(asked, self._open_years())
        gone = {(area, measure) for measure, area, *span in asked if hiding.hides_measure(measure, area, *span)}
        is_hidden = pl.Series([row in gone for row in values.select("area_code", "measure_code").iter_rows()])
        return values.with_columns(pl.when(~is_hidden).then("value").alias("value"))

    def facilities(self, hierarchy_code: str, commune_codes: Sequence[str]) -> pl.DataFrame:
        """One row a facility of communes of a tree, by its code."""
        self._let(hierarchy_code, commune_codes)
        return self._frame(
            "select facility_code, name_vi, name_en, facility_type_code, commune_code_2017, commune_code_2025,"
            f" opened_date, closed_date from dim_facilities where list_contains(?, {_FACILITY_AREA[hierarchy_code]})"
            " order by facility_code",
            [list(commune_codes)],
        )

    def submissions(self, *, status: str | None = None, limit: int = 500, offset: int = 0) -> pl.DataFrame:
        """One row a submission with its counts, the newest first."""
        self._let_all()
        return self._frame(
            "select submission_id, original_name, submission_kind, received_at, submitted_at, status, line_count,"
            " header_count, blank_count, accepted_count, rejected_count, duplicate_count, first_report_month,"
            " last_report_month, facility_count, file_format, encoding, language, refusal_code, refusal_detail"
            " from rpt_submissions where ? is null or status = ?"
            " order by received_at desc, submission_id limit ? offset ?",
            [status, status, limit, offset],
        )

    def submission_totals(self) -> pl.DataFrame:
        """One row a status: submissions, line_count, accepted_count, rejected_count, duplicate_count."""
        self._let_all()
        return self._frame(
            "select status, count(*) as submissions, cast(sum(line_count) as bigint) as line_count,"
            " cast(sum(accepted_count) as bigint) as accepted_count,"
            " cast(sum(rejected_count) as bigint) as rejected_count,"
            " cast(sum(duplicate_count) as bigint) as duplicate_count"
            " from rpt_submissions group by status order by status"
        )

    def rejection_totals(self) -> pl.DataFrame:
        """One row a reason: how many lines carry it, in how many submissions, and what to do about it."""
        self._let_all()
        return self._frame(
            "select r.reason_code, count(distinct (r.submission_id, r.line_no)) as line_count,"
            " count(distinct r.submission_id) as submission_count,"
            " any_value(d.text_vi) as text_vi, any_value(d.text_en) as text_en,"
            " any_value(d.action_vi) as action_vi, any_value(d.action_en) as action_en"
            " from rpt_rejected_rows as r left join dim_rejection_reasons as d using (reason_code)"
            " group by r.reason_code order by line_count desc, r.reason_code"
        )

    def rejected_rows(
        self, *, submission_id: str | None = None, reason_code: str | None = None, limit: int = 100, offset: int = 0
    ) -> pl.DataFrame:
        """One row a reason of a rejected line, with its file, field and what to do: a page of them."""
        self._let_all()
        return self._frame(
            "select s.original_name, r.submission_id, r.line_no, r.field_name, r.reason_code,"
            " d.text_vi, d.text_en, d.action_vi, d.action_en"
            " from rpt_rejected_rows as r"
            " left join rpt_submissions as s using (submission_id)"
            " left join dim_rejection_reasons as d using (reason_code)"
            " where (? is null or r.submission_id = ?) and (? is null or r.reason_code = ?)"
            " order by s.received_at desc, r.submission_id, r.line_no, r.reason_code limit ? offset ?",
            [submission_id, submission_id, reason_code, reason_code, limit, offset],
        )

    def rejected_count(self, *, reason_code: str | None = None) -> int:
        """Return how many rows `rejected_rows` has over all its pages."""
        self._let_all()
        rows = self._frame(
            "select count(*) from rpt_rejected_rows where ? is null or reason_code = ?", [reason_code, reason_code]
        )
        return int(rows.item())

    # Scorecards

    def scorecard_components(self) -> pl.DataFrame:
        """One row a part of the scorecard, the whole first: component_code, points (null: the whole), its words."""
        return self._known(
            ["dim_scorecard_components"],
            "select component_code, points, name_vi, name_en, definition_vi, definition_en, source"
            " from dim_scorecard_components order by sort_order",
        )

    def scorecard_years(self) -> list[int]:
        """Return the years that have scorecards, the newest first; a release of an earlier version has none."""
        found = self._known(
            ["rpt_scorecards"], "select distinct score_year from rpt_scorecards order by score_year desc"
        )
        return found["score_year"].to_list() if found.height else []

    def area_scorecards(self, hierarchy_code: str, area_codes: Sequence[str], year: int) -> pl.DataFrame:
        """One row an area and part, the whole first: score in percent, band, rank among its peers and their number."""
        self._let(hierarchy_code, area_codes)
        return self._scorecards(
            "s.hierarchy_code = ? and s.facility_code is null and list_contains(?, s.place_code)",
            [hierarchy_code, list(area_codes), year],
        )

    def facility_scorecards(self, hierarchy_code: str, commune_codes: Sequence[str], year: int) -> pl.DataFrame:
        """Return the same of the facilities of communes of a tree; each is ranked in the tree in force."""
        self._let(hierarchy_code, commune_codes)
        return self._scorecards(
            f"s.facility_code is not null and list_contains(?, f.{_FACILITY_AREA[hierarchy_code]})",
            [list(commune_codes), year],
        )

    def _scorecards(self, condition: str, parameters: Sequence[object]) -> pl.DataFrame:
        return self._known(
            ["rpt_scorecards", "dim_scorecard_components", "dim_scorecard_bands"],
            "select s.hierarchy_code, s.level_code, s.place_code, coalesce(f.name_vi, a.name_vi) as place_vi,"
            " coalesce(f.name_en, a.name_en) as place_en, s.score_year, s.component_code, c.points, c.name_vi,"
            " c.name_en, c.definition_vi, c.definition_en, s.violations, s.evaluated, s.score, s.band_code,"
            " b.colour_token, b.label_vi, b.label_en, s.peer_code, s.peer_rank, s.peer_count"
            " from rpt_scorecards as s join dim_scorecard_components as c using (component_code)"
            " join dim_scorecard_bands as b using (component_code, band_code)"
            " left join dim_facilities as f on s.facility_code = f.facility_code"
            " left join dim_areas as a on s.hierarchy_code = a.hierarchy_code and s.place_code = a.area_code"
            f" where {condition} and s.score_year = ? order by s.place_code, c.sort_order",
            parameters,
        )

    def facility_findings(self, facility_code: str, year: int) -> pl.DataFrame:
        """One row a finding on a facility in a year, or of no time, with what it should do; the gravest first."""
        if self._scope is not None:
            self._scope.require_findings(self.facility_place(facility_code, "34") or Place(*self._root()))
        return self._known(
            ["rpt_findings", "dim_quality_rules"],
            "select f.finding_key, f.rule_code, f.period, f.severity, f.violations, f.evaluated, f.effect, f.detail_vi,"
            " f.detail_en, r.name_vi, r.name_en, r.rationale_vi, r.rationale_en, r.facility_action_vi,"
            " r.facility_action_en from rpt_findings as f join dim_quality_rules as r using (rule_code)"
            " where f.facility_code = ? and (f.period is null or starts_with(f.period, ?))"
            " order by list_position(['blocking', 'warning', 'notice'], f.severity), f.effect desc, f.rule_code,"
            " f.period, f.finding_key",
            [facility_code, str(year)],
        )

    def check_results(self) -> pl.DataFrame:
        """One row a check, what needs attention first, with the rule's name, rationale and action."""
        return self._frame(
            "select c.rule_code, c.name_vi, c.name_en, c.dataset, c.scope, c.violations, c.evaluated, c.threshold,"
            " c.status, c.severity, c.checked_at, c.message_vi, c.message_en, q.rationale_vi, q.rationale_en,"
            " q.action_vi, q.action_en"
            " from rpt_check_results as c left join dim_quality_rules as q using (rule_code)"
            " order by list_position(['error', 'failed', 'not_applicable', 'passed'], c.status),"
            " c.severity, c.rule_code, c.scope"
        )

    # Findings

    def findings(
        self,
        *,
        rule_code: str | None = None,
        place: Place | None = None,
        severity: str | None = None,
        key_prefix: str = "",
    ) -> pl.DataFrame:
        """One row a finding that the reader may see, with the words of its rule; the release's, by key.

        `place` leaves those of an area and of all below it. A release of an earlier version has none.
        """
        below, parameters = "true", [key_prefix, rule_code, rule_code, severity, severity]
        if place is not None:
            below = (
                "case when p.facility_code is not null then p."
                + _FACILITY_AREA[place.hierarchy_code]
                + " when coalesce(f.hierarchy_code, '34') = ? then f.area_code end in (with recursive inner_areas as ("
                " select area_code from dim_areas where hierarchy_code = ? and area_code = ? union all"
                " select a.area_code from dim_areas as a join inner_areas as i on a.parent_code = i.area_code"
                " where a.hierarchy_code = ?) select area_code from inner_areas)"
            )
            tree = place.hierarchy_code
            parameters += [tree, tree, place.area_code, tree]
        found = self._known(
            ["rpt_findings"],
            "select f.*, coalesce(f.hierarchy_code, '34') as tree_code, r.name_vi as rule_vi, r.name_en as rule_en,"
            " r.rationale_vi, r.rationale_en, r.action_vi, r.action_en, r.facility_action_vi, r.facility_action_en,"
            " a.name_vi as area_vi, a.name_en as area_en,"
            " p.name_vi as facility_vi, p.name_en as facility_en,"
            " coalesce(m.name_vi, i.label_vi) as measure_vi, coalesce(m.name_en, i.label_en) as measure_en"
            " from rpt_findings as f left join dim_quality_rules as r using (rule_code)"
            " left join dim_areas as a on a.hierarchy_code = coalesce(f.hierarchy_code, '34')"
            " and a.area_code = f.area_code"
            " left join dim_facilities as p on p.facility_code = f.facility_code"
            " left join dim_measures as m on m.measure_code = f.measure_code"
            " left join dim_indicators as i on i.indicator_code = f.indicator_code"
            " where starts_with(f.finding_key, ?) and (? is null or f.rule_code = ?)"
            f" and (? is null or f.severity = ?) and {below} order by f.finding_key",
            parameters,
        )
        if self._scope is None or not found.height:
            return found
        areas = found.select("tree_code", "area_code").unique().rows()
        seen = {pair: self._may_see_findings(*pair) for pair in areas}
        return found.filter(pl.Series([seen[pair] for pair in found.select("tree_code", "area_code").rows()]))

    def _may_see_findings(self, hierarchy_code: str, area_code: str | None) -> bool:
        assert self._scope is not None
        place = Place(hierarchy_code, area_code) if area_code else Place(*self._root())
        return self._scope.may_see_findings(place)

    def _root(self) -> tuple[str, str]:
        rows = self._frame("select hierarchy_code, area_code from dim_areas where parent_code is null order by all")
        return rows.row(0)

    def facility_place(self, facility_code: str, hierarchy_code: str) -> Place | None:
        """Return the commune of a facility in a tree, or None when there is no such facility."""
        rows = self._frame(
            f"select {_FACILITY_AREA[hierarchy_code]} from dim_facilities where facility_code = ?", [facility_code]
        )
        return Place(hierarchy_code, rows.item()) if rows.height else None

    def has_measure(self, measure_code: str) -> bool:
        """Say whether the registry has a measure."""
        return bool(self._frame("select 1 from dim_measures where measure_code = ?", [measure_code]).height)

    def submissions_like(self, prefix: str) -> list[str]:
        """Return the ids of files that begin so and of which the reader may see every place."""
        if self._scope is None:
            rows = self._frame(
                "select submission_id from rpt_submissions where starts_with(submission_id, ?) order by all", [prefix]
            )
            return rows["submission_id"].to_list()
        places = self._known(
            ["rpt_submission_places"],
            "select s.submission_id, case when p.facility_code is null then p.hierarchy_code else '34' end as tree,"
            " coalesce(f.commune_code_2025, p.area_code) as area_code"
            " from rpt_submissions as s left join rpt_submission_places as p using (submission_id)"
            " left join dim_facilities as f using (facility_code)"
            " where starts_with(s.submission_id, ?) group by all order by all",
            [prefix],
        )
        if not places.height:
            return []
        hidden = {row[0] for row in places.iter_rows() if not self._may_see_findings(row[1] or "34", row[2])}
        return [key for key in places["submission_id"].unique(maintain_order=True) if key not in hidden]

    def rejected_files(self, limit: int) -> pl.DataFrame:
        """Return the files that were refused or had lines rejected and of which the reader may see every place.

        One row a file, the newest first: submission_id, original_name, status, received_at, line_count, rejected_count,
        refusal_code, refusal_detail.
        """
        found = self._frame(
            "select submission_id, original_name, status, received_at, line_count, rejected_count, refusal_code,"
            " refusal_detail from rpt_submissions where status <> 'accepted' order by received_at desc, submission_id"
        )
        if self._scope is not None:
            found = found.filter(pl.col("submission_id").is_in(self.submissions_like("")))
        return found.head(limit)

    def submission(self, submission_id: str) -> dict[str, Any] | None:
        """Return the receipt of a file, or None when there is none that the reader may see."""
        if self._scope is not None and not self.submissions_like(submission_id):
            return None
        rows = self._frame("select * from rpt_submissions where submission_id = ?", [submission_id])
        return rows.row(0, named=True) if rows.height else None


def open_release(published_dir: Path | str) -> Release:
    """Open the release that CURRENT names; when it is damaged, the newest older one that is whole.

    Raises NothingPublishedError when there is none.
    """
    folder = Path(published_dir)
    current = current_release_id(folder)
    older = sorted(
        (path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")), reverse=True
    )
    for release_id in [current, *(name for name in older if name < current)]:
        manifest = whole_manifest(folder / release_id)
        if manifest is not None:
            connection = connect(folder / release_id / manifest["file"])
            return Release(connection, manifest, is_fallback=release_id != current)
    raise NothingPublishedError(
        f"Bản phát hành {current} và các bản trước đều hỏng; hãy chạy `niis run` lại. / "
        f"Release {current} in {folder} and those before it are damaged; run `niis run` to publish again."
    )


def open_known(folder: Path, known_on: date, basis: str) -> Release:
    """Open a copy of what was known on a day (`basis`: release or sent). Raises ReleaseError when it is damaged."""
    manifest = whole_manifest(folder)
    if manifest is None:
        raise ReleaseError(
            f"Bản số liệu tại {folder} bị hỏng; hãy xóa thư mục này và hỏi lại. / "
            f"The copy in {folder} is damaged; remove the folder and ask again."
        )
    return Release(connect(folder / manifest["file"]), manifest, is_fallback=False, known_on=known_on, basis=basis)


def current_release_id(published_dir: Path | str) -> str:
    """Return the name that CURRENT holds. Raises NothingPublishedError when there is no such file."""
    pointer = Path(published_dir) / _POINTER
    try:
        return pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise NothingPublishedError(
            "Chưa có số liệu nào được phát hành; hãy chạy `niis demo`, hoặc `niis submit` rồi `niis run`. / "
            f"Nothing is published in {published_dir}; run `niis demo`, or `niis submit` and then `niis run`."
        ) from error


def whole_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest of a release if its file is the one that was published, else None."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        state = (folder / manifest["file"]).stat()
        found = sha256_of(folder / manifest["file"], state.st_size, state.st_mtime_ns)
        return manifest if found == manifest["sha256"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=16)
def sha256_of(path: Path, byte_count: int, changed_ns: int) -> str:
    """Return the hash of a file; once a process for each release, because large files take a while."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def connect(database: Path) -> duckdb.DuckDBPyConnection:
    """Return a read-only connection that reaches no other file, and cannot be taught to."""
    connection = duckdb.connect(str(database), read_only=True)
    # Connections of one process to one file share its settings: a second reader finds them made and locked.
    (is_locked,) = connection.execute("select current_setting('lock_configuration')").fetchall()[0]
    if not is_locked:
        for statement in _HARDENING:
            connection.execute(statement)
    return connection


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)
