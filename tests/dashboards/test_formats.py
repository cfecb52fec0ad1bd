"""Numbers, dates and periods as people read them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import formats
from dashboards.text import search_key


def test_numbers_take_the_separators_of_the_language() -> None:
    assert formats.number(1234567.25, "vi", 1) == "1.234.567,2"
    assert formats.number(1234567.25, "en", 1) == "1,234,567.2"
    assert formats.number(None, "vi") == formats.NOTHING


def test_over_a_hundred_and_below_zero_are_shown_as_they_are() -> None:
    assert formats.in_unit(112.04, "percent", "vi", 1) == "112,0%"
    assert formats.in_unit(-4.2, "percent", "vi", 1) == "−4,2%"
    assert formats.signed(0.04, "en", 1) == "0.0"
    assert formats.signed(3.0, "en", 1) == "+3.0"
    assert formats.number(-0.01, "en", 1) == "0.0"


@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_a_formatted_number_can_be_read_back(value: float, decimals: int) -> None:
    text = formats.number(value, "vi", decimals)
    assert float(text.replace(".", "").replace(",", ".").replace("−", "-")) == pytest.approx(
        value, abs=0.51 * 10**-decimals
    )


@pytest.mark.parametrize(
    ("code", "kind", "vi", "en"),
    [
        ("2026-03", "month", "Tháng 3/2026", "Mar 2026"),
        ("2026-03", "ytd", "3 tháng đầu năm 2026", "Jan–Mar 2026"),
        ("2026-03", "rolling12", "12 tháng đến 3/2026", "12 months to Mar 2026"),
        ("2025Q3", "quarter", "Quý 3/2025", "Q3 2025"),
        ("2025", "year", "Năm 2025", "2025"),
    ],
)
def test_periods_in_words(code: str, kind: str, vi: str, en: str) -> None:
    assert formats.period(code, kind, "vi") == vi
    assert formats.period(code, kind, "en") == en


def test_a_period_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="not a period of type year"):
        formats.period("2025-01", "year", "vi")


def test_dates_and_times_of_viet_nam() -> None:
    assert formats.day(date(2026, 4, 1), "vi") == "01/04/2026"
    assert formats.day(date(2026, 4, 1), "en") == "1 Apr 2026"
    assert formats.moment_of_utc(datetime(2026, 4, 5, 20, 0), "vi") == "06/04/2026 03:00"


@given(st.text())
def test_a_search_key_is_its_own_key(text: str) -> None:
    assert search_key(search_key(text)) == search_key(text)
