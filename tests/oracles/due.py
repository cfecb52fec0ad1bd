"""Where a person stands in a series on a day, worked out in plain Python from the rules of docs/architecture.md."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from pipelines.reference import Registry

DAYS = {"week": 7, "day": 1}
MONTHS = {"year": 12, "month": 1}


def later(day: date, text: str | None) -> date | None:
    """Return the day on which an age such as `12 months 14 days` has passed since `day`."""
    if text is None:
        return None
    parts = [(int(number), unit) for number, unit in re.findall(r"(\d+) (year|month|week|day)s?", text)]
    index = day.year * 12 + day.month - 1 + sum(number * MONTHS.get(unit, 0) for number, unit in parts)
    try:
        reached = date(index // 12, index % 12 + 1, day.day)
    except ValueError:  # the month has no such day: the first of the next
        reached = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return reached + timedelta(days=sum(number * DAYS.get(unit, 0) for number, unit in parts))


def series_state(registry: Registry, person: Any, series: str, day: date) -> tuple[Any, ...] | None:
    """Return state, next dose, earliest and recommended date and days overdue; None when nothing is asked."""
    if person.born > day:
        return None
    planned = {
        registry.doses[row.dose_code].dose_number: row
        for row in registry.schedule_doses
        if registry.doses[row.dose_code].series_code == series
        and row.valid_from <= person.born < (row.valid_to or date.max)
    }
    given = [dose for dose in person.doses if dose.series == series and dose.on <= day and dose.is_confirmed]
    valid = [dose for dose in given if dose.number]
    if 1 not in planned or (planned[1].scope == "partial" and not valid):
        return None
    done = max((dose.number for dose in valid), default=0)
    row = planned.get(done + 1)
    if row is not None and row.scope == "partial" and not (done in planned and planned[done].scope == "partial"):
        row = None
    dates: list[date | None] = [None, None]
    if row is not None:
        by_age = later(person.born, row.minimum_age)
        after = later(max(dose.on for dose in valid), row.minimum_interval) if valid else None
        dates[0] = max(item for item in (by_age, after) if item)
        dates[1] = max(item for item in (later(person.born, row.recommended_age), dates[0]) if item)
    state = _state(registry, person, series, day, row, dates, given)
    late = (day - dates[1]).days if dates[1] and state in {"due", "overdue"} else None
    return state, row.dose_code if row else None, *dates, late


def _state(
    registry: Registry, person: Any, series: str, day: date, row: Any, dates: list[Any], given: list[Any]
) -> str:
    if person.died and person.died <= day:
        return "dead"
    if row is None:
        return "complete"
    limits = [later(person.born, row.maximum_age)]
    if row.dose_code in registry.catch_up_limits:
        limits.append(later(person.born, registry.catch_up_limits[row.dose_code].catch_up_age))
    last = min((limit for limit in limits if limit), default=date.max)
    if last <= day or last <= dates[0]:
        return "too_old"
    products = {way.product_code for way in registry.product_series if way.series_code == series}
    decided = [item for item in person.decisions if item.product in products and item.status >= 3 and item.on <= day]
    if decided:
        newest = min(decided, key=lambda item: (-item.on.toordinal(), item.status))
        state = next(state for state in registry.due_states.values() if state.dose_status == str(newest.status))
        until = later(newest.on, state.span) or date.max
        if all(dose.on < newest.on for dose in given) and day < until:
            return state.state_code
    overdue_from = later(dates[1], registry.due_states["overdue"].span)
    if overdue_from is not None and overdue_from <= day:
        return "overdue"
    return "due" if dates[1] <= day else "upcoming"
