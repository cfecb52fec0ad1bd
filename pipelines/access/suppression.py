"""Small counts of persons are hidden in what leaves an area: which cells, so that no difference gives one away. Pure.

A table is an area, what lies directly below it, and the months of a year or the year. Of each quantity a `part` of a
whole (vaccinated of a target) is counted; the rest is a count of persons too. A count is *small* when it lies between 1
and `smallest - 1`. Hidden are, of everything that counts the same part:

1. *primary*: every area with a small count; and all that lies below a hidden area;
2. *complementary*: of the areas beside them the least, until whoever subtracts the others from the sum that is shown is
   left with an interval at least `smallest` wide for every small count, even when he knows each whole; or all of them,
   which always leaves one, because the sum is not small itself.

The months of a year are decided together, and with quarters, years to date and twelve months in a row: where a month is
small, they are hidden and only whole years stay. A year is decided by its own sums. Where the months are hidden and the
year is shown, months are known by two sums (over areas, over months); then the interval must come from an exchange
between two areas and two months, which changes neither, else the year is hidden too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Quantity:
    """What is counted of one area in some periods: the part, and the rest of the whole.

    `rest` is infinite where the whole is no number of persons, or is hidden itself.
    """

    part: Counts
    rest: Counts

    def is_small(self, smallest: float) -> NDArray[np.bool_]:
        """Say of which periods the part or the rest is small."""
        return _small(self.part, smallest) | _small(self.rest, smallest)


@dataclass(frozen=True)
class Family:
    """What lies directly below one area: of each area several quantities by month and by year, in the same order."""

    areas: Sequence[str]
    months: Mapping[str, Sequence[Quantity]]
    years: Mapping[str, Sequence[Quantity]]


@dataclass(frozen=True)
class Hidden:
    """The areas of a family whose months are hidden, and those whose year is: each year is hidden in the months too."""

    months: frozenset[str]
    years: frozenset[str]


def hidden_in(family: Family, smallest: float, *, above: Hidden, parent: str, year_is_over: bool = True) -> Hidden:
    """Return what is hidden of a family. `above` says what is hidden of its parent's own family.

    A year that is not over is hidden like a month, because its next month would be the difference of two releases.
    """
    years = _hidden(family.areas, family.years, smallest, is_parent_hidden=parent in above.years)
    if not year_is_over:
        months = _hidden(family.areas, _joined(family), smallest, is_parent_hidden=parent in above.months, first=years)
        return Hidden(months, months)
    months = _hidden(family.areas, family.months, smallest, is_parent_hidden=parent in above.months, first=years)
    if months - years and not _exchange(family, months, smallest):
        # Both sums are known and leave too little between them: the years of the whole family go.
        return Hidden(frozenset(family.areas), frozenset(family.areas))
    return Hidden(months, years)


def _hidden(
    areas: Sequence[str],
    quantities: Mapping[str, Sequence[Quantity]],
    smallest: float,
    *,
    is_parent_hidden: bool,
    first: frozenset[str] = frozenset(),
) -> frozenset[str]:
    if is_parent_hidden:
        return frozenset(areas)
    hidden = set(first)
    for area in areas:
        if any(quantity.is_small(smallest).any() for quantity in quantities[area]):
            hidden.add(area)
    if not hidden:
        return frozenset()
    # The least first: what is taken along should cost little. Equal ones by their code, so that the choice is the same.
    others = sorted(
        (area for area in areas if area not in hidden),
        key=lambda area: (sum(float(quantity.part.sum()) for quantity in quantities[area]), area),
    )
    while others and not _is_wide(sorted(hidden), quantities, smallest):
        hidden.add(others.pop(0))
    return frozenset(hidden)


def _is_wide(hidden: Sequence[str], quantities: Mapping[str, Sequence[Quantity]], smallest: float) -> bool:
    """Say whether each small count of hidden areas keeps its interval when their sum is known, and each whole."""
    if len(hidden) < 2:
        return False
    for index in range(len(quantities[hidden[0]])):
        part = np.stack([quantities[area][index].part for area in hidden])
        rest = np.stack([quantities[area][index].rest for area in hidden])
        up, down = np.minimum(rest, _of_others(part)), np.minimum(part, _of_others(rest))
        small = _small(part, smallest) | _small(rest, smallest)
        if ((up + down)[small] < smallest).any():
            return False
    return True


def _of_others(counts: Counts) -> Counts:
    """Return for each area what the others have together."""
    return np.stack([np.delete(counts, row, axis=0).sum(axis=0) for row in range(counts.shape[0])])


def _exchange(family: Family, hidden: frozenset[str], smallest: float) -> bool:
    """Say whether each small month keeps its interval although the sums over areas and over months are both known."""
    areas = sorted(hidden)
    if len(areas) < 2:
        return False
    for index in range(len(family.months[areas[0]])):
        part = np.stack([family.months[area][index].part for area in areas])
        rest = np.stack([family.months[area][index].rest for area in areas])
        for row, month in np.argwhere(_small(part, smallest) | _small(rest, smallest)):
            rows = np.delete(np.arange(part.shape[0]), row)
            months = np.delete(np.arange(part.shape[1]), month)
            beside, across = np.ix_(rows, [month]), np.ix_(rows, months)
            up = _least(rest[row, month], part[beside], part[row, months][None, :], rest[across])
            down = _least(part[row, month], rest[beside], rest[row, months][None, :], part[across])
            if up + down < smallest:
                return False
    return True


def _least(own: float, beside: Counts, along: Counts, across: Counts) -> float:
    """Return by how much a count can move through the best of the exchanges."""
    moved = np.minimum(np.minimum(np.minimum(beside, along), across), own)
    return float(moved.max()) if moved.size else 0.0


def _small(counts: Counts, smallest: float) -> NDArray[np.bool_]:
    return np.asarray((counts > 0) & (counts < smallest))


def _joined(family: Family) -> dict[str, list[Quantity]]:
    """Return the quantities of months and year side by side."""
    return {
        area: [
            Quantity(np.append(month.part, year.part), np.append(month.rest, year.rest))
            for month, year in zip(family.months[area], family.years[area], strict=True)
        ]
        for area in family.areas
    }
