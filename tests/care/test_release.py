"""The file of persons of a real release: whole, consistent with the warehouse, and absent from the public file."""

from __future__ import annotations

from collections import Counter
from datetime import date

import polars as pl
import pytest

from dashboards.persons import Persons, open_persons
from pipelines.lake import Lake
from pipelines.publish import current_release
from pipelines.settings import Settings
from tests.orchestration.published import query


@pytest.fixture(scope="module")
def persons(published_home: Settings) -> Persons:
    return open_persons(published_home.published)


def test_the_file_is_its_owners_alone_and_the_other_holds_no_person(published_home: Settings) -> None:
    release = current_release(published_home)
    assert release is not None
    assert release.persons_file is not None
    path = published_home.published / release.release_id / release.persons_file
    assert path.stat().st_mode & 0o777 == 0o600
    tables = {name for (name,) in query(published_home, "select table_name from information_schema.tables")}
    assert not {name for name in tables if str(name).startswith("per_")}


def test_the_states_of_the_release_are_those_that_a_reader_works_out(persons: Persons) -> None:
    listed = persons.due_list("63", "VN", persons.as_of_date)
    published = persons._frame("select * from per_series_states")
    columns = [name for name in published.columns if name in listed.columns]
    keys = ["person_key", "series_code"]
    assert published.height > 500
    in_list = published.join(listed.select(keys), on=keys, how="semi")
    assert listed.select(columns).sort(keys).equals(in_list.select(columns).sort(keys))
    assert set(Counter(listed.select(keys).rows()).values()) == {1}


def test_a_list_of_the_nation_is_that_of_its_communes_in_both_trees(persons: Persons) -> None:
    day = persons.as_of_date
    for tree in ("63", "34"):
        whole = persons.due_list(tree, "VN", day)
        communes = whole.select("commune_code", "hierarchy_code").unique().filter(pl.col("hierarchy_code") == tree)
        parts = [persons.due_list(tree, code, day).height for code in communes["commune_code"]]
        assert sum(parts) == whole.filter(pl.col("hierarchy_code") == tree).height > 0


def test_every_record_that_stands_is_there_once_with_its_line(persons: Persons, published_home: Settings) -> None:
    records = persons._frame("select record_key, submission_id, line_no, original_name from per_records")
    assert records["record_key"].is_unique().all()
    pattern = str(published_home.lake / "dose_records" / "**" / "*.parquet")
    sent = pl.scan_parquet(pattern).select("record_key", "submission_id", "line_no").collect()
    found = records.join(sent, on=["record_key", "submission_id", "line_no"], how="semi")
    assert found.height == records.height > 500
    assert not records["original_name"].has_nulls()
    assert Lake(published_home).sweep() == []


def test_appointments_stand_with_the_person_of_their_code(persons: Persons) -> None:
    mismatched = persons._frame(
        "select count(*) from per_appointments as a where not exists"
        " (select 1 from per_cards as c where c.person_key = a.person_key)"
    ).item()
    booked = persons._frame("select * from per_appointments")
    assert mismatched == 0
    assert booked.height > 100
    assert booked["appointment_key"].is_unique().all()


def test_a_history_of_a_real_release_is_whole(persons: Persons) -> None:
    (key,) = persons._frame(
        "select person_key from per_dose_events group by person_key order by count(*) desc, person_key limit 1"
    )["person_key"].to_list()
    person = persons.person(key)
    assert person is not None
    assert person["full_name"]
    assert persons.doses(key).height >= persons.protection(key, date(2100, 1, 1)).height > 0
    assert persons.records(key).height
    assert persons.residences(key).height
    assert persons.cards(key).height >= 1
    assert persons.keys_of(str(persons.cards(key)["person_code"][0])) == [key]
