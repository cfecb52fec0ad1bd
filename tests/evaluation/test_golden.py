"""Cases worked out by hand, each for one rule of docs/decisions/0005."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest

from pipelines.evaluation.macros import render
from pipelines.reference import load_registry
from tests.evaluation.conftest import sql_verdicts
from tests.oracles.evaluation import Given, Rule

BIRTH = date(2024, 1, 1)
PENTA = [
    Rule("penta", 1, minimum_age="6 weeks"),
    Rule("penta", 2, minimum_age="10 weeks", minimum_interval="4 weeks"),
    Rule("penta", 3, minimum_age="14 weeks", minimum_interval="4 weeks"),
]


def told(doses: list[Given], rules: list[Rule], grace: int = 0, **more) -> list[tuple[str, str, int | None]]:
    """Return status, reason and number of each dose, in the order of the doses."""
    verdicts = sql_verdicts(doses, rules, grace, **more)
    return [(verdicts[dose.key].status, verdicts[dose.key].reason, verdicts[dose.key].number) for dose in doses]


def given(*days: date, birth: date = BIRTH, series: str = "penta", **more) -> list[Given]:
    return [Given("p", birth, series, f"{place:02}", day, **more) for place, day in enumerate(days)]


def reasons(*arguments, **more) -> list[str]:
    return [reason for _, reason, _ in told(*arguments, **more)]


def test_three_doses_on_the_first_possible_days_are_valid() -> None:
    # 1 January + 42, 70 and 98 days.
    doses = given(date(2024, 2, 12), date(2024, 3, 11), date(2024, 4, 8))
    assert told(doses, PENTA) == [("valid", "valid", 1), ("valid", "valid", 2), ("valid", "valid", 3)]


def test_an_early_dose_does_not_use_up_its_number() -> None:
    doses = given(date(2024, 2, 11), date(2024, 3, 11), date(2024, 4, 8), date(2024, 5, 6), date(2024, 6, 3))
    assert told(doses, PENTA) == [
        ("invalid", "too_early", None),
        ("valid", "valid", 1),
        ("valid", "valid", 2),
        ("valid", "valid", 3),
        ("extra", "series_complete", None),
    ]


def test_the_interval_runs_from_the_last_valid_dose_not_from_the_invalid_one_between() -> None:
    # Dose 2 comes 27 days after dose 1; the next one 4 days later is 31 days after dose 1.
    doses = given(date(2024, 3, 1), date(2024, 3, 28), date(2024, 4, 1))
    verdicts = sql_verdicts(doses, PENTA)
    assert [(v.reason, v.interval_days) for _, v in sorted(verdicts.items())] == [
        ("valid", None),
        ("interval_too_short", 27),
        ("valid", 31),
    ]


@pytest.mark.parametrize(("grace", "reason"), [(0, "too_early"), (3, "too_early"), (4, "valid")])
def test_grace_days_forgive_an_age_that_is_just_missed(grace: int, reason: str) -> None:
    assert reasons(given(date(2024, 2, 8)), PENTA, grace) == [reason]


@pytest.mark.parametrize(("grace", "reason"), [(0, "interval_too_short"), (3, "interval_too_short"), (4, "valid")])
def test_grace_days_forgive_an_interval_that_is_just_missed(grace: int, reason: str) -> None:
    assert reasons(given(date(2024, 3, 1), date(2024, 3, 25)), PENTA, grace) == ["valid", reason]


def test_the_day_of_the_maximum_age_is_too_old_and_grace_does_not_help() -> None:
    # 1 January + 105 days is 15 April.
    rota = [Rule("penta", 1, minimum_age="6 weeks", maximum_age="15 weeks")]
    assert reasons(given(date(2024, 4, 14)), rota) == ["valid"]
    assert reasons(given(date(2024, 4, 15)), rota) == ["too_old"]
    assert reasons(given(date(2024, 4, 15)), rota, 4) == ["too_old"]


@pytest.mark.parametrize(
    ("birth", "age", "last_too_early", "first_valid"),
    [
        (date(2024, 2, 29), "12 months", date(2025, 2, 28), date(2025, 3, 1)),
        (date(2024, 2, 29), "4 years", date(2028, 2, 28), date(2028, 2, 29)),
        (date(2024, 1, 31), "1 month", date(2024, 2, 29), date(2024, 3, 1)),
        (date(2023, 8, 31), "6 months", date(2024, 2, 29), date(2024, 3, 1)),
        (date(2023, 12, 31), "12 months - 4 days", date(2024, 12, 26), date(2024, 12, 27)),
        (date(2024, 5, 15), "9 months + 7 days", date(2025, 2, 21), date(2025, 2, 22)),
    ],
)
def test_ages_follow_the_calendar(birth: date, age: str, last_too_early: date, first_valid: date) -> None:
    rules = [Rule("penta", 1, minimum_age=age)]
    assert reasons(given(last_too_early, birth=birth), rules) == ["too_early"]
    assert reasons(given(first_valid, birth=birth), rules) == ["valid"]


def test_the_same_day_is_told_apart_within_a_series_and_after_it() -> None:
    rules = [Rule("penta", 1), Rule("penta", 2)]
    days = [date(2024, 3, 1), date(2024, 3, 1), date(2024, 4, 1), date(2024, 4, 1), date(2024, 4, 2)]
    assert told(given(*days), rules) == [
        ("valid", "valid", 1),
        ("invalid", "same_day", None),
        ("valid", "valid", 2),
        ("extra", "extra_same_day", None),
        ("extra", "series_complete", None),
    ]


def test_of_two_doses_on_one_day_the_sequence_says_which_comes_first() -> None:
    rules = [Rule("penta", 1)]
    first = Given("p", BIRTH, "penta", "a", date(2024, 3, 1), sequence=2)
    second = Given("p", BIRTH, "penta", "b", date(2024, 3, 1), sequence=1)
    without = Given("p", BIRTH, "penta", "0", date(2024, 3, 1))
    assert reasons([first, second, without], rules) == ["extra_same_day", "valid", "extra_same_day"]


def test_a_product_that_is_not_for_the_dose_or_the_age() -> None:
    rules = [Rule("penta", 1, products=("dpt", "hexa_x"))]
    day = date(2024, 3, 1)
    assert reasons(given(day, product="td"), rules) == ["wrong_product"]
    assert reasons(given(day, product="hexa_x"), rules) == ["valid"]
    # A name is compared whole, and an unknown product is given the benefit of the doubt.
    assert reasons(given(day, product="hexa"), rules) == ["wrong_product"]
    assert reasons(given(day, product=None), rules) == ["valid"]
    limits = {"dpt": ("3 months", None), "hexa_x": (None, "2 months")}
    assert reasons(given(day, product="dpt"), rules, products=limits) == ["wrong_product_for_age"]
    assert reasons(given(day, product="hexa_x"), rules, products=limits) == ["wrong_product_for_age"]


def test_a_relation_may_lack_what_is_optional() -> None:
    text = render(
        "evaluate_doses",
        "(select 'p' as person_key, 'mcv' as series_code, 'a' as event_key, date '2024-01-01' as birth_date,"
        " date '2024-10-01' as given_date, 'mmr' as product_code)",
        "(select 'mcv' as series_code, 1 as dose_number, '9 months' as minimum_age)",
        1,
        products="(select 'mmr' as product_code, '12 months' as minimum_age, cast(null as varchar) as maximum_age)",
        without=[
            "sequence", "death_date", "maximum_age", "minimum_interval", "minimum_interval_from_first",
            "not_needed_from_age", "allowed_products", "valid_from", "valid_to",
        ],
    )  # fmt: skip
    with duckdb.connect() as database:
        assert database.execute(text).fetchall() == [
            ("p", "mcv", "a", "invalid", "wrong_product_for_age", None, 274, None, 1)
        ]


def test_birth_and_death_bound_a_life_and_their_own_days_are_in_it() -> None:
    days = [date(2023, 12, 31), BIRTH, date(2024, 4, 1), date(2024, 4, 2)]
    assert told(given(*days, death=date(2024, 4, 1)), [Rule("penta", 1), Rule("penta", 2)]) == [
        ("invalid", "before_birth", None),
        ("valid", "valid", 1),
        ("valid", "valid", 2),
        ("invalid", "after_death", None),
    ]


def test_what_the_schedule_does_not_know_is_said() -> None:
    rules = [Rule("penta", 1, valid_from=date(2024, 1, 2))]
    assert reasons(given(date(2024, 3, 1), series="mumps"), rules) == ["series_unknown"]
    assert reasons(given(date(2024, 3, 1)), rules) == ["no_schedule_for_birth_date"]


def test_the_schedule_of_the_birth_cohort_counts() -> None:
    change = date(2024, 1, 1)
    rules = [
        Rule("penta", 1, minimum_age="9 months", valid_to=change),
        Rule("penta", 1, minimum_age="12 months", valid_from=change),
    ]
    assert reasons(given(date(2024, 10, 31), birth=date(2023, 12, 31)), rules) == ["valid"]
    assert reasons(given(date(2024, 10, 31), birth=change), rules) == ["too_early"]


def test_an_interval_from_the_first_dose_counts_beside_that_from_the_last() -> None:
    hepatitis_b = [
        Rule("penta", 1),
        Rule("penta", 2, minimum_interval="4 weeks"),
        Rule("penta", 3, minimum_interval="8 weeks", minimum_interval_from_first="16 weeks"),
    ]
    # 1 January + 28, + 84 (56 after dose 2, 84 after dose 1), + 112.
    doses = given(date(2024, 1, 1), date(2024, 1, 29), date(2024, 3, 25), date(2024, 4, 22))
    assert reasons(doses, hepatitis_b) == ["valid", "valid", "interval_from_first_too_short", "valid"]


def test_a_dose_that_is_not_needed_at_an_age_is_passed_over() -> None:
    hib = [
        Rule("penta", 1, minimum_age="6 weeks", not_needed_from_age="5 years"),
        Rule("penta", 2, minimum_interval="4 weeks", not_needed_from_age="12 months"),
        Rule("penta", 3, minimum_age="12 months", minimum_interval="8 weeks", not_needed_from_age="5 years"),
    ]
    doses = given(date(2024, 12, 1), date(2025, 1, 15), date(2025, 2, 1))
    # From 12 months on dose 3 is looked for, which needs 8 weeks.
    assert told(doses, hib) == [
        ("valid", "valid", 1),
        ("invalid", "interval_too_short", None),
        ("valid", "valid", 3),
    ]
    assert told(given(date(2029, 1, 1)), hib) == [("extra", "not_needed_at_age", None)]


def test_persons_and_series_do_not_touch_each_other() -> None:
    day = date(2024, 3, 1)
    twins = [Given(name, BIRTH, "penta", name, day) for name in ("twin_1", "twin_2")]
    other = Given("twin_1", BIRTH, "opv", "opv", day)
    assert reasons([*twins, other], [*PENTA, Rule("opv", 1)]) == ["valid", "valid", "valid"]


def test_the_reasons_given_are_those_of_the_registry_with_their_status() -> None:
    rules = [
        Rule("penta", 1, minimum_age="6 weeks", maximum_age="2 years", products=("dpt", "hexa")),
        Rule("penta", 2, minimum_interval="4 weeks"),
        Rule("penta", 3, minimum_interval_from_first="1 year"),
        Rule("old", 1, not_needed_from_age="1 month"),
        Rule("later", 1, valid_from=date(2024, 1, 2)),
    ]
    start = date(2024, 3, 1)
    days = [start, start, date(2024, 3, 2), date(2024, 4, 1), date(2024, 5, 1)]
    days += [date(2025, 5, 1), date(2025, 5, 1), date(2025, 5, 2), date(2026, 3, 1)]
    doses = [
        *given(date(2023, 1, 1), date(2024, 1, 2), *days, death=date(2026, 1, 1)),
        Given("td", BIRTH, "penta", "td", start, product="td"),
        Given("hexa", BIRTH, "penta", "hexa", start, product="hexa"),
        Given("adult", BIRTH, "penta", "adult", date(2026, 2, 1)),
        Given("adult", BIRTH, "old", "passed", start),
        Given("adult", BIRTH, "later", "later", start),
        Given("adult", BIRTH, "none", "none", start),
        Given("nobody", None, "penta", "nobody", start),  # type: ignore[arg-type]
    ]
    given_reasons = {reason: status for status, reason, _ in told(doses, rules, products={"hexa": ("1 year", None)})}
    assert given_reasons == {row.reason_code: row.status for row in load_registry().verdict_reasons.values()}
