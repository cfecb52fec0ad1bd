"""The SQL and the oracle in plain Python say the same of histories that nobody thought of."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.evaluation.macros import render
from tests.evaluation.conftest import sql_verdicts
from tests.oracles.evaluation import Given, Rule, after, verdicts

SERIES = ["dtp", "mcv"]
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
INTERVALS = ["0 days", "28 days", "4 weeks - 4 days", "1 month", "6 months", "1 year"]

births = st.sampled_from(EDGES) | st.dates(date(2020, 1, 1), date(2024, 12, 31))
optional_age = st.none() | st.sampled_from(AGES)
optional_interval = st.none() | st.sampled_from(INTERVALS)


@st.composite
def schedules(draw: st.DrawFn) -> list[Rule]:
    """Return the rules of up to two series, one of them perhaps with a version for later births."""
    rules = []
    for series in draw(st.lists(st.sampled_from(SERIES), unique=True)):
        change = draw(st.none() | births)
        for valid_from, valid_to in [(None, change), (change, None)] if change else [(None, None)]:
            rules += [
                Rule(
                    series,
                    number,
                    minimum_age=draw(optional_age),
                    maximum_age=draw(optional_age),
                    minimum_interval=draw(optional_interval),
                    minimum_interval_from_first=draw(optional_interval),
                    not_needed_from_age=draw(st.none() | st.none() | st.sampled_from(AGES)),
                    products=tuple(draw(st.lists(st.sampled_from(PRODUCTS), unique=True, max_size=2))),
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
    texts = [text for r in rules for text in (r.minimum_age, r.maximum_age, r.minimum_interval) if text] + ["0 days"]
    doses = []
    for person in range(draw(st.integers(1, 3))):
        birth = draw(births)
        death = draw(st.none() | st.none() | st.integers(0, 900))
        days = [birth]
        for _ in range(draw(st.integers(0, 7))):
            since = draw(st.sampled_from(days))
            days.append(after(since, draw(st.sampled_from(texts))) + timedelta(days=draw(st.integers(-5, 5))))
        for day in days[1:]:
            doses.append(
                Given(
                    person=f"p{person}",
                    birth=birth,
                    series=draw(st.sampled_from([*SERIES, "dtp"])),
                    key=f"{person}-{len(doses):02}",
                    day=day,
                    sequence=draw(st.none() | st.integers(1, 3)),
                    product=draw(st.none() | st.sampled_from(PRODUCTS)),
                    death=None if death is None else birth + timedelta(days=death),
                )
            )
    return doses


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), rules=schedules(), grace=st.sampled_from([0, 0, 4]))
def test_sql_and_oracle_agree_on_every_dose(data: st.DataObject, rules: list[Rule], grace: int) -> None:
    doses = data.draw(histories(rules))
    limits = data.draw(st.dictionaries(st.sampled_from(PRODUCTS), st.tuples(optional_age, optional_age), max_size=2))
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
