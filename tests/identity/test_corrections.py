"""A card that a facility took back does not stand between the cards of its person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest

from pipelines.identify import identify
from pipelines.identity import store as files
from pipelines.identity.store import IdentityStore
from pipelines.inbox import submit, take_in_waiting
from pipelines.progress import SilentReporter
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.identity.test_identify import RECEIVED_AT, home

__all__ = ["home"]

HEADER = (
    "record_id,action,facility_code,submitted_at,person_code,national_id,full_name,birth_date,sex,mother_name,phone,"
    "household_commune_code,product_code,given_at,dose_number,dose_status"
)
OWN, WRONG = "001324000123", "001324000999"


def line(
    record: str, national_id: str = "", action: str = "add", sent: str = "2024-06-01", phone: str = "0912345678"
) -> str:
    return (
        f"{record},{action},0000101,{sent} 08:00:00,P1,{national_id},Nguyễn Thị Ánh,15/03/2024,F,Trần Thị Đào,{phone},"
        "00001,penta_sii,20/05/2024,1,2"
    )


@pytest.fixture
def deliver(tmp_path: Path) -> Callable[[Settings, Sequence[str]], None]:
    """Takes in one file of dose records, then says who is who."""
    count = 0

    def do(where: Settings, lines: Sequence[str]) -> None:
        nonlocal count
        count += 1
        path = tmp_path / f"file{count}.csv"
        path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
        submit(where, [path])
        take_in_waiting(where, load_registry(), RECEIVED_AT)
        identify(where, load_registry(), SilentReporter())

    return do


FIRST = [line("R1", WRONG), line("R2", OWN, phone="0987000111"), line("R3")]
CORRECTION = [line("R1", OWN, action="change", sent="2024-07-01")]


def persons(where: Settings) -> int:
    return IdentityStore(where.identity).read(files.PERSON_CARDS).get_column("person_key").n_unique()


def test_a_corrected_id_brings_the_cards_of_a_person_together(
    home: Callable[[str], Settings], deliver: Callable[[Settings, Sequence[str]], None]
) -> None:
    here = home("a")
    deliver(here, FIRST)
    assert persons(here) > 1
    deliver(here, CORRECTION)
    assert persons(here) == 1
    links = IdentityStore(here.identity).read(files.PERSON_LINKS)
    assert links.filter(pl.col("rule_code") == "record_corrected").height == 1
    assert links.filter(pl.col("decision") == "review").is_empty()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_corrections_in_any_order_give_the_same_persons(
    home: Callable[[str], Settings],
    deliver: Callable[[Settings, Sequence[str]], None],
    order: tuple[int, ...],
) -> None:
    # The last file gives the wrong card a record of its own again: it is no longer replaced.
    deliveries = [FIRST, CORRECTION, [line("R4", WRONG, sent="2024-06-02")]]
    at_once, one_by_one = home("at_once"), home("one_by_one")
    deliver(at_once, [row for rows in deliveries for row in rows])
    for index in order:
        deliver(one_by_one, deliveries[index])
    for name in (files.PERSON_CARDS, files.PERSON_LINKS, files.MODEL_PAIRS):
        one, other = (IdentityStore(where.identity).read(name) for where in (at_once, one_by_one))
        columns = [column for column in one.columns if column != "first_batch_no"]
        assert one.select(columns).equals(other.select(columns)), name
    assert IdentityStore(at_once.identity).read(files.REPLACED_CARDS).is_empty()


def test_the_card_of_a_voided_record_is_a_person_of_its_own(
    home: Callable[[str], Settings], deliver: Callable[[Settings, Sequence[str]], None]
) -> None:
    here = home("a")
    deliver(here, FIRST)
    deliver(here, ["R1,void,0000101,2024-07-01 08:00:00,,,,,,,,,,,,"])
    store = IdentityStore(here.identity)
    replaced = store.read(files.REPLACED_CARDS)
    assert replaced.get_column("successor").to_list() == [None, None], "the wrong card, and the void, that names nobody"
    groups = store.read(files.PERSON_CARDS).group_by("person_key").agg("card_key").get_column("card_key").to_list()
    alone = set(replaced.get_column("card_key").to_list())
    assert sorted(len(group) for group in groups) == [1, 1, 2]
    assert {group[0] for group in groups if len(group) == 1} == alone
