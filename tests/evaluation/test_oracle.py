"""The SQL and the oracle in plain Python say the same of histories that nobody thought of."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import duckdb
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.evaluation.macros import render
from pipelines.reference import load_registry
from tests.evaluation.conftest import sql_verdicts
from tests.oracles.evaluation import Given, Rule, after, verdicts

PRODUCTS = ["a", "b_1", "bx1"]
# Month ends and leap days are where calendars differ.
EDGES = [
    date(2023, 12, 31),
    date(2024, 1, 31),
    date(2024, 2, 29),
    date(2023, 3, 1),
    date(2024, 8, 31),
    date(2024, 5, 15),
]
AGES = ["0 days", "6 weeks", "1 month", "2 months", "12 months - 4 days", "1 year", "13 months + 1 day", "5 years"]
BESIDE = [-5, -4, -1, 0, 0, 1, 30]
INTERVALS = ["0 days", "28 days", "4 weeks - 4 days", "1 month", "6 months", "1 year"]

births = st.sampled_from(EDGES) | st.dates(date(2020, 1, 1), date(2024, 12, 31))
optional_age = st.none() | st.sampled_from(AGES)


def seldom(values: Sequence[str]) -> st.SearchStrategy[str | None]:
    """Return None mostly: a limit in every rule would leave no dose valid, and nothing to measure an interval from."""
    return st.sampled_from([None] * 6 + list(values))


@st.composite
def schedules(draw: st.DrawFn) -> list[Rule]:
    """Return the rules of one or two series, one of them perhaps with a version for later births."""
    rules = []
    for series in draw(st.sampled_from([["dtp"], ["dtp", "mcv"]])):
        change = draw(st.none() | st.none() | births)
        for valid_from, valid_to in [(None, change), (change, None)] if change else [(None, None)]:
            rules += [
                Rule(
                    series,
                    number,
                    minimum_age=draw(st.none() | st.sampled_from(AGES[:5])),
                    maximum_age=draw(seldom(["15 weeks", "1 year", "5 years"])),
                    minimum_interval=draw(st.none() | st.sampled_from(INTERVALS)),
                    minimum_interval_from_first=draw(seldom(INTERVALS[1:])),
                    not_needed_from_age=draw(seldom(AGES[2:])),
                    products=draw(st.sampled_from([(), (), (), ("a",), ("a", "b_1")])),
                    valid_from=valid_from,
                    valid_to=valid_to,
                )
                for number in range(1, draw(st.integers(1, 4)) + 1)
            ]
        if change and draw(st.booleans()):
            rules = [rule for rule in rules if rule.series != series or rule.valid_from is not None]
    return rules


@st.composite
def histories(draw: st.DrawFn, rules: list[Rule]) -> list[Given]:
    """Return the doses of a few persons, many of them given on the very day that a rule names, or a day beside it."""
    limits = [(rule.minimum_age, rule.maximum_age, rule.minimum_interval) for rule in rules]
    texts = [text for of in limits for text in of if text] + ["2 months", "0 days"]
    beside = st.sampled_from(BESIDE)
    doses: list[Given] = []
    for person in range(draw(st.integers(1, 3))):
        birth = draw(births)
        death = draw(st.sampled_from([None, None, None, 60, 400]))
        day = after(birth, draw(st.sampled_from(texts)))
        for _ in range(draw(st.integers(2, 9))):
            day = after(day, draw(st.sampled_from(texts))) + timedelta(days=draw(beside))
            doses.append(
                Given(
                    person=f"p{person}",
                    birth=birth,
                    series=draw(st.sampled_from(["dtp", "dtp", "dtp", "mcv"])),
                    key=f"{person}-{len(doses):02}",
                    day=day,
                    sequence=draw(st.none() | st.integers(1, 3)),
                    product=draw(st.sampled_from([None, "a", "a", "b_1", "bx1"])),
                    death=None if death is None else birth + timedelta(days=death),
                )
            )
    return doses


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), rules=schedules(), grace=st.sampled_from([0, 0, 4]))
def test_sql_and_oracle_agree_on_every_dose(data: st.DataObject, rules: list[Rule], grace: int) -> None:
    doses = data.draw(histories(rules))
    limits = data.draw(st.dictionaries(st.sampled_from(PRODUCTS), st.tuples(optional_age, st.none()), max_size=1))
    assert sql_verdicts(doses, rules, grace, limits) == verdicts(doses, rules, grace, limits)


@settings(max_examples=100, deadline=None)
@given(day=births, text=st.sampled_from([*AGES, *INTERVALS, "1 year 6 months - 2 weeks + 3 days", "12 months 14 days"]))
@example(day=date(2024, 1, 31), text="1 month")
@example(day=date(2024, 2, 29), text="1 year")
@example(day=date(2023, 12, 31), text="2 months - 1 day")
def test_sql_and_oracle_add_ages_alike(day: date, text: str) -> None:
    with duckdb.connect() as database:
        query = f"select {render('add_age_text', 'day', 'age')} from (select ? as day, ? as age)"
        assert database.execute(query, [day, text]).fetchall() == [(after(day, text),)]


def test_sql_and_oracle_agree_on_a_large_deck_that_gives_every_reason() -> None:
    dice = random.Random(20240229)
    rules = [rule for series in range(40) for rule in thrown_rules(dice, f"s{series:02}")]
    doses = [dose for person in range(3000) for dose in thrown_history(dice, f"p{person:04}", rules)]
    limits = {"a": ("2 months", None), "b_1": (None, "1 year")}
    found = verdicts(doses, rules, 4, limits)
    assert sql_verdicts(doses, rules, 4, limits) == found
    counted = Counter(verdict.reason for verdict in found.values())
    expected = set(load_registry().verdict_reasons) - {"birth_date_unknown"}
    assert {reason for reason, count in counted.items() if count >= 20} == expected


def thrown_rules(dice: random.Random, series: str) -> list[Rule]:
    """Return a series of one to four doses, now and then for later births only."""
    return [
        Rule(
            series,
            number,
            minimum_age=dice.choice([None, *AGES[:5]]),
            maximum_age=dice.choice([None] * 8 + AGES[5:]),
            minimum_interval=dice.choice([None, *INTERVALS]),
            minimum_interval_from_first=dice.choice([None] * 8 + INTERVALS),
            not_needed_from_age=dice.choice([None] * 12 + AGES[4:]),
            products=dice.choice([(), (), (), ("a",), ("a", "b_1")]),
            valid_from=date(2023, 7, 1) if series.endswith("9") else None,
        )
        for number in range(1, dice.randint(1, 4) + 1)
    ]


def thrown_history(dice: random.Random, person: str, rules: list[Rule]) -> list[Given]:
    """Return up to nine doses of one series, most of them on a day that a rule of it names, or a day beside it."""
    series = dice.choice([*(rule.series for rule in rules), "unknown"])
    texts = [
        text
        for rule in rules
        for text in (rule.minimum_age, rule.minimum_interval, rule.maximum_age)
        if text and rule.series == series
    ] or ["1 month"]
    birth = dice.choice([*EDGES, date(2023, 1, 1) + timedelta(days=dice.randrange(700))])
    death = birth + timedelta(days=dice.randrange(700)) if dice.random() < 0.1 else None
    day, doses = birth, []
    for place in range(dice.randint(1, 9)):
        day = after(dice.choice([birth, day, day]), dice.choice(texts)) + timedelta(days=dice.choice(BESIDE))
        sequence, product = dice.choice([None, 1, 2]), dice.choice([None, *PRODUCTS, "a"])
        doses.append(Given(person, birth, series, f"{person}-{place}", day, sequence, product, death))
    return doses
