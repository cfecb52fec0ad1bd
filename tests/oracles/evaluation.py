"""The rules of evaluation a second time, one dose after the other, with nothing but `datetime`.

Written from docs/decisions/0005-valid-doses.md; shares no code with the macros.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = {"year": 12, "month": 1}
_DAYS = {"week": 7, "day": 1}
Ages = tuple[str | None, str | None]


@dataclass(frozen=True)
class Given:
    """A dose as it was given."""

    person: str
    birth: date
    series: str
    key: str
    day: date
    sequence: int | None = None
    product: str | None = None
    death: date | None = None


@dataclass(frozen=True)
class Rule:
    """A dose of the schedule; ages and intervals are text."""

    series: str
    number: int
    minimum_age: str | None = None
    maximum_age: str | None = None
    minimum_interval: str | None = None
    minimum_interval_from_first: str | None = None
    not_needed_from_age: str | None = None
    products: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Verdict:
    """What became of a dose."""

    status: str
    reason: str
    number: int | None
    age_days: int
    interval_days: int | None


def after(day: date, text: str) -> date:
    """Return the day on which `text` has passed since `day`."""
    months = days = 0
    sign = 1
    for word in re.findall(r"[-+]|\d+|[a-z]+", text):
        if word in "+-":
            sign = 1 if word == "+" else -1
        elif word.isdigit():
            amount = sign * int(word)
        else:
            unit = word.removesuffix("s")
            months += amount * _MONTHS.get(unit, 0)
            days += amount * _DAYS.get(unit, 0)
            sign = 1
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        reached = date(year, month + 1, day.day)
    except ValueError:  # that month has no such day
        reached = date(year + (month == 11), 1 if month == 11 else month + 2, 1)
    return reached + timedelta(days=days)


def verdicts(
    doses: Iterable[Given],
    rules: Iterable[Rule],
    grace: int = 0,
    products: Mapping[str, Ages] | None = None,
) -> dict[str, Verdict]:
    """Return the verdict of every dose by its key; `products` gives the minimum and maximum age of a product."""
    histories: dict[tuple[str, str], list[Given]] = {}
    for dose in doses:
        histories.setdefault((dose.person, dose.series), []).append(dose)
    by_series: dict[str, list[Rule]] = {}
    for rule in rules:
        by_series.setdefault(rule.series, []).append(rule)
    found: dict[str, Verdict] = {}
    for (_, series), history in histories.items():
        history.sort(key=lambda dose: (dose.day, dose.sequence is None, dose.sequence or 0, dose.key))
        known = by_series.get(series)
        found |= _history(history, known, timedelta(days=grace), products or {})
    return found


def _history(
    history: Sequence[Given], known: Sequence[Rule] | None, grace: timedelta, products: Mapping[str, Ages]
) -> Mapping[str, Verdict]:
    birth = history[0].birth
    rules = {
        rule.number: rule
        for rule in known or []
        if (rule.valid_from is None or rule.valid_from <= birth) and (rule.valid_to is None or birth < rule.valid_to)
    }
    found: dict[str, Verdict] = {}
    number, last_number, valid_days = 1, 0, []
    for dose in history:
        age_days = (dose.day - birth).days
        reason = _exclusion(dose, known, rules)
        if reason:
            found[dose.key] = Verdict("invalid", reason, None, age_days, None)
            continue
        interval = (dose.day - valid_days[-1]).days if valid_days else None
        while number in rules and _is_past(birth, rules[number].not_needed_from_age, dose.day):
            number += 1
        if number not in rules:
            reason = "series_complete" if last_number == max(rules) else "not_needed_at_age"
            reason = "extra_same_day" if interval == 0 else reason
            found[dose.key] = Verdict("extra", reason, None, age_days, interval)
            continue
        faults = _faults(dose, rules[number], valid_days, grace, products.get(dose.product or "", (None, None)))
        reason = next((name for name, is_so in faults.items() if is_so), None)
        if reason:
            found[dose.key] = Verdict("invalid", reason, None, age_days, interval)
            continue
        found[dose.key] = Verdict("valid", "valid", number, age_days, interval)
        valid_days.append(dose.day)
        last_number, number = number, number + 1
    return found


def _exclusion(dose: Given, known: Sequence[Rule] | None, rules: Mapping[int, Rule]) -> str | None:
    """Return why a dose is told apart before any is counted."""
    if dose.day < dose.birth:
        return "before_birth"
    if dose.death and dose.day > dose.death:
        return "after_death"
    if known is None:
        return "series_unknown"
    return None if 1 in rules else "no_schedule_for_birth_date"


def _faults(dose: Given, rule: Rule, valid_days: Sequence[date], grace: timedelta, ages: Ages) -> dict[str, bool]:
    """Return every fault of a dose as `rule`, the first to be named first."""
    youngest, oldest = ages
    last, first = (valid_days[-1], valid_days[0]) if valid_days else (None, None)
    return {
        "same_day": dose.day == last,
        "wrong_product": bool(rule.products and dose.product and dose.product not in rule.products),
        "wrong_product_for_age": _is_before(dose.birth, youngest, grace, dose)
        or _is_past(dose.birth, oldest, dose.day),
        "too_old": _is_past(dose.birth, rule.maximum_age, dose.day),
        "too_early": _is_before(dose.birth, rule.minimum_age, grace, dose),
        "interval_too_short": _is_before(last, rule.minimum_interval, grace, dose),
        "interval_from_first_too_short": _is_before(first, rule.minimum_interval_from_first, grace, dose),
    }


def _is_before(since: date | None, text: str | None, grace: timedelta, dose: Given) -> bool:
    return since is not None and text is not None and dose.day < after(since, text) - grace


def _is_past(birth: date, age: str | None, day: date) -> bool:
    return age is not None and day >= after(birth, age)
