"""What of a release is hidden from a reader outside an area: of which areas, and of which indicators together.

The rules are `pipelines/access/suppression.py`; here they meet the published relations. What is hidden depends on the
release alone, never on the question, so that two answers cannot be subtracted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from pipelines.access.suppression import Counts, Family, Hidden, Quantity, hidden_in
from pipelines.reference import Registry

_NOTHING_ABOVE = ""
_MONTHS = 12
Value = tuple[str, str, date, date]
Fetch = Callable[[Sequence[str], Sequence[str], int], pl.DataFrame]
CountMonths = Callable[[Sequence[str]], Mapping[str, Counts]]
_NOTHING_HIDDEN = Hidden(frozenset(), frozenset())


@dataclass(frozen=True)
class Counted:
    """How a quantity is read from published rows: numerator (or denominator) of an indicator, less another's."""

    indicator_code: str
    column: str  # numerator, denominator
    has_rest: bool = False
    less_code: str | None = None


class _Rules:
    """The rows of `suppression_rules`, asked."""

    def __init__(self, registry: Registry) -> None:
        codes: dict[str, set[str]] = defaultdict(set)
        for rule in registry.suppression_rules.values():
            codes[rule.subject].add(rule.code)
        self._codes = codes
        self._ages = {measure.measure_code: measure.age_limit_months for measure in registry.measures.values()}
        self.measures = {
            measure.measure_code
            for measure in registry.measures.values()
            if measure.measure_kind in codes["measure_kind"]
        }

    def counts_persons(self, row: Mapping[str, Any]) -> bool:
        """Say whether the numerator of an indicator is a number of persons, not a difference between other ones."""
        return not (
            row["indicator_kind"] in self._codes["no_count_kind"] or row["indicator_code"] in self._codes["no_count"]
        )

    def has_rest(self, row: Mapping[str, Any]) -> bool:
        """Say whether the denominator of an indicator less its numerator is a number of persons."""
        return row["indicator_kind"] in self._codes["indicator_kind"]

    def is_same_dose_at_fewer_ages(
        self, row: Mapping[str, Any], parts: Sequence[str], other: Mapping[str, Any], other_parts: Sequence[str]
    ) -> bool:
        """Say whether another indicator counts the same dose up to an age: the difference is who was older."""
        return (
            row["dose_code"] is not None
            and (row["dose_code"], row["indicator_kind"]) == (other["dose_code"], other["indicator_kind"])
            and len(parts) == len(other_parts) == 1
            and self._ages.get(parts[0]) is None
            and self._ages.get(other_parts[0]) is not None
        )


class Links:
    """Which indicators count the same persons: parts that meet in an indicator are hidden together."""

    def __init__(self, indicators: pl.DataFrame, terms: pl.DataFrame, registry: Registry) -> None:
        """Take rows of `dim_indicators` (without other denominators), all terms, and the rules."""
        rules = _Rules(registry)
        self._persons = rules.measures
        self._group: dict[str, str] = {}
        self._offsets: dict[str, set[int]] = defaultdict(set)
        roles: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for term in terms.iter_rows(named=True):
            if term["term_role"] in ("numerator", "denominator") and term["measure_code"] in rules.measures:
                role = "less" if term["term_role"] == "numerator" and term["weight"] < 0 else term["term_role"]
                roles[term["indicator_code"]][role].add(term["measure_code"])
                self._offsets[term["indicator_code"]].add(term["offset_years"])
        self._measures = {code: set().union(*found.values()) for code, found in roles.items()}
        self._counted: dict[str, list[Counted]] = defaultdict(list)
        parts, wholes, rows = {}, {}, {}
        for row in indicators.filter(pl.col("indicator_code").is_in(list(roles))).iter_rows(named=True):
            code, found = row["indicator_code"], roles[row["indicator_code"]]
            if rules.counts_persons(row):
                # Without a denominator, what is taken off is the part of what it is taken off from.
                wholes[code] = found["denominator"] or (found["numerator"] if found["less"] else set())
                parts[code] = sorted((found["numerator"] | found["less"]) - wholes[code] or found["numerator"])
                rows[code] = row
        for found_parts in parts.values():
            self._join(found_parts)
        for code, row in rows.items():
            self._counted[self._root(parts[code][0])].append(Counted(code, "numerator", rules.has_rest(row)))
        for code, row in rows.items():
            for other, other_row in rows.items():
                if rules.is_same_dose_at_fewer_ages(row, parts[code], other_row, parts[other]):
                    self._counted[self._root(parts[code][0])].append(Counted(code, "numerator", less_code=other))
        for code in rows:
            denominator = roles[code]["denominator"]
            if len(denominator) == 1 and self._offsets[code] == {0}:
                group = self._root(next(iter(denominator)))
                if not any(counted.column == "denominator" for counted in self._counted[group]):
                    self._counted[group].append(Counted(code, "denominator"))

    def groups(self, indicator_code: str) -> frozenset[str]:
        """Return the groups of which an indicator shows a count; none when it counts no persons."""
        return frozenset(self._root(measure) for measure in self._measures.get(indicator_code, ()))

    def group_of_measure(self, measure_code: str) -> str | None:
        """Return the group that a measure of persons belongs to; None when no indicator counts it."""
        group = self._root(measure_code)
        return group if measure_code in self._persons and self._counted.get(group) else None

    def counts_persons(self, measure_code: str) -> bool:
        """Say whether a measure is a number of persons."""
        return measure_code in self._persons

    def counted(self, group: str) -> list[Counted]:
        """Return what is counted of a group."""
        return self._counted.get(group, [])

    def years(self, indicator_code: str, first: date, last: date) -> range:
        """Return the calendar years that a value of an indicator tells something of."""
        offsets = self._offsets.get(indicator_code) or {0}
        return range(first.year + min(offsets), last.year + max(0, *offsets) + 1)

    def _root(self, measure: str) -> str:
        while self._group.get(measure, measure) != measure:
            measure = self._group[measure]
        return measure

    def _join(self, measures: Sequence[str]) -> None:
        for measure in measures[1:]:
            self._group[self._root(measure)] = self._root(measures[0])


class Hiding:
    """What is hidden of one release and tree; what was worked out once is kept."""

    def __init__(self, links: Links, parents: Mapping[str, str | None], smallest: float, fetch: Fetch) -> None:
        """Take the links, the tree, the smallest count that is shown, and what reads months and year of areas."""
        self._links, self._parents, self._smallest, self._fetch = links, parents, smallest, fetch
        self._below: dict[str, list[str]] = defaultdict(list)
        for area, parent in parents.items():
            self._below[parent or _NOTHING_ABOVE].append(area)
        self._known: dict[tuple[str, int, str], Hidden] = {}
        self._open_years: set[int] = set()

    def prepare(self, asked: Iterable[Value], open_years: set[int]) -> None:
        """Work out what is hidden of values (indicator, area, first and last month) and of all above their areas."""
        parents: set[str] = set()
        wanted: dict[int, set[str]] = defaultdict(set)
        self._open_years = open_years
        for code, area, first, last in asked:
            parents |= self._parents_above(area)
            for year in self._links.years(code, first, last):
                wanted[year] |= self._links.groups(code)
        self._work_out(parents, wanted)

    def _parents_above(self, area: str) -> set[str]:
        return {self._parents[step] or _NOTHING_ABOVE for step in self._path(area)}

    def _work_out(self, parents: set[str], wanted: Mapping[int, set[str]]) -> None:
        order = sorted(parents, key=lambda parent: len(self._path(parent)))
        for year, groups in wanted.items():
            missing = [one for one in sorted(groups) if any((one, year, parent) not in self._known for parent in order)]
            if not missing:
                continue
            codes = sorted({code for group in missing for one in self._links.counted(group) for code in _codes(one)})
            nodes = sorted({area for parent in order for area in self._below[parent]})
            counts = _Counts(self._fetch(codes, nodes, year))
            for group in missing:
                for parent in order:
                    if (group, year, parent) not in self._known:
                        self._known[group, year, parent] = self._decide(group, year, parent, counts)

    def is_hidden(self, indicator_code: str, area: str, first: date, last: date) -> bool:
        """Say whether a value is hidden; `prepare` was asked for it before."""
        years = self._links.years(indicator_code, first, last)
        counted = [(group, year) for group in self._links.groups(indicator_code) for year in years]
        return self._is_hidden_in(counted, area, first, last)

    def _is_hidden_in(self, counted: Iterable[tuple[str, int]], area: str, first: date, last: date) -> bool:
        parent = self._parents[area] or _NOTHING_ABOVE
        is_whole = is_whole_year(first, last)
        for group, year in counted:
            hidden = self._known[group, year, parent]
            if area in (hidden.years if is_whole else hidden.months):
                return True
        return False

    def prepare_measures(self, asked: Iterable[Value], open_years: set[int]) -> None:
        """Work out the same of measures (measure, area, first and last month)."""
        parents: set[str] = set()
        wanted: dict[int, set[str]] = defaultdict(set)
        self._open_years = open_years
        for measure, area, first, last in asked:
            group = self._links.group_of_measure(measure)
            if group is not None:
                parents |= self._parents_above(area)
                for year in range(first.year, last.year + 1):
                    wanted[year].add(group)
        self._work_out(parents, wanted)

    def hides_measure(self, measure_code: str, area: str, first: date, last: date) -> bool:
        """Say whether a sum of a measure is hidden; `prepare_measures` was asked for it before.

        Persons that no indicator counts are hidden wherever small counts are: nothing else is known of their sums.
        """
        group = self._links.group_of_measure(measure_code)
        if group is None:
            return self._links.counts_persons(measure_code)
        return self._is_hidden_in([(group, year) for year in range(first.year, last.year + 1)], area, first, last)

    def of_own_counts(
        self, areas: Iterable[str], counted: CountMonths, *, year_is_over: bool = True
    ) -> dict[str, Hidden]:
        """Return for each area what is hidden of its family, of counts that no indicator has; within one year.

        `counted` gives for areas a row a quantity and, last, what they are parts of; columns are the months.
        """
        asked = sorted(areas)
        known: dict[str, Hidden] = {}
        parents = {parent for area in asked for parent in self._parents_above(area)}
        for parent in sorted(parents, key=lambda parent: len(self._path(parent))):
            members = sorted(self._below[parent])
            counts = counted(members)
            family = Family(
                members,
                {area: _parts_of(counts[area]) for area in members},
                {area: _parts_of(counts[area].sum(axis=1, keepdims=True)) for area in members},
            )
            above = known[self._parents[parent] or _NOTHING_ABOVE] if parent else _NOTHING_HIDDEN
            known[parent] = hidden_in(family, self._smallest, above=above, parent=parent, year_is_over=year_is_over)
        return {area: known[self._parents[area] or _NOTHING_ABOVE] for area in asked}

    def _decide(self, group: str, year: int, parent: str, counts: _Counts) -> Hidden:
        areas = sorted(self._below[parent])
        counted = self._links.counted(group)
        family = Family(
            areas,
            {area: [counts.months(one, area) for one in counted] for area in areas},
            {area: [counts.year(one, area) for one in counted] for area in areas},
        )
        above = self._known[group, year, self._parents[parent] or _NOTHING_ABOVE] if parent else _NOTHING_HIDDEN
        return hidden_in(family, self._smallest, above=above, parent=parent, year_is_over=year not in self._open_years)

    def _path(self, area: str) -> list[str]:
        path: list[str] = []
        step: str | None = area or None
        while step:
            path.append(step)
            step = self._parents[step]
        return path


class _Counts:
    """Published numerators and denominators by indicator, area and month; what nobody reported counts nobody."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._months: dict[tuple[str, str], Any] = {}
        self._years: dict[tuple[str, str], Any] = {}
        for code, area, kind, start, numerator, denominator in frame.select(
            "indicator_code", "area_code", "period_type", "period_start_month", "numerator", "denominator"
        ).iter_rows():
            key, pair = (code, area), (numerator or 0.0, np.nan if denominator is None else denominator)
            if kind == "year":
                self._years[key] = pair
            else:
                self._months.setdefault(key, np.tile([[0.0], [np.nan]], (1, _MONTHS)))[:, start.month - 1] = pair

    def months(self, one: Counted, area: str) -> Quantity:
        nothing = np.tile([[0.0], [np.nan]], (1, _MONTHS))
        return _quantity(one, lambda code: self._months.get((code, area), nothing))

    def year(self, one: Counted, area: str) -> Quantity:
        return _quantity(one, lambda code: np.array(self._years.get((code, area), (0.0, np.nan))).reshape(2, 1))


def _quantity(one: Counted, read: Callable[[str], Any]) -> Quantity:
    numerator, denominator = read(one.indicator_code)
    if one.column == "denominator":
        return Quantity(np.nan_to_num(denominator), np.full(denominator.shape, np.inf))
    if one.less_code is not None:
        return Quantity(np.maximum(numerator - read(one.less_code)[0], 0), np.full(numerator.shape, np.inf))
    rest = denominator - numerator
    # More than the whole, or no whole: then nobody can conclude from it how many are left.
    known = np.isfinite(rest) & (rest >= 0) & one.has_rest
    return Quantity(np.maximum(numerator, 0), np.where(known, np.nan_to_num(rest), np.inf))


def _codes(one: Counted) -> list[str]:
    return [code for code in (one.indicator_code, one.less_code) if code]


def is_whole_year(first: date, last: date) -> bool:
    """Say whether months are those of one calendar year."""
    return (first.month, last.month, last.year - first.year) == (1, _MONTHS, 0)


def _parts_of(counts: Counts) -> list[Quantity]:
    """Return the quantities of rows of parts above the row of their whole."""
    return [Quantity(row, np.maximum(counts[-1] - row, 0)) for row in counts[:-1]]


def thinned(curve: pl.DataFrame, smallest: float) -> pl.DataFrame:
    """Return a curve over ages without the ages between which too few children were vaccinated, or are left.

    Of neighbours that stay, the counts differ by nobody or by at least `smallest`.
    """
    kept = []
    for _, year in curve.group_by("birth_year", maintain_order=True):
        last = {"recorded_pct": 0.0, "valid_pct": 0.0}
        for row in year.iter_rows(named=True):
            counts = {name: row["child_count"] * (row[name] or 0.0) / 100 for name in last}
            steps = [round(counts[name] - last[name]) for name in last] + [
                round(row["child_count"] - counts[name]) for name in last
            ]
            steps.append(round(counts["recorded_pct"] - counts["valid_pct"]))
            if row["child_count"] >= smallest and all(step <= 0 or step >= smallest for step in steps):
                kept.append(row)
                last = counts
    return pl.DataFrame(kept, schema=curve.schema)
