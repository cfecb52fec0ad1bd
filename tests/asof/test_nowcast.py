"""The estimate of an open month: by hand, by properties, and scored on held-back months of the synthetic nation."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.nowcast import (
    Arrivals,
    Parameters,
    arrange,
    estimate,
    held_back,
    known_at,
    month_end,
    parameters_of,
    share_arrived,
)
from pipelines.reference import load_registry
from pipelines.synthetic.children import add_months
from pipelines.synthetic.records import Reporters, reporters
from pipelines.synthetic.register import communes, facilities

REGISTRY = load_registry()
PARAMETERS = parameters_of({code: row.value for code, row in REGISTRY.arrival_parameters.items()})
SMALL = Parameters(2, 1, 1, 10, (0.5, 0.8))
JANUARY, FEBRUARY, MARCH, APRIL = (date(2025, month, 1) for month in range(1, 5))


def area(*months: list[float]) -> Arrivals:
    doses = np.array(months, dtype=float)
    names = tuple(add_months(JANUARY, number) for number in range(len(months)))
    return Arrivals(names, np.ones_like(doses), doses)


def test_the_share_is_a_product_of_what_came_later_over_months_old_enough() -> None:
    # January: 50, then 30, then 20; February has only its first two days: 40, then 40.
    arrivals = area([50, 30, 20], [40, 40, 0])
    ages = np.array([40.0, 1.0])
    used = np.array([True, True])
    # Day 1: 70 of 160 that had come by then came on it; day 2, known of January alone: 20 of 100.
    assert share_arrived([arrivals], ages, 0, used, 0) == pytest.approx((1 - 70 / 160) * (1 - 20 / 100))
    assert share_arrived([arrivals], ages, 1, used, 0) == pytest.approx(0.8)
    assert share_arrived([arrivals], ages, 2, used, 0) == 1


def test_an_area_leans_on_the_one_above_by_its_number_of_reports() -> None:
    parent, child = area([50, 30, 20]), area([9, 1, 0])
    ages, used = np.array([40.0]), np.array([True])
    # Three reports of its own beside seven of the area above.
    assert share_arrived([parent, child], ages, 0, used, 7) == pytest.approx((3 * 0.9 + 7 * 0.5) / 10)
    silent = area([0, 0, 0])
    assert share_arrived([parent, silent], ages, 0, used, 7) == pytest.approx(0.5)


def test_the_interval_is_what_most_months_were_off_by() -> None:
    arrivals = area([50, 50, 0], [60, 40, 0], [80, 20, 0], [33, 0, 0])
    made = estimate([arrivals], APRIL, month_end(APRIL), SMALL)
    share = 190 / 300
    assert (made.status, made.months_used, made.share) == ("estimated", 3, pytest.approx(share))
    # Each month against the two others: 140/200, 130/200, 110/200.
    off = sorted(abs(math.log(a / b)) for a, b in ((0.7, 0.5), (0.65, 0.6), (0.55, 0.8)))
    # The second and the fourth smallest of three: there is no fourth.
    assert made.narrow == pytest.approx((max(1, math.exp(-off[1]) / share), math.exp(off[1]) / share))
    assert made.wide is None


def test_what_cannot_be_estimated_says_why() -> None:
    arrivals = area([50, 50, 0], [60, 40, 0], [0, 0, 0])
    day = month_end(MARCH)
    assert estimate([arrivals], MARCH, day - timedelta(days=1), SMALL).status == "not_over"
    assert estimate([arrivals], MARCH, day + timedelta(days=2), SMALL).status == "complete"
    assert estimate([arrivals], MARCH, day, SMALL).status == "nothing_yet"
    assert estimate([arrivals], MARCH, day, Parameters(2, 3, 1, 10, (0.5, 0.8))).status == "too_few_months"
    assert estimate([arrivals], MARCH, day, Parameters(2, 1, 9, 10, (0.5, 0.8))).status == "too_few_reports"
    assert estimate([arrivals], FEBRUARY, month_end(FEBRUARY), SMALL).months_used == 1, "later months are not known yet"


def test_early_and_very_late_arrivals_have_their_days() -> None:
    arrivals = arrange([(JANUARY, -20, 1, 7), (JANUARY, 1, 0, 2), (JANUARY, 3, 5, 5)], [JANUARY], 2)
    assert arrivals.doses.tolist() == [[7, 2, 0]]
    assert arrivals.reports.tolist() == [[1, 0, 0]]
    assert known_at(arrivals, month_end(JANUARY)).doses.tolist() == [[7, 0, 0]]


@given(st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=1, max_size=6), st.integers(0, 2))
def test_a_share_is_a_share_and_never_falls_with_time(months: list[list[float]], delay: int) -> None:
    arrivals = area(*months)
    ages, used = np.full(len(months), 40.0), np.ones(len(months), dtype=bool)
    shares = [share_arrived([arrivals], ages, later, used, 0) for later in range(3)]
    if math.isnan(shares[0]):
        assert sum(map(sum, months)) == 0
        return
    assert 0 <= shares[0] <= shares[1] + 1e-12 <= shares[2] + 2e-12 <= 1 + 3e-12
    # With all months old enough the product is the plain share of what came.
    assert shares[delay] == pytest.approx(sum(sum(m[: delay + 1]) for m in months) / sum(map(sum, months)))


def synthetic_arrivals(provinces: list[str], months: list[date]) -> list[list[Arrivals]]:
    """The arrivals of a part of the synthetic nation: the top, then its provinces, by the generator's own times."""
    places = communes(REGISTRY, provinces)
    register = facilities(places, 0.05)
    who: Reporters = reporters(places, register, 1)
    home = dict(places.select("commune_code", "province_code").iter_rows())
    random = np.random.default_rng(7)
    usual = random.gamma(2, 6, register.height)
    codes = register["facility_code"]
    province = register["commune_code_2017"].replace_strict(home)
    rows: dict[str, list[tuple[date, int, int, int]]] = {code: [] for code in ("all", *provinces)}
    for month in months:
        delays = (who.submitted_at(codes, month).dt.date() - month_end(month)).dt.total_days().to_list()
        doses = random.poisson(usual)
        silent = who.is_silent(codes, month)
        for place, delay, count, is_silent in zip(province, delays, doses, silent, strict=True):
            if not is_silent:
                rows["all"].append((month, delay, 1, int(count)))
                rows[place].append((month, delay, 1, int(count)))
    made = {code: arrange(found, months, PARAMETERS.longest_delay_days) for code, found in rows.items()}
    return [[made["all"]], *([made["all"], made[code]] for code in provinces)]


def test_held_back_months_of_the_synthetic_programme() -> None:
    """The estimate is nearer than the partial value, and intervals cover about the share that they promise.

    States both: over 12 areas and 29 months, at 2, 4, 8 and 15 days, printed with `-s`. Intervals of a share c from n
    months cover between c and c + 1/(n + 1) of exchangeable months; the tolerance is four standard errors of the count.
    """
    provinces = ["01", "04", "06", "19", "22", "38", "48", "66", "79", "92", "96"]
    months = [add_months(date(2023, 1, 1), number) for number in range(36)]
    held = [
        {**vars(item), "area": number}
        for number, path in enumerate(synthetic_arrivals(provinces, months))
        for item in held_back(path, (2, 4, 8, 15), date(2026, 3, 1), PARAMETERS)
    ]
    frame = pl.DataFrame(held)
    scores = (
        frame.group_by("delay_days")
        .agg(
            pl.col("error", "partial_error", "in_narrow", "in_wide").mean(),
            pl.col("in_narrow").count().alias("narrow_count"),
            pl.col("in_wide").count().alias("wide_count"),
        )
        .sort("delay_days")
    )
    print(scores)
    for row in scores.iter_rows(named=True):
        assert row["error"] < row["partial_error"] * 0.6, row
        for name, wanted, slack in (("narrow", 0.8, 1 / 8), ("wide", 0.95, 1 / 20)):
            count = row[f"{name}_count"]
            assert count >= 100
            spread = 4 * math.sqrt(wanted * (1 - wanted) / count)
            assert wanted - spread <= row[f"in_{name}"] <= min(1, wanted + slack + spread), row
