"""Periods written 2024, 2024Q1 or 2024-03: their months, and which longer periods a file gives whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

PATTERN = r"[1-9][0-9]{3}(-(0[1-9]|1[0-2])|Q[1-4])?"
MONTH, QUARTER, YEAR = 1, 3, 12


@dataclass(frozen=True, order=True)
class Period:
    """A period: how it is written, its first and last month (first days), and how many months it has."""

    text: str
    start: date
    end: date
    span_months: int

    def months(self) -> list[date]:
        """Return the first day of each of its months."""
        return [date(self.start.year, self.start.month + number, 1) for number in range(self.span_months)]


def parse(text: str) -> Period:
    """Return the period of a text that matches PATTERN."""
    if not re.fullmatch(PATTERN, text):
        raise ValueError(f"'{text}' is no period")
    year, rest = int(text[:4]), text[4:]
    if not rest:
        return _period(text, year, 1, YEAR)
    if rest.startswith("Q"):
        return _period(text, year, 3 * int(rest[1]) - 2, QUARTER)
    return _period(text, year, int(rest[1:]), MONTH)


def with_whole_longer_ones(texts: Iterable[str]) -> list[Period]:
    """Return the periods, and each quarter and year whose months all lie in shorter ones of them."""
    given = {parse(text) for text in texts}
    months = {month for period in given for month in period.months() if period.span_months == MONTH}
    quarters = {month for period in given for month in period.months() if period.span_months <= QUARTER}
    wider = {_period(f"{month.year}Q{(month.month + 2) // 3}", month.year, (month.month - 1) // 3 * 3 + 1, QUARTER)
             for month in months}  # fmt: skip
    whole = {period for period in wider if months.issuperset(period.months())}
    years = {_period(f"{month.year}", month.year, 1, YEAR) for month in quarters}
    whole |= {period for period in years if quarters.issuperset(period.months())}
    return sorted(given | whole)


def _period(text: str, year: int, month: int, span_months: int) -> Period:
    return Period(text, date(year, month, 1), date(year, month + span_months - 1, 1), span_months)
