"""Indicators over a user's own files, worked out again in plain Python from docs/how_to/compute_indicators.md.

Shares no code with the command and knows nothing of SQL. Months are whole numbers (12 x year + month - 1), and numbers
are fractions, so that nothing is rounded before the last division.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

Answer = tuple[float | None, float | None, float | None, str]
Months = tuple[int, int]


@dataclass(frozen=True)
class Term:
    """A line of the file of indicators."""

    indicator: str
    role: str
    measure: str
    weight: float = 1.0
    multiplier: float = 1.0
    policy: str = "full_target"
    spread: str = "none"
    offset: int = 0


@dataclass
class Part:
    """What a report adds: all of it, or what its parts leave."""

    area: str
    measure: str
    months: Months
    reported: Fraction
    adds: Fraction = Fraction(0)
    is_additive: bool = True
    is_explained: bool = False  # by its parts, to the last


def months_of(period: str) -> Months:
    """Return the first and the last month of a period."""
    first = 12 * int(period[:4])
    if "Q" in period:
        first += 3 * int(period[-1]) - 3
        return first, first + 2
    if "-" in period:
        return (first + int(period[-2:]) - 1,) * 2
    return first, first + 11


def all_periods(given: Iterable[str]) -> set[str]:
    """Return the periods and the longer ones that they make whole."""
    found = set(given)
    months = {months_of(period)[0] for period in found if "-" in period}
    for year in {int(period[:4]) for period in found}:
        quarters = {f"{year}Q{number}" for number in range(1, 5)}
        whole = set()
        for quarter in quarters:
            first, last = months_of(quarter)
            if set(range(first, last + 1)) <= months:
                whole.add(quarter)
        found |= whole
        if quarters <= found:
            found.add(str(year))
    return found


class Oracle:
    """Every value of a computation."""

    def __init__(
        self,
        parents: Mapping[str, str | None],
        values: Mapping[tuple[str, str, str], Fraction | None],
        terms: Sequence[Term],
    ) -> None:
        self._above = {area: self._climb(parents, area) for area in parents}
        self._lowest = [area for area in parents if area not in parents.values()]
        self._terms: dict[str, list[Term]] = defaultdict(list)
        for term in terms:
            self._terms[term.indicator].append(term)
        self._spread = {term.measure: term.spread for term in terms}
        self._parts: dict[str, list[Part]] = defaultdict(list)
        for (area, period, measure), value in values.items():
            if value is not None and measure in self._spread:
                self._parts[measure].append(Part(area, measure, months_of(period), value))
        for measure in self._parts:
            self._place(self._parts[measure])
        self._cells = {measure: self._months(parts) for measure, parts in self._parts.items()}
        self._periods = all_periods(period for _, period, _ in values)

    def answers(self) -> dict[tuple[str, str, str], Answer]:
        """Return numerator, denominator, value and status by area, period and indicator."""
        return {
            (area, period, code): self._answer(area, months_of(period), code)
            for area in self._above
            for period in self._periods
            for code in self._terms
        }

    @staticmethod
    def _climb(parents: Mapping[str, str | None], area: str) -> list[str]:
        found = [area]
        while (parent := parents[found[-1]]) is not None:
            found.append(parent)
        return found

    def _place(self, parts: list[Part]) -> None:
        parts.sort(key=lambda part: (part.months[1] - part.months[0], -len(self._above[part.area])))
        for number, part in enumerate(parts):
            touching = [other for other in parts if other is not part and _touch(other.months, part.months)]
            part.is_additive = not any(
                other.area in self._above[part.area]
                and not _within(part.months, other.months)
                and not (_within(other.months, part.months) and part.area in self._above[other.area])
                for other in touching
            )
            inside = [
                other
                for other in parts[:number]
                if other.is_additive and _within(other.months, part.months) and part.area in self._above[other.area]
            ]
            explained = sum((other.adds for other in inside), Fraction(0))
            part.adds = max(Fraction(0), part.reported - explained) if inside else part.reported
            part.is_explained = bool(inside) and part.adds == 0

    def _months(self, parts: list[Part]) -> list[Part]:
        """Return the parts with those that are spread cut into months."""
        found = []
        for part in parts:
            if self._spread[part.measure] == "none":
                found.append(part)
                continue
            first, last = part.months
            count = last - first + 1
            phase = Fraction(int(hashlib.md5(part.area.encode()).hexdigest()[:3], 16), 4096)
            marks = [Fraction(math.floor(part.adds * number / count + phase)) for number in range(count)]
            marks.append(part.adds)
            for number in range(count):
                month, share = first + number, marks[number + 1] - marks[number]
                found.append(
                    Part(part.area, part.measure, (month, month), share, share, part.is_additive, part.is_explained)
                )
        return found

    def _counts_in(self, part: Part, area: str) -> bool:
        return area == part.area or (part.is_additive and area in self._above[part.area])

    def _found(self, term: Term, months: Months) -> list[Part]:
        """Return the parts of a term in a period: those that lie in it as a whole."""
        shifted = (months[0] + 12 * term.offset, months[1] + 12 * term.offset)
        return [part for part in self._cells.get(term.measure, ()) if _within(part.months, shifted)]

    def _answer(self, area: str, months: Months, code: str) -> Answer:
        terms = self._terms[code]
        found = {
            number: [part for part in self._found(term, months) if self._counts_in(part, area)]
            for number, term in enumerate(terms)
        }
        has_denominator = any(term.role == "denominator" for term in terms)
        both = all(found.values())
        matched = None
        if terms[0].policy == "matched_units" and has_denominator:
            matched = self._matched(area, months, terms)
        sides: dict[str, float | None] = {}
        for role in ("numerator", "denominator"):
            own = [number for number, term in enumerate(terms) if term.role == role]
            chosen = matched or found
            complete = bool(own) and all(chosen[number] for number in own)
            if matched is None and terms[0].policy == "matched_units" and both and role == "denominator":
                complete = False
            sides[role] = (
                sum(terms[number].weight * float(sum(part.adds for part in chosen[number])) for number in own)
                if complete
                else None
            )
        numerator, denominator = sides["numerator"], sides["denominator"]
        multiplier = next(term.multiplier for term in terms)
        if numerator is None:
            return None, denominator, None, "not_reported"
        status = "calculated" if self._is_covered(area, months, terms) else "calculated_partial"
        if not has_denominator:
            return numerator, None, multiplier * numerator, status
        if denominator is None:
            return numerator, None, None, "no_denominator"
        if denominator == 0:
            return numerator, denominator, None, "zero_denominator"
        return numerator, denominator, multiplier * numerator / denominator, status

    def _matched(self, area: str, months: Months, terms: list[Term]) -> dict[int, list[Part]] | None:
        """Return the parts of places that have every term, or None when there is no such place in the area."""
        parts = [
            (number, part)
            for number, term in enumerate(terms)
            for part in self._found(term, months)
            if not part.is_explained
        ]
        if not parts:
            return None
        grain = max(part.months[1] - part.months[0] + 1 for _, part in parts)
        cells: dict[tuple[str, int], dict[int, list[Part]]] = defaultdict(lambda: defaultdict(list))
        for number, part in parts:
            start = part.months[0] - 12 * terms[number].offset - months[0]
            cells[part.area, start // grain][number].append(part)
        entry: dict[tuple[str, int], str] = {}
        for (place, bucket), own in cells.items():
            climbs = all(part.is_additive for row in own.values() for part in row)
            for above in self._above[place] if climbs else [place]:
                other = cells.get((above, bucket))
                if other is not None and len({*own, *other}) == len(terms):
                    entry[place, bucket] = above
                    break
        for (place, bucket), above in list(entry.items()):
            if above != place:
                entry[above, bucket] = above
        chosen: dict[int, list[Part]] = defaultdict(list)
        for key, above in entry.items():
            climbs = all(part.is_additive for row in cells[key].values() for part in row)
            if above == area or (climbs and area in self._above[above]):
                for number, row in cells[key].items():
                    chosen[number] += row
        return chosen or None

    def _is_covered(self, area: str, months: Months, terms: list[Term]) -> bool:
        for term in terms:
            for lowest in self._lowest:
                if area not in self._above[lowest]:
                    continue
                for month in range(months[0], months[1] + 1):
                    if not self._is_in(lowest, month + 12 * term.offset, area, months, term):
                        return False
        return True

    def _is_in(self, lowest: str, month: int, area: str, months: Months, term: Term) -> bool:
        shifted = (months[0] + 12 * term.offset, months[1] + 12 * term.offset)
        return any(
            part.area in self._above[lowest]
            and area in self._above[part.area]
            and part.months[0] <= month <= part.months[1]
            and (self._spread[term.measure] != "none" or _within(part.months, shifted))
            and (part.is_additive or part.area == area)
            for part in self._parts.get(term.measure, ())
        )


def _touch(one: Months, other: Months) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _within(one: Months, other: Months) -> bool:
    return other[0] <= one[0] and one[1] <= other[1]
