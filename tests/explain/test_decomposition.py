"""What parts add to a gap and to a change: by hand, and exactly in all cases."""

from __future__ import annotations

from fractions import Fraction as Exact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.decomposition import Fraction, change_of, gap_to

CODES = ["a", "b", "c", "d"]


def test_a_change_by_hand() -> None:
    # Before: a 80/100, b 90/100, together 170/200 = 85 %. Now: a 90/100, b 270/300, together 360/400 = 90 %.
    before = {"a": Fraction(80, 100), "b": Fraction(90, 100)}
    now = {"a": Fraction(90, 100), "b": Fraction(270, 300)}
    changes = {change.part: change for change in change_of((Fraction(170, 200), Fraction(360, 400)), before, now, 100)}
    # a: weights 1/2 and 1/4, rates 80 and 90: rate (0.375 * 10) = 3.75; mix (85 - 87.5) * -0.25 = 0.625.
    assert (changes["a"].rate_effect, changes["a"].mix_effect) == pytest.approx((3.75, 0.625))
    # b: the rate stays at 90; its weight grows by 1/4: mix (90 - 87.5) * 0.25 = 0.625.
    assert (changes["b"].rate_effect, changes["b"].mix_effect) == pytest.approx((0, 0.625))
    assert sum(change.contribution for change in changes.values()) == pytest.approx(5)
    assert [change.part for change in change_of((Fraction(170, 200), Fraction(360, 400)), before, now, 100)] == [
        "a",
        "b",
    ]


def test_what_the_whole_has_beyond_its_parts_is_a_part() -> None:
    changes = change_of((Fraction(50, 100), Fraction(80, 100)), {"a": Fraction(40, 50)}, {"a": Fraction(40, 50)}, 100)
    assert {change.part: change.contribution for change in changes} == pytest.approx({None: 30, "a": 0})


def test_a_part_that_did_not_exist_before_is_all_mix() -> None:
    changes = {
        change.part: change
        for change in change_of(
            (Fraction(80, 100), Fraction(170, 200)),
            {"a": Fraction(80, 100)},
            {"a": Fraction(80, 100), "b": Fraction(90, 100)},
            100,
        )
    }
    assert changes["b"].rate_effect == 0
    # Means 82.5: a (80 - 82.5) * -0.5 = 1.25, b 90 * 0.5 - 82.5 * 0.5 = 3.75.
    assert changes["b"].mix_effect == pytest.approx(3.75)
    assert changes["a"].mix_effect == pytest.approx(1.25)


def test_a_count_changes_by_its_numerators_alone() -> None:
    changes = change_of(
        (Fraction(10, None), Fraction(4, None)),
        {"a": Fraction(10, None)},
        {"a": Fraction(1, None), "b": Fraction(3, None)},
        1,
    )
    assert {change.part: change.contribution for change in changes} == {"a": -9, "b": 3}


def test_nothing_is_divided_by_zero() -> None:
    assert change_of((Fraction(0, 0), Fraction(1, 1)), {}, {"a": Fraction(1, 1)}, 100) == []
    assert gap_to(90, Fraction(3, 0), {}, 100, is_less_better=False) == []


def test_a_gap_by_hand() -> None:
    parts = {"a": Fraction(50, 100), "b": Fraction(285, 300)}
    gaps = {gap.part: gap for gap in gap_to(90, Fraction(335, 400), parts, 100, is_less_better=False)}
    # 335 of 400 is 83.75: 6.25 short. a lacks 40 of 400 = 10 points, b has 15 more = -3.75.
    assert (gaps["a"].missing, gaps["a"].contribution) == pytest.approx((40, 10))
    assert (gaps["b"].missing, gaps["b"].contribution) == pytest.approx((-15, -3.75))


def test_where_less_is_better_a_gap_is_what_is_too_much() -> None:
    parts = {"a": Fraction(30, 100), "b": Fraction(0, 100)}
    gaps = {gap.part: gap for gap in gap_to(10, Fraction(30, 200), parts, 100, is_less_better=True)}
    assert (gaps["a"].contribution, gaps["b"].contribution) == pytest.approx((10, -5))


fractions = st.builds(Fraction, st.integers(-1000, 100_000), st.integers(0, 100_000))
some_parts = st.dictionaries(st.sampled_from(CODES), fractions)
wholes = st.builds(Fraction, st.integers(-1000, 400_000), st.integers(1, 400_000))


@given(before=some_parts, now=some_parts, whole=st.tuples(wholes, wholes))
def test_contributions_sum_to_the_change(
    before: dict[str, Fraction], now: dict[str, Fraction], whole: tuple[Fraction, Fraction]
) -> None:
    old, new = (Exact(int(each.numerator), int(each.denominator or 0)) for each in whole)
    found = change_of(whole, before, now, 100)
    size = sum(abs(change.rate_effect) + abs(change.mix_effect) for change in found)
    assert sum(change.contribution for change in found) == pytest.approx(
        float(100 * (new - old)), abs=1e-12 * size + 1e-9
    )
    assert {change.part for change in found} - {None} == before.keys() | now.keys()


@given(parts=some_parts, whole=wholes, goal=st.sampled_from([80, 90, 100]), is_less_better=st.booleans())
def test_contributions_sum_to_the_gap(
    parts: dict[str, Fraction], whole: Fraction, goal: int, is_less_better: bool
) -> None:
    value = Exact(100 * int(whole.numerator), int(whole.denominator or 0))
    gaps = gap_to(goal, whole, parts, 100, is_less_better=is_less_better)
    size = sum(abs(gap.contribution) for gap in gaps)
    wanted = value - goal if is_less_better else goal - value
    assert sum(gap.contribution for gap in gaps) == pytest.approx(float(wanted), abs=1e-12 * size + 1e-9)
    assert [gap.contribution for gap in gaps] == sorted((gap.contribution for gap in gaps), reverse=True)
