"""Numbers, dates and periods in the reader's language: 1.234,5 and 24/11/2026, or 1,234.5 and 24 Nov 2026."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_decimal

LANGUAGES = ("vi", "en")
NOTHING = "–"
_MINUS = "−"
_TO_VIET_NAM = timedelta(hours=7)


def number(value: float | None, language: str, decimals: int = 0) -> str:
    """Return a number with the language's separators, or a dash when there is none."""
    if value is None:
        return NOTHING
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    # -0.04 is shown as 0.0: a sign before nothing says what is not there.
    rounded = round(value, decimals) + 0.0
    return format_decimal(rounded, pattern, locale=language).replace("-", _MINUS)


def in_unit(value: float | None, unit: str, language: str, decimals: int) -> str:
    """Return a value with its unit's sign: per cent are 0-100."""
    text = number(value, language, decimals)
    return f"{text}%" if unit == "percent" and value is not None else text


def signed(value: float, language: str, decimals: int) -> str:
    """Return a difference with its sign."""
    text = number(value, language, decimals)
    return f"+{text}" if round(value, decimals) > 0 else text


def day(value: date | None, language: str) -> str:
    """Return a date: 24/11/2026 or 24 Nov 2026."""
    if value is None:
        return NOTHING
    return format_date(value, "dd/MM/yyyy" if language == "vi" else "d MMM yyyy", locale=language)


def moment(value: datetime | None, language: str) -> str:
    """Return a time of Viet Nam, to the minute."""
    return NOTHING if value is None else f"{day(value.date(), language)} {value:%H:%M}"


def viet_nam_time(value: datetime) -> datetime:
    """Return a UTC time as Viet Nam's clock shows it, without a zone."""
    return value + _TO_VIET_NAM


def viet_nam_now() -> datetime:
    """Return what Viet Nam's clock shows, without a zone."""
    return viet_nam_time(datetime.now(UTC).replace(tzinfo=None))


def moment_of_utc(value: datetime, language: str) -> str:
    """Return a UTC time as Viet Nam's clock shows it."""
    return moment(viet_nam_time(value), language)


def date_pattern(language: str) -> str:
    """Return the date pattern of tables and spreadsheets."""
    return "dd/mm/yyyy" if language == "vi" else "d mmm yyyy"


@lru_cache(maxsize=4096)
def period(code: str, period_type: str, language: str) -> str:
    """Return a period in words: `Tháng 3/2024`, `Quý 1/2024`, `3 tháng đầu năm 2024`, `12 tháng đến 3/2024`.

    Raises ValueError when the code is not one of the type.
    """
    vi = language == "vi"
    if period_type == "year" and re.fullmatch(r"\d{4}", code):
        return f"Năm {code}" if vi else code
    if period_type == "quarter" and (found := re.fullmatch(r"(\d{4})Q([1-4])", code)):
        return f"Quý {found[2]}/{found[1]}" if vi else f"Q{found[2]} {found[1]}"
    if period_type in ("month", "ytd", "rolling12") and (found := re.fullmatch(r"(\d{4})-(\d\d)", code)):
        last = date(int(found[1]), int(found[2]), 1)
        month = f"{last.month}/{last.year}" if vi else format_date(last, "MMM yyyy", locale="en")
        return {
            "month": f"Tháng {month}" if vi else month,
            "ytd": f"{last.month} tháng đầu năm {last.year}" if vi else f"Jan–{month}",
            "rolling12": f"12 tháng đến {month}" if vi else f"12 months to {month}",
        }[period_type]
    raise ValueError(f"'{code}' is not a period of type {period_type}.")


def months_before(first: date, months: int) -> date:
    """Return the first of the month that many months earlier."""
    index = first.year * 12 + first.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)
