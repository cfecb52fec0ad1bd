"""Due lists worked by hand, and the same states worked out again in plain Python on generated histories."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboards.persons import Persons, TooManyPersonsError
from dashboards.warehouse import connect
from pipelines.reference import load_registry
from tests.care.register import (
    AS_OF,
    DISTRICT,
    MANIFEST,
    NEW_COMMUNE,
    OLD_COMMUNE,
    OTHER_COMMUNE,
    Decided,
    Given,
    Person,
    write_register,
)
from tests.oracles.due import series_state


def at_birth(born: date) -> list[Given]:
    return [Given("bcg", born, 1, product="bcg"), Given("hepb_bd", born, 1, product="hepb_mono")]


def penta(day: date, number: int | None, reason: str = "valid") -> list[Given]:
    return [Given(series, day, number, reason) for series in ("dtp", "hib", "hepb")]


def opened(path: Path, persons: list[Person]) -> Persons:
    write_register(path, persons)
    return Persons(connect(path), MANIFEST)


def states(register: Persons, day: date, area: str = OLD_COMMUNE, tree: str = "63") -> dict[tuple[str, str], dict]:
    rows = register.due_list(tree, area, day).to_dicts()
    return {(row["person_key"], row["series_code"]): row for row in rows}


# Born after the schedule of August 2024. Two months after 31 January is 31 March; five months after it is 1 July, for
# June has no 31st (docs/decisions/0004).
JANUARY = Person("january", "Nguyễn Thị Ánh", date(2026, 1, 31), at_birth(date(2026, 1, 31)))
# The first pentavalent dose on 20 August 2025: the second may follow from 20 September, a month after it, and not
# already on 15 September, at three months.
LATE = Person("late", "Trần Văn Bình", date(2025, 6, 15), [*at_birth(date(2025, 6, 15)), *penta(date(2025, 8, 20), 1)])
# A dose that was too early does not use up its number.
EARLY = Person(
    "early",
    "Lê Thị Chi",
    date(2025, 12, 10),
    [*at_birth(date(2025, 12, 10)), *penta(date(2026, 2, 1), None, "too_early")],
)
CONTRAINDICATED = Person("contra", "Phạm Văn Dũng", date(2025, 6, 15), [], [Decided("penta_sii", date(2025, 8, 20), 3)])
REFUSED = Person("refused", "Hoàng Thị Em", date(2025, 3, 1), [], [Decided("measles", date(2025, 12, 5), 4)])
DEFERRED = Person("deferred", "Vũ Văn Phúc", date(2025, 3, 1), [], [Decided("measles", date(2026, 3, 10), 5)])
DEAD = Person("dead", "Đỗ Thị Giang", date(2025, 3, 1), at_birth(date(2025, 3, 1)), died=date(2025, 4, 1))
# Of the schedule of 2018: five years old on 1 February 2026, so Japanese encephalitis and all catch-up is over.
OLD = Person("old", "Bùi Văn Hải", date(2021, 2, 1))
DECLARED = Person(
    "declared",
    "Ngô Thị Kim",
    date(2025, 10, 1),
    [Given("dtp", date(2025, 12, 2), None, is_confirmed=False)],
)
EVERYONE = [JANUARY, LATE, EARLY, CONTRAINDICATED, REFUSED, DEFERRED, DEAD, OLD, DECLARED]


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Persons:
    return opened(tmp_path_factory.mktemp("register") / "persons.duckdb", EVERYONE)


GOLDEN = [
    # person, series, state, next dose, earliest, recommended, days overdue on 31 March 2026
    ("january", "bcg", "complete", None, None, None, None),
    ("january", "hepb_bd", "complete", None, None, None, None),
    ("january", "dtp", "due", "penta1", date(2026, 3, 31), date(2026, 3, 31), 0),
    ("january", "ipv", "upcoming", "ipv1", date(2026, 7, 1), date(2026, 7, 1), None),
    ("january", "mcv", "upcoming", "mcv1", date(2026, 10, 31), date(2026, 10, 31), None),
    ("late", "dtp", "overdue", "penta2", date(2025, 9, 20), date(2025, 9, 20), 192),
    ("late", "opv", "overdue", "opv1", date(2025, 8, 15), date(2025, 8, 15), 228),
    ("late", "mcv", "due", "mcv1", date(2026, 3, 15), date(2026, 3, 15), 16),
    ("early", "dtp", "overdue", "penta1", date(2026, 2, 10), date(2026, 2, 10), 49),
    ("contra", "dtp", "contraindicated", "penta1", date(2025, 8, 15), date(2025, 8, 15), None),
    ("contra", "hib", "contraindicated", "hib1", date(2025, 8, 15), date(2025, 8, 15), None),
    ("contra", "opv", "overdue", "opv1", date(2025, 8, 15), date(2025, 8, 15), 228),
    ("contra", "hepb_bd", "too_old", "hepb_bd", date(2025, 6, 15), date(2025, 6, 15), None),
    ("refused", "mcv", "refused", "mcv1", date(2025, 12, 1), date(2025, 12, 1), None),
    ("deferred", "mcv", "deferred", "mcv1", date(2025, 12, 1), date(2025, 12, 1), None),
    ("dead", "bcg", "dead", None, None, None, None),
    ("dead", "mcv", "dead", "mcv1", date(2025, 12, 1), date(2025, 12, 1), None),
    ("old", "je", "too_old", "je1", date(2022, 2, 1), date(2022, 2, 1), None),
    ("old", "mcv", "too_old", "mcv1", date(2021, 11, 1), date(2021, 11, 1), None),
    ("declared", "dtp", "overdue", "penta1", date(2025, 12, 1), date(2025, 12, 1), 120),
]


@pytest.mark.parametrize(("person", "series", "state", "dose", "earliest", "recommended", "late"), GOLDEN)
def test_the_due_list_worked_by_hand(
    register: Persons,
    person: str,
    series: str,
    state: str,
    dose: str | None,
    earliest: date | None,
    recommended: date | None,
    late: int | None,
) -> None:
    row = states(register, AS_OF)[person, series]
    found = [row[name] for name in ("state_code", "dose_code", "earliest_date", "recommended_date", "days_overdue")]
    assert found == [state, dose, earliest, recommended, late]


def test_a_limit_says_whether_the_schedule_or_the_catch_up_set_it(register: Persons) -> None:
    found = states(register, AS_OF)
    assert (found["old", "je"]["limit_date"], found["old", "je"]["limit_kind"]) == (date(2026, 2, 1), "schedule")
    assert (found["contra", "hepb_bd"]["limit_date"], found["contra", "hepb_bd"]["limit_kind"]) == (
        date(2025, 6, 22),
        "catch_up",
    )


def test_a_deferral_ends_after_its_time_and_a_refusal_with_a_dose(tmp_path: Path) -> None:
    taken = Person(
        "taken",
        "A",
        date(2025, 3, 1),
        [Given("mcv", date(2026, 1, 5), 1, product="measles")],
        [Decided("measles", date(2025, 12, 5), 4)],
    )
    register = opened(tmp_path / "persons.duckdb", [DEFERRED, taken])
    assert states(register, date(2026, 4, 9))["deferred", "mcv"]["state_code"] == "deferred"
    assert states(register, date(2026, 4, 10))["deferred", "mcv"]["state_code"] == "overdue"
    assert states(register, date(2026, 1, 4))["taken", "mcv"]["state_code"] == "refused"
    assert states(register, date(2026, 1, 5))["taken", "mcv"]["dose_code"] == "mcv2"


def test_what_happens_later_is_not_known_on_the_day(register: Persons) -> None:
    before = states(register, date(2025, 8, 19))
    assert before["late", "dtp"]["dose_code"] == "penta1"
    assert before["contra", "dtp"]["state_code"] == "due"
    assert ("january", "bcg") not in before
    assert before["dead", "bcg"]["state_code"] == "dead"
    assert states(register, date(2025, 3, 31))["dead", "bcg"]["state_code"] == "complete"


def test_a_declared_dose_is_shown_and_not_counted(register: Persons) -> None:
    row = states(register, AS_OF)["declared", "dtp"]
    assert (row["last_valid_number"], row["declared_count"], row["last_declared_date"]) == (0, 1, date(2025, 12, 2))


def test_a_dose_of_partial_scope_is_asked_of_those_alone_who_have_begun(tmp_path: Path) -> None:
    begun = Person("begun", "A", date(2025, 10, 1), [Given("rota", date(2025, 12, 1), 1, product="rota")])
    not_begun = Person("not_begun", "B", date(2025, 10, 1))
    found = states(opened(tmp_path / "persons.duckdb", [begun, not_begun]), date(2026, 2, 1))
    assert found["begun", "rota"]["dose_code"] == "rota2"
    assert ("not_begun", "rota") not in found
    # The second dose is given before the age of six months.
    late = states(opened(tmp_path / "late.duckdb", [begun]), date(2026, 4, 1))
    assert late["begun", "rota"]["state_code"] == "too_old"


def test_who_moves_is_due_where_it_lives_on_the_day_and_in_both_trees(tmp_path: Path) -> None:
    mover = Person("mover", "A", date(2025, 3, 1), moved=[(date(2025, 9, 1), OTHER_COMMUNE)])
    register = opened(tmp_path / "persons.duckdb", [mover])
    assert states(register, date(2025, 8, 31), OLD_COMMUNE)
    assert states(register, date(2025, 8, 31), NEW_COMMUNE, "34")
    assert not states(register, date(2025, 9, 1), OLD_COMMUNE)
    assert states(register, date(2025, 9, 1), OTHER_COMMUNE)
    assert len(states(register, date(2025, 9, 1), DISTRICT)) == len(states(register, date(2025, 9, 1), "VN"))


def test_a_list_that_is_too_long_for_a_reader_is_a_sentence(register: Persons) -> None:
    with pytest.raises(TooManyPersonsError, match="choose a province"):
        register._frame("select count(distinct md5(range::varchar)) from range(20_000_000)")


def test_every_state_of_the_registry_has_its_words(register: Persons) -> None:
    assert set(register.states()["state_code"]) == set(load_registry().due_states)


SERIES = ("bcg", "dtp", "mcv", "je", "rota", "ipv")
PRODUCT = {"bcg": "bcg", "dtp": "penta_sii", "mcv": "measles", "je": "je", "rota": "rota", "ipv": "ipv"}
births = st.one_of(
    st.dates(date(2017, 6, 1), date(2026, 3, 1)),
    st.sampled_from([date(2024, 2, 29), date(2025, 1, 31), date(2025, 8, 31), date(2024, 8, 1), date(2024, 7, 31)]),
)


@st.composite
def persons(draw: st.DrawFn) -> Person:
    born = draw(births)
    doses = []
    for series in draw(st.sets(st.sampled_from(SERIES), max_size=3)):
        day, number = born, 0
        for _ in range(draw(st.integers(1, 3))):
            day += timedelta(days=draw(st.integers(1, 260)))
            is_confirmed = draw(st.booleans())
            is_valid = is_confirmed and draw(st.booleans())
            number += is_valid
            reason = "valid" if is_valid else "too_early"
            doses.append(Given(series, day, number if is_valid else None, reason, PRODUCT[series], is_confirmed))
    decisions = [
        Decided(PRODUCT[draw(st.sampled_from(SERIES))], born + timedelta(days=draw(st.integers(0, 900))), status)
        for status in draw(st.lists(st.sampled_from([1, 3, 4, 5]), max_size=2))
    ]
    died = draw(st.one_of(st.none(), st.none(), st.integers(0, 1500)))
    key = f"p{draw(st.integers(0, 10**9))}"
    return Person(key, "A", born, doses, decisions, died=None if died is None else born + timedelta(days=died))


@given(
    st.lists(persons(), min_size=1, max_size=8, unique_by=lambda person: person.key), st.dates(date(2019, 1, 1), AS_OF)
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_person_is_in_exactly_one_state_a_series_and_it_is_that_of_plain_python(
    tmp_path_factory: pytest.TempPathFactory, everyone: list[Person], day: date
) -> None:
    register = opened(tmp_path_factory.mktemp("generated") / "persons.duckdb", everyone)
    rows = register.due_list("63", "VN", day)
    counted = Counter(zip(rows["person_key"], rows["series_code"], strict=True))
    assert set(counted.values()) <= {1}
    found = {
        (row["person_key"], row["series_code"]): (
            row["state_code"],
            row["dose_code"],
            row["earliest_date"],
            row["recommended_date"],
            row["days_overdue"],
        )
        for row in rows.iter_rows(named=True)
    }
    registry = load_registry()
    expected = {}
    for person in everyone:
        for series in registry.series:
            state = series_state(registry, person, series, day)
            if state is not None:
                expected[person.key, series] = state
    assert found == expected
