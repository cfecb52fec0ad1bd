"""The records behind a finding: opened by whoever may see the persons of the place, named in the log, and no others."""

from __future__ import annotations

import json
from datetime import datetime

import duckdb
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, behind, source
from dashboards.downloads import to_csv
from dashboards.i18n import Texts
from dashboards.persons import Persons, open_persons
from dashboards.warehouse import open_release
from pipelines.access.policy import Place
from pipelines.access.readers import Readers
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.conftest import PROVINCES
from tests.dashboards.test_pages import SCRIPT

AT = datetime(2026, 4, 5, 12)


@pytest.fixture(scope="module")
def persons(published_home: Settings) -> Persons:
    return open_persons(published_home.published)


def finding(settings: Settings, rule_code: str) -> dict[str, object]:
    """Return the largest finding of a rule."""
    found = open_release(settings.published).findings(rule_code=rule_code)
    return found.sort("violations", "finding_key", descending=True).row(0, named=True)


def test_as_many_records_stand_behind_a_finding_as_it_says(published_home: Settings, persons: Persons) -> None:
    of_records = {r.rule_code for r in load_registry().finding_rules.values() if r.rule_stage in {"record", "person"}}
    found = open_release(published_home.published).findings().filter(pl.col("rule_code").is_in(sorted(of_records)))
    largest = found.sort("violations", "finding_key", descending=True).unique("rule_code", keep="first")
    assert largest.height
    for row in largest.to_dicts():
        behind_it = persons.behind(str(row["finding_key"]))
        assert behind_it.hidden_count == 0
        assert behind_it.rows["record_key"].n_unique() == row["violations"]
        shown = behind_it.rows.select("birth_date", "given_date", "original_name", "line_no")
        assert shown.null_count().row(0) == (0,) * 4
        text = to_csv(behind.extract(behind.described(behind_it.rows, Texts("vi")), Texts("vi"), {}, []))
        assert all(str(key) in text.decode("utf-8-sig") for key in behind_it.rows["record_key"])


def test_a_pair_that_waits_shows_both_of_its_cards_each_with_its_person() -> None:
    connection = duckdb.connect()
    connection.execute(
        "create table per_findings as select * from (values ('f', 'identity_waiting', 'p1', null, 'a', 'b'),"
        " ('f', 'identity_waiting', 'p2', null, 'a', 'b'))"
        " as t(finding_key, rule_code, person_key, record_key, card_key_a, card_key_b);"
        "create table per_cards as select * from (values ('a', 'p2', 'An'), ('b', 'p1', 'Bình'), ('c', 'p1', 'Chi'))"
        " as t(card_key, person_key, full_name), (select date '2022-01-01' as birth_date, 'M' as mother_name,"
        " 'P' as person_code);"
        "create table per_records (record_key text, person_card_key text, given_date date, product_code text,"
        " facility_code text, dose_number integer, original_name text, line_no integer);"
        "create table dim_vaccine_products (product_code text, name_vi text, name_en text);"
        "create table dim_facilities (facility_code text, name_vi text, name_en text)"
    )
    manifest = {"release_id": "x", "as_of_date": "2026-03-31", "is_synthetic": True}
    found = Persons(connection, manifest).behind("f")
    assert found.rows.select("full_name", "person_key").rows() == [("An", "p2"), ("Bình", "p1")]


def test_persons_of_other_areas_are_counted_and_not_shown(published_home: Settings, persons: Persons) -> None:
    readers = Readers(published_home, load_registry())
    key = str(finding(published_home, "entry_late")["finding_key"])
    everybody = persons.behind(key).rows
    own = persons.within(readers.scope(readers.role_in("steward", Place("63", PROVINCES[0]), "Lan", AT))).behind(key)
    other = persons.within(readers.scope(readers.role_in("steward", Place("63", "79"), "Hoa", AT))).behind(key)
    assert own.rows.height + own.hidden_count == everybody.height
    assert own.rows.height > 0
    assert (other.rows.height, other.hidden_count) == (0, everybody.height)


@pytest.mark.parametrize("opened", [True, False])
def test_the_page_opens_them_on_demand_and_writes_it_down(home_copy: Settings, opened: bool) -> None:
    access.open_door(access.door_of(home_copy, persons=opened))
    source.use(home_copy.published)
    try:
        app = AppTest.from_file(SCRIPT, default_timeout=120)
        app.query_params["lang"] = "en"
        app.run()
        app.switch_page("app_pages/desk.py").run()
        rows = app.selectbox(key="w_desk_rule").select("entry_late").run()
        buttons = [button for button in rows.button if str(button.key).startswith("w_behind_")]
        if not opened:
            assert buttons == []
            return
        log = home_copy.audit_log
        before = log.read_text(encoding="utf-8") if log.exists() else ""
        assert "finding_records" not in before
        buttons[0].click().run()
        key = str(buttons[0].key).removeprefix("w_behind_")
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        (told,) = [line for line in lines if line["action"] == "finding_records"]
        assert told["finding"] == key
        assert len(app.dataframe[1].value) == told["rows"] > 0
        assert [item.message for item in app.exception] == []
    finally:
        access.open_door(None)
