"""Every published value, worked out again in plain Python from submitted rows and the rules of docs/architecture.md.

Shares no code with the models and knows nothing of SQL. It reads the registry, because definitions are inputs.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from pipelines.reference import Registry, Term
from tests.oracles.current_state import standing_rows

Place = tuple[
    str, ...
]  # ("C", commune of 2017, commune of today), ("A", tree, area), or ("X", ...): there and not above
Area = tuple[str, str]  # tree, code
Cell = tuple[Place, date, date, str, str]  # unit, first month, last month, measure, source


@dataclass(frozen=True)
class Facility:
    """One facility of the register."""

    code: str
    place: Place
    level_code: str
    opened: date
    closed: date | None
    source_code: str


@dataclass(frozen=True)
class Submitted:
    """What was sent and accepted. Rows are mappings with the names of the submissions' own fields.

    Dose rows: submission_id, record_id, action, facility_code, report_month, submitted_at, submission_mode, birth_date,
    product_code, given_date, dose_number, is_done. Report rows: submission_id, action, reporter (a facility code, or a
    pair of tree and area), period, submitted_at, submission_mode, source_code, measure_code, value.
    """

    facilities: Sequence[Facility]
    doses: Sequence[Mapping[str, Any]]
    reports: Sequence[Mapping[str, Any]]
    as_of: date
    received_at: datetime


@dataclass
class Value:
    """One published row."""

    numerator: float | None
    denominator: float | None
    value: float | None
    units_included: int
    units_expected: int
    value_status: str
    source_code: str


@dataclass
class Oracle:
    """The measures of every area, and from them any indicator over any period."""

    registry: Registry
    submitted: Submitted
    cells: dict[Cell, float] = field(default_factory=lambda: defaultdict(float))
    areas: dict[Area, dict[str, list[tuple[date, date, float, str]]]] = field(default_factory=dict)
    months: list[date] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._facilities = {row.code: row for row in self.submitted.facilities}
        self._reports = self._standing_reports()
        self._reached = _Reach(self.registry)
        self._with_records: dict[tuple[Place, date], set[str]] = defaultdict(set)
        by_facility = self._facility_values()
        self._spine()
        self._containers(by_facility)
        self._of_reports(by_facility)
        self._rolled_out()
        self._matched()
        self._roll_up()

    # -- what stands ------------------------------------------------------------------------------------------------

    def _standing_doses(self) -> list[Mapping[str, Any]]:
        rows = [
            row
            | {
                "version_at": _version(row["submitted_at"], row["report_month"]),
                "key": (row["facility_code"], row["record_id"]),
                "scope": (row["facility_code"], row["report_month"]),
            }
            for row in map(dict, self.submitted.doses)
        ]
        return standing_rows(rows)

    def _standing_reports(self) -> list[dict[str, Any]]:
        rows = []
        for row in map(dict, self.submitted.reports):
            start, end = span(row["period"])
            rows.append(
                row
                | {
                    "start": start,
                    "end": end,
                    "version_at": _version(row["submitted_at"], end),
                    "key": (row["reporter"], row["period"], row["measure_code"]),
                    "scope": (row["reporter"], row["period"]),
                }
            )
        found = []
        for row in standing_rows(rows):
            measure = self.registry.measures[row["measure_code"]]
            value = row["value"]
            if value is None and measure.blank_means == "zero":
                value = 0.0
            if value is not None:
                found.append({**row, "value": float(value)})
        return found

    # -- what facilities count --------------------------------------------------------------------------------------

    def _facility_values(self) -> dict[tuple[str, date, str], tuple[float, str]]:
        """Return the value and source of each facility, month and measure, and add them to their places."""
        recorded: dict[tuple[str, date, str], float] = defaultdict(float)
        series = defaultdict(set)
        for way in self.registry.product_series:
            series[way.product_code].add(way.series_code)
        numbered = {(dose.series_code, dose.dose_number): dose.dose_code for dose in self.registry.doses.values()}
        counting = [measure for measure in self.registry.measures.values() if measure.measure_kind == "dose_count"]
        for row in self._standing_doses():
            if not row["is_done"]:
                continue
            doses = {numbered.get((name, row["dose_number"])) for name in series[row["product_code"]]}
            age = completed_months(row["birth_date"], row["given_date"])
            for measure in counting:
                if measure.dose_code in doses and (measure.age_limit_months is None or age < measure.age_limit_months):
                    month = row["given_date"].replace(day=1)
                    recorded[row["facility_code"], month, measure.measure_code] += 1
        with_records = {(row["facility_code"], row["report_month"]) for row in self.submitted.doses}
        monthly = [
            row
            for row in self._reports
            if isinstance(row["reporter"], str)
            and row["start"] == row["end"]
            and self.registry.measures[row["measure_code"]].annual_spread == "none"
        ]
        is_dose = {row.measure_code: row.measure_kind == "dose_count" for row in self.registry.measures.values()}
        with_reported = {(row["reporter"], row["end"]) for row in monthly if is_dose[row["measure_code"]]}
        found: dict[tuple[str, date, str], tuple[float, str]] = {}
        for (code, month, measure_code), count in recorded.items():
            if (code, month) in with_records or (code, month) not in with_reported:
                found[code, month, measure_code] = (count, self._facilities[code].source_code)
        for row in monthly:
            if not (is_dose[row["measure_code"]] and (row["reporter"], row["end"]) in with_records):
                found[row["reporter"], row["end"], row["measure_code"]] = (row["value"], row["source_code"])
        for (code, month, measure_code), (number, source) in found.items():
            self.cells[self._facilities[code].place, month, month, measure_code, source] += number
        return found

    def _spine(self) -> None:
        """Count what is expected and what came, facility by facility and month by month."""
        sent: dict[tuple[str, date], list[datetime]] = defaultdict(list)
        with_records = set()
        for row in self.submitted.doses:
            sent[row["facility_code"], row["report_month"]].append(row["submitted_at"] or self.submitted.received_at)
            with_records.add((row["facility_code"], row["report_month"]))
        for row in self.submitted.reports:
            start, end = span(row["period"])
            if isinstance(row["reporter"], str) and start == end:
                sent[row["reporter"], end].append(row["submitted_at"] or self.submitted.received_at)
        this_month = self.submitted.as_of.replace(day=1)
        programme: list[date] = []
        if sent:
            seen = [month for _, month in sent]
            programme = months_from(min(seen), max(*seen, add_months(this_month, -1)))
        owed = {
            (row.code, month)
            for row in self._facilities.values()
            for month in programme
            if row.opened.replace(day=1) <= month < this_month and (row.closed is None or month < row.closed)
        }
        places: dict[Place, dict[date, set[str]]] = defaultdict(lambda: defaultdict(set))
        for code, month in owed | sent.keys():
            facility = self._facilities[code]
            came = sent.get((code, month))
            last_day = next(
                (
                    add_months(month, 1) + timedelta(days=row.deadline_days)
                    for row in self.registry.deadlines
                    if row.level_code == facility.level_code
                    and row.valid_from <= month
                    and (row.valid_to is None or month < row.valid_to)
                ),
                None,
            )
            is_on_time = came is not None and last_day is not None and min(came).date() < last_day
            for name, number in (
                ("reports_expected", 1),
                ("units_expected", 1),
                ("reports_received", came is not None),
                ("units_included", came is not None),
                ("reports_on_time", is_on_time),
                ("units_with_records", (code, month) in with_records),
            ):
                self.cells[facility.place, month, month, name, facility.source_code] += number
            places[facility.place][month].add(facility.source_code)
            if (code, month) in with_records:
                self._with_records[facility.place, month].add(facility.source_code)
        for code, last in {(code, last) for code, _ in sent for last in programme}:
            facility, first = self._facilities[code], add_months(last, -11)
            came_in = sum((code, month) in sent for month in months_from(first, last))
            for name, is_so in (("reporters_any_12", came_in > 0), ("reporters_every_12", came_in == 12)):
                if came_in:
                    self.cells[facility.place, first, last, name, facility.source_code] += is_so
        for place, by_month in places.items():
            for month, sources in by_month.items():
                self.cells[place, month, month, "places_expected", one_source(sources)] = 1.0
        # A year's target lies in months that nobody can have reported yet: they are no periods of their own.
        unspread = [row for row in self._reports if self.registry.measures[row["measure_code"]].annual_spread == "none"]
        reported = [month for row in unspread for month in (row["start"], row["end"])]
        spanned = months_from(min(reported), max(reported)) if reported else []
        self.months = sorted({*programme, *spanned})

    # -- reports that contain others --------------------------------------------------------------------------------

    def _containers(self, by_facility: Mapping[tuple[str, date, str], tuple[float, str]]) -> None:
        depth = {(row.hierarchy_code, row.level_code): row.depth for row in self.registry.area_levels}
        by_measure: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in self._reports:
            is_facility = isinstance(row["reporter"], str)
            is_spread = self.registry.measures[row["measure_code"]].annual_spread != "none"
            if is_facility and row["start"] == row["end"] and not is_spread:
                continue
            if is_facility:
                unit: Place = self._facilities[row["reporter"]].place
                size = (0, 0)
            else:
                tree, code = row["reporter"]
                unit = ("A", tree, code)
                # An old area lies in a new one, never the other way round.
                size = (9 - depth[tree, self.registry.areas[tree, code].level_code], 1 if tree == "63" else 2)
            length = len(months_from(row["start"], row["end"]))
            by_measure[row["measure_code"]].append(
                {**row, "unit": unit, "order": (length, size), "is_spread": is_spread, "length": length}
            )
        for measure_code, rows in by_measure.items():
            self._place_containers(measure_code, sorted(rows, key=lambda row: row["order"]), by_facility)

    def _place_containers(
        self,
        measure_code: str,
        rows: list[dict[str, Any]],
        by_facility: Mapping[tuple[str, date, str], tuple[float, str]],
    ) -> None:
        leaves = [
            (code, month, value) for (code, month, name), (value, _) in by_facility.items() if name == measure_code
        ]
        for position, row in enumerate(rows):
            inside = sum(
                value
                for code, month, value in leaves
                if row["start"] <= month <= row["end"] and self._holds(row, code, self._facilities[code].place)
            )
            for other in rows[:position]:
                if (
                    other["order"] < row["order"]
                    and other["is_additive"]
                    and _lasts(row, other)
                    and self._holds(row, other["reporter"], other["unit"])
                ):
                    inside += other["adds"]
            row["adds"] = max(0.0, row["value"] - inside)
            # Within a larger area that knows only a part of its time: neither holds the other.
            row["is_additive"] = not any(
                other["start"] <= row["end"]
                and row["start"] <= other["end"]
                and self._holds(other, row["reporter"], row["unit"])
                and not _lasts(other, row)
                and not (_lasts(row, other) and self._holds(row, other["reporter"], other["unit"]))
                for other in rows
            )
            unit = row["unit"] if row["is_additive"] else ("X", *row["unit"])
            if row["is_spread"]:
                self._spread(row, unit, measure_code)
                continue
            self.cells[unit, row["start"], row["end"], measure_code, row["source_code"]] += row["adds"]
            for name in ("units_expected", "units_included"):
                self.cells[unit, row["start"], row["end"], name, row["source_code"]] = 1.0

    def _holds(self, row: Mapping[str, Any], reporter: Any, unit: Place) -> bool:
        """Say whether a container's reporter is the other one, or an area that the other lies in."""
        if isinstance(row["reporter"], str):
            return bool(row["reporter"] == reporter)
        return row["reporter"] == reporter or tuple(row["reporter"]) in self._reached.of(unit)

    def _spread(self, row: Mapping[str, Any], unit: Place, measure_code: str) -> None:
        months = months_from(row["start"], row["end"])
        phase = int(hashlib.md5(":".join(unit).encode()).hexdigest()[:3], 16) / 4096
        given = 0.0
        for number, month in enumerate(months, 1):
            until = row["adds"] if number == len(months) else math.floor(row["adds"] * number / len(months) + phase)
            self.cells[unit, month, month, measure_code, row["source_code"]] += until - given
            given = until

    # -- what is made of reports --------------------------------------------------------------------------------------

    def _of_reports(self, by_facility: Mapping[tuple[str, date, str], tuple[float, str]]) -> None:
        for (code, month, measure_code), (value, source) in by_facility.items():
            for row in self.registry.unit_measures:
                if row.counted_measure_code == measure_code:
                    adds = {"reported": 1.0, "zero": float(value == 0), "sum": value}[row.condition]
                    self.cells[self._facilities[code].place, month, month, row.measure_code, source] += adds

    def _rolled_out(self) -> None:
        """Count doses and targets where and when a dose is offered."""
        offered: dict[str, list[tuple[Area, date, date, bool]]] = defaultdict(list)
        for row in self.registry.roll_outs:
            area = (row.hierarchy_code, row.area_code)
            offered[row.dose_code].append((area, row.valid_from, row.valid_to or date.max, False))
        targets = {
            measure.measure_code: measure.dose_code
            for measure in self.registry.measures.values()
            if measure.measure_kind == "target" and measure.dose_code
        }
        for report in self._reports:
            dose = targets.get(report["measure_code"])
            if dose and not isinstance(report["reporter"], str):
                span_end = add_months(report["end"], 1)
                offered[dose].append((tuple(report["reporter"]), report["start"], span_end, True))
        known = list(self.cells.items())
        for measure in self.registry.measures.values():
            is_target = measure.measure_code in targets
            if measure.measure_kind != "rollout_count" and not is_target:
                continue
            dose_row = self.registry.doses[measure.dose_code or ""]
            years = dose_row.coverage_age_limit_months // 12
            group = self.registry.target_groups[dose_row.target_group_code]
            counted = group.measure_code if is_target else f"doses_{dose_row.dose_code}_u{years}"
            for (unit, start, end, name, source), value in known:
                if name != counted:
                    continue
                here = [row for row in offered[dose_row.dose_code] if row[0] in self._reached.of(unit)]
                is_offered = any(since <= start and end < until for _, since, until, _ in here)
                has_own = any(own and since <= end and start < until for _, since, until, own in here)
                if is_offered and not (is_target and has_own):
                    self.cells[unit, start, end, measure.measure_code, source] += value

    # -- indicators -------------------------------------------------------------------------------------------------

    def _matched(self) -> None:
        grouped: dict[tuple[Place, date, date], dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
        for (unit, start, end, measure_code, source), value in self.cells.items():
            grouped[unit, start, end][measure_code][source] = value
        for indicator in self.registry.indicators.values():
            if indicator.missing_policy == "matched_units":
                terms = self.registry.terms_of(indicator.indicator_code)
                for place, found in list(grouped.items()):
                    self._match(indicator.indicator_code, terms, place, found)

    def _match(
        self,
        code: str,
        terms: Sequence[Term],
        where: tuple[Place, date, date],
        found: Mapping[str, Mapping[str, float]],
    ) -> None:
        """Add the parts of a place and month that has every measure of an indicator."""
        unit, start, end = where
        sources: set[str] = set()
        values = {}
        for term in terms:
            by_source = dict(found.get(term.measure_code, {}))
            if start == end and self.registry.measures[term.measure_code].measure_kind == "dose_count":
                # Whoever sends records sends none of a dose that was not given.
                by_source = dict.fromkeys(self._with_records.get((unit, start), ()), 0.0) | by_source
            if not by_source:
                return
            sources.update(by_source)
            values[term.measure_code] = sum(by_source.values())
        for role in ("numerator", "denominator"):
            self.cells[unit, start, end, f"{code}#{role}", one_source(sources)] = sum(
                term.weight * values[term.measure_code] for term in terms if term.term_role == role
            )
        self.cells[unit, start, end, f"{code}#included", one_source(sources)] = 1.0

    def _roll_up(self) -> None:
        summed: dict[tuple[Area, date, date, str, str], float] = defaultdict(float)
        for (unit, start, end, measure_code, source), value in self.cells.items():
            for area in self._reached.of(unit):
                summed[area, start, end, measure_code, source] += value
        for (area, start, end, measure_code, source), value in summed.items():
            self.areas.setdefault(area, {}).setdefault(measure_code, []).append((start, end, value, source))

    def periods(self) -> dict[tuple[str, str], tuple[date, date]]:
        """Return the first and last month of every period type and period."""
        found = {}
        for month in self.months:
            year, quarter = month.replace(month=1), month.replace(month=(month.month - 1) // 3 * 3 + 1)
            code = f"{month:%Y-%m}"
            found["month", code] = (month, month)
            found["quarter", f"{month.year}Q{quarter.month // 3 + 1}"] = (quarter, add_months(quarter, 2))
            found["ytd", code] = (year, month)
            found["year", str(month.year)] = (year, add_months(year, 11))
            found["rolling12", code] = (add_months(month, -11), month)
        return found

    def value(self, code: str, area: Area, first: date, last: date) -> Value | None:
        """Return one row of one indicator, or None when nothing of it was found."""
        indicator = self.registry.indicators[code]
        facts = self.areas.get(area, {})
        sources: set[str] = set()

        def summed(measure_code: str, offset_years: int = 0) -> float | None:
            start, end = add_months(first, 12 * offset_years), add_months(last, 12 * offset_years)
            inside = [row for row in facts.get(measure_code, ()) if start <= row[0] and row[1] <= end]
            sources.update(row[3] for row in inside)
            return sum(row[2] for row in inside) if inside else None

        is_matched = indicator.missing_policy == "matched_units"
        expected = summed("places_expected" if is_matched else "units_expected")
        included = summed(f"{code}#included" if is_matched else "units_included")
        has_records = not is_matched and bool(summed("units_with_records"))

        def part(term: Term) -> float | None:
            found = summed(term.measure_code, term.offset_years)
            is_dose = self.registry.measures[term.measure_code].measure_kind in {"dose_count", "rollout_count"}
            if found is None and is_dose and has_records:
                found = 0.0  # whoever sends records sends none of a dose that was not given
            return None if found is None else term.weight * found

        def side(role: str) -> float | None:
            terms = [term for term in self.registry.terms_of(code) if term.term_role == role]
            if is_matched:
                return summed(f"{code}#{role}") if terms else None
            parts = [part(term) for term in terms]
            return None if not parts or None in parts else sum(each for each in parts if each is not None)

        numerator, denominator = side("numerator"), side("denominator")
        if not sources:
            return None
        value = None
        if (indicator.missing_policy != "none" and not included) or numerator is None:
            status, numerator = "not_reported", None
        elif indicator.indicator_kind == "count":
            status, value = "value", indicator.multiplier * numerator
        elif denominator is None:
            status = "no_denominator"
        elif denominator == 0:
            status = "zero_denominator"
        else:
            status, value = "value", indicator.multiplier * numerator / denominator
        if status == "value":
            status = "calculated_partial" if (included or 0) < (expected or 0) else "calculated"
        return Value(numerator, denominator, value, int(included or 0), int(expected or 0), status, one_source(sources))


def with_denominators(registry: Registry) -> Registry:
    """Return the registry with each coverage over every other denominator of its group: `<code>@<denominator>`."""
    indicators, terms = dict(registry.indicators), list(registry.terms)
    for code, indicator in registry.indicators.items():
        own = [term for term in registry.terms_of(code) if term.term_role == "denominator"]
        if indicator.indicator_kind != "coverage" or indicator.missing_policy != "full_target" or len(own) != 1:
            continue
        if indicator.dose_code:
            groups = [registry.target_groups[registry.doses[indicator.dose_code].target_group_code]]
        else:
            groups = [row for row in registry.target_groups.values() if row.measure_code == own[0].measure_code]
        if len(groups) != 1 or groups[0].measure_code != own[0].measure_code:
            continue
        for row in registry.denominator_measures:
            if row.target_group_code == groups[0].target_group_code and row.measure_code != own[0].measure_code:
                name = f"{code}@{row.denominator_code}"
                indicators[name] = replace(indicator, indicator_code=name)
                terms += [
                    replace(term, indicator_code=name)
                    for term in registry.terms_of(code)
                    if term.term_role != "denominator"
                ]
                weight = round(row.weight * 2**20) / 2**20
                terms.append(Term(name, "denominator", row.measure_code, weight, row.offset_years))
    return replace(registry, indicators=indicators, terms=terms)


def distribution(registry: Registry, code: str, below: Mapping[str, Value]) -> tuple[float, float] | None:
    """Return numerator and denominator of an indicator of spread, from the values of the areas below an area."""
    row = registry.distributions[code]
    known = [
        (value.value, value.denominator, area, value.numerator)
        for area, value in below.items()
        if value.value is not None and value.denominator
    ]
    if not known:
        return None
    known.sort()
    if row.statistic == "share_at_least":
        return float(sum(value >= (row.parameter or 0) for value, *_ in known)), float(len(known))
    if row.statistic == "lowest_share":
        lowest = known[: max(1, math.floor(len(known) * (row.parameter or 0) / 100))]
        return sum(item[3] or 0 for item in lowest), sum(item[1] or 0 for item in lowest)
    multiplier = registry.indicators[row.base_indicator_code].multiplier
    overall = multiplier * sum(item[3] or 0 for item in known) / sum(item[1] or 0 for item in known)
    if row.statistic == "mean_difference":
        return sum(abs(value - overall) for value, *_ in known), float(len(known))
    return sum((item[1] or 0) * abs(item[0] - overall) for item in known), sum(item[1] or 0 for item in known)


class _Reach:
    """The areas of both trees that a unit counts in."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._found: dict[Place, set[Area]] = {}
        self._successors: dict[str, set[str]] = defaultdict(set)
        self._origins: dict[str, set[str]] = defaultdict(set)
        for change in registry.area_changes:
            if (change.from_hierarchy_code, change.to_hierarchy_code) == ("63", "34"):
                self._successors[change.from_code].add(change.to_code)
                self._origins[change.to_code].add(change.from_code)

    def of(self, unit: Place) -> set[Area]:
        if unit not in self._found:
            self._found[unit] = self._areas(unit)
        return self._found[unit]

    def _areas(self, unit: Place) -> set[Area]:
        if unit[0] == "C":
            return self._climb("63", unit[1]) | self._climb("34", unit[2])
        if unit[0] == "X":
            return {("63", unit[2]), ("34", unit[3])} if unit[1] == "C" else {(unit[2], unit[3])}
        _, tree, code = unit
        own = self._climb(tree, code)
        if tree == "34":
            # What all parts of a new commune have above them; a larger new area is certain to lie in the nation alone.
            is_commune = self._registry.areas[tree, code].level_code == "commune"
            above = [self._climb("63", part) - {("63", part)} for part in self._origins[code] if is_commune]
            return own | {("63", "VN")} | (set.intersection(*above) if above else set())
        if self._registry.areas[tree, code].level_code in {"nation", "region"}:
            return own | {("34", "VN")}
        while len(self._successors[code]) > 1:
            # Both parts of a split commune lie in what its province became, and nothing smaller is certain.
            code = next(above for _, above in own if self._registry.areas[tree, above].level_code == "province")
        return own | self._climb("34", *self._successors[code])

    def _climb(self, tree: str, code: str) -> set[Area]:
        found = set()
        step: str | None = code
        while step is not None:
            found.add((tree, step))
            step = self._registry.areas[tree, step].parent_code
        return found


def _lasts(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether the time of a report holds that of the other."""
    return bool(row["start"] <= other["start"] and other["end"] <= row["end"])


def one_source(sources: set[str]) -> str:
    """Return the only source, or `mixed`."""
    return min(sources) if len(sources) == 1 else "mixed"


def completed_months(birth: date, day: date) -> int:
    """Return completed months of age; a month without the day of birth is over on the first of the next."""
    return (day.year - birth.year) * 12 + day.month - birth.month - (day.day < birth.day)


def add_months(first: date, months: int) -> date:
    """Return the first day of the month so many months later."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def months_from(first: date, last: date) -> list[date]:
    """Return the first days of all months from one to another."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [add_months(first, step) for step in range(count)]


def span(period: str) -> tuple[date, date]:
    """Return the first and last month of `2024-03`, `2024Q1` or `2024`."""
    year = int(period[:4])
    if len(period) == 4:
        return date(year, 1, 1), date(year, 12, 1)
    if period[4] == "Q":
        return date(year, int(period[5]) * 3 - 2, 1), date(year, int(period[5]) * 3, 1)
    month = date(year, int(period[5:]), 1)
    return month, month


def _version(submitted_at: datetime | None, last_month: date) -> datetime:
    if submitted_at is not None:
        return submitted_at
    return datetime.combine(add_months(last_month, 1), datetime.min.time()) - timedelta(seconds=1)


def values_of(
    oracle: Oracle, codes: Iterable[str], areas: Iterable[Area]
) -> dict[tuple[str, str, str, str, str], Value]:
    """Return the rows of indicators and areas by tree, area, period type, period and indicator."""
    found = {}
    periods = oracle.periods()
    chosen = list(codes)
    for tree, code in areas:
        for (period_type, period), (first, last) in periods.items():
            for indicator in chosen:
                value = oracle.value(indicator, (tree, code), first, last)
                if value is not None:
                    found[tree, code, period_type, period, indicator] = value
    return found
