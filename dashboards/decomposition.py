"""Which parts of an area a number's change or gap comes from: pure arithmetic over numerators and denominators.

A ratio of sums R = sum(n) / sum(d) is the mean of its parts' rates r = n / d under their weights w = d / sum(d). Its
change is decomposed as by Kitagawa (E. M. Kitagawa, "Components of a difference between two rates", Journal of the
American Statistical Association 50 (1955), 1168-1194):

    rate effect   (w0 + w1) / 2 * (r1 - r0)               the part itself became better or worse
    mix effect    ((r0 + r1) / 2 - (R0 + R1) / 2) * (w1 - w0)   the part weighs more or less than before

The rates in the mix are taken from the mean of the whole, so that a part that only grew counts for what it differs from
the others; weights sum to 1 in both periods, so this moves nothing in the sum. Rate and mix effects of all parts add up
to the change. What the whole has beyond its parts (a report of its own) is a part too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Fraction:
    """What is divided: a numerator and a denominator (None where the indicator is a count)."""

    numerator: float
    denominator: float | None


@dataclass(frozen=True)
class Change:
    """What one part adds to the change of the whole, in the indicator's unit."""

    part: str | None  # None is what the whole has beyond its parts
    before: Fraction
    now: Fraction
    rate_effect: float
    mix_effect: float

    @property
    def contribution(self) -> float:
        """Both effects together."""
        return self.rate_effect + self.mix_effect


@dataclass(frozen=True)
class Gap:
    """What one part adds to the distance of the whole from a goal, in the indicator's unit.

    `missing` is the same in the numerator's unit (children, doses): what the part lacks to reach the goal itself;
    negative where it is past the goal.
    """

    part: str | None
    now: Fraction
    missing: float
    contribution: float


_NOTHING = Fraction(0.0, 0.0)


def change_of(
    whole: tuple[Fraction, Fraction],
    before: Mapping[str, Fraction],
    now: Mapping[str, Fraction],
    multiplier: float,
) -> list[Change]:
    """Return what each part adds to the change of the whole (before, now), the largest first.

    The sum of contributions is the change. A part without a denominator in one of the periods has no rate to compare:
    all that it adds is mix. Empty when the whole has a denominator of zero in a period.
    """
    totals = [fraction.denominator for fraction in whole]
    is_count = totals[0] is None or totals[1] is None
    if not is_count and 0 in totals:
        return []
    earlier, later = _with_rest(whole[0], before), _with_rest(whole[1], now)
    found = []
    for part in sorted(earlier.keys() | later.keys(), key=lambda code: code or ""):
        old, new = earlier.get(part, _NOTHING), later.get(part, _NOTHING)
        if is_count:
            effects = (multiplier * (new.numerator - old.numerator), 0.0)
        else:
            effects = _effects(whole, old, new, multiplier)
        found.append(Change(part, old, new, *effects))
    return sorted(found, key=lambda change: -abs(change.contribution))


def gap_to(
    goal: float, whole: Fraction, parts: Mapping[str, Fraction], multiplier: float, *, is_less_better: bool
) -> list[Gap]:
    """Return what each part adds to the distance from a goal in the indicator's unit, what lacks most first.

    The sum of contributions is `goal - value`, or `value - goal` where less is better. Empty for a count, and when
    there is nothing to divide by.
    """
    if not whole.denominator:
        return []
    sign = -1.0 if is_less_better else 1.0
    found = []
    for part, fraction in _with_rest(whole, parts).items():
        missing = sign * (goal / multiplier * (fraction.denominator or 0.0) - fraction.numerator)
        found.append(Gap(part, fraction, missing, multiplier * missing / whole.denominator))
    return sorted(found, key=lambda gap: (-gap.contribution, gap.part or ""))


def _effects(
    whole: tuple[Fraction, Fraction], before: Fraction, now: Fraction, multiplier: float
) -> tuple[float, float]:
    """Return the rate and the mix effect of a part; see the module for the formula."""
    totals = [fraction.denominator or 0.0 for fraction in whole]
    mean = sum(fraction.numerator / total for fraction, total in zip(whole, totals, strict=True)) / 2
    denominators = (before.denominator or 0.0, now.denominator or 0.0)
    weights = [denominator / total for denominator, total in zip(denominators, totals, strict=True)]
    added = now.numerator / totals[1] - before.numerator / totals[0] - mean * (weights[1] - weights[0])
    rate = 0.0
    if denominators[0] and denominators[1]:
        rates = (before.numerator / denominators[0], now.numerator / denominators[1])
        rate = (weights[0] + weights[1]) / 2 * (rates[1] - rates[0])
    return multiplier * rate, multiplier * (added - rate)


def _with_rest(whole: Fraction, parts: Mapping[str, Fraction]) -> dict[str | None, Fraction]:
    """Add what the whole has beyond its parts, where that is anything."""
    rest = Fraction(
        whole.numerator - sum(part.numerator for part in parts.values()),
        (whole.denominator or 0.0) - sum(part.denominator or 0.0 for part in parts.values()),
    )
    completed: dict[str | None, Fraction] = dict(parts.items())
    if rest.numerator or rest.denominator:
        completed[None] = rest
    return completed
