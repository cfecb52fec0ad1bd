"""Which cards are one person: certain ties, what is never linked, and what a steward is asked."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from pipelines.identity.model import load_model
from pipelines.identity.resolve import person_key
from tests.identity.conftest import SECRET, cards, decisions_on, persons, resolved

OWN, OTHER = "001324000123", "001324000999"
# Nothing that ties this card to the good one but what a test gives it.
STRANGER: dict[str, Any] = {
    "person_code": None, "full_name": "Lê Văn Bình", "birth_date": date(2023, 1, 20), "mother_name": "Phạm Thị Mơ",
    "phone": None, "household_commune_code": "00004", "sex": "M",
}  # fmt: skip


@pytest.mark.parametrize("id_field", ["person_code", "national_id"])
@pytest.mark.parametrize(
    "agreed", [{"birth_date": date(2024, 3, 15), "full_name": "Lê Văn Ánh"}, {"full_name": "Lê Ánh"}]
)
def test_the_same_id_links_when_birth_date_or_given_name_agrees(id_field: str, agreed: dict[str, Any]) -> None:
    found = resolved(cards(a={id_field: OWN}, b={**STRANGER, id_field: OWN, **agreed}))
    assert persons(found) == ["ab"]
    assert decisions_on(found)["ab"] == (id_field, "link")


def test_a_reused_id_is_shown_and_never_linked() -> None:
    found = resolved(cards(a={"national_id": OWN}, b={**STRANGER, "national_id": OWN}))
    assert persons(found) == ["a", "b"]
    assert decisions_on(found) == {"ab": ("national_id_contradicted", "review")}


def test_a_mother_s_number_on_two_children_says_nothing() -> None:
    number = "001195000123"
    found = resolved(cards(a={"national_id": number}, b={**STRANGER, "national_id": number}))
    assert decisions_on(found) == {}


def test_the_same_name_mother_birth_date_and_commune_link() -> None:
    found = resolved(cards(a={}, b={"person_code": "P9", "phone": None, "full_name": "NGUYEN ANH"}))
    assert persons(found) == ["ab"]
    assert decisions_on(found)["ab"] == ("exact_demographics", "link")


def test_two_valid_national_ids_are_two_persons_whatever_else_agrees() -> None:
    found = resolved(cards(a={"national_id": OWN}, b={"national_id": OTHER}))
    assert persons(found) == ["a", "b"]
    assert decisions_on(found)["ab"][1] == "review"


def test_a_card_between_two_national_ids_belongs_to_neither_by_itself() -> None:
    found = resolved(cards(a={"national_id": OWN}, b={}, c={"national_id": OTHER}))
    assert persons(found) == ["a", "b", "c"]
    assert {decision for _, decision in decisions_on(found).values()} == {"review"}


def test_twins_who_share_a_code_are_not_linked() -> None:
    found = resolved(cards(a={"full_name": "Nguyễn Thị Ánh"}, b={"full_name": "Nguyễn Thị Bình"}))
    assert persons(found) == ["a", "b"]
    assert decisions_on(found)["ab"][1] == "review"


def test_twins_with_codes_of_their_own_are_kept_apart() -> None:
    found = resolved(cards(a={"full_name": "Nguyễn Thị Ánh"}, b={"full_name": "Nguyễn Gia Kiên", "person_code": "P2"}))
    assert persons(found) == ["a", "b"]
    assert decisions_on(found)["ab"] == ("twins", "apart")


@pytest.mark.parametrize(
    "change",
    [
        {"full_name": "NGUYEN ANH"},
        {"full_name": "Ánh Nguyễn Thị"},
        {"full_name": "Nguyễn Thj Ánh"},
        {"birth_date": date(2024, 3, 16)},
        {"household_commune_code": "26743"},
        {"mother_name": None},
        {"phone": None},
        {"mother_name": "Trần Thị Đòa"},
        {"birth_date": date(2024, 8, 3), "phone": "0912345678"},
    ],
)
def test_the_model_recognises_a_child_that_was_registered_again(change: dict[str, Any]) -> None:
    swapped = {"birth_date": date(2024, 3, 8)} if change.get("birth_date") == date(2024, 8, 3) else {}
    found = resolved(cards(a=swapped, b={"person_code": "P2", **change}))
    assert persons(found) == ["ab"]


def test_the_model_does_not_link_by_name_and_birth_date_alone() -> None:
    other = {"person_code": "P2", "mother_name": None, "phone": None, "household_commune_code": "26743"}
    assert persons(resolved(cards(a={}, b=other))) == ["a", "b"]


def test_brothers_and_sisters_are_not_one_child() -> None:
    sister = {"person_code": "P2", "full_name": "Nguyễn Thị Bích", "birth_date": date(2022, 1, 2)}
    found = resolved(cards(a={}, b=sister))
    assert persons(found) == ["a", "b"]
    assert decisions_on(found) == {}


def test_evidence_of_the_model_holds_its_weights() -> None:
    found = resolved(cards(a={}, b={"person_code": "P2", "household_commune_code": "26743"}))
    link = found.person_links.row(0, named=True)
    assert (link["rule_code"], link["decided_by"], link["model_version"]) == (
        "model_link",
        "model",
        load_model().version,
    )
    weights = json.loads(link["evidence"])["weights"]
    assert weights["birth_date"] == {"level": "same", "weight": load_model().weights["birth_date"][4]}
    total = sum(item["weight"] for item in weights.values())
    assert math.log2(link["score"] / (1 - link["score"])) == pytest.approx(
        total + math.log2(load_model().settings["probability_two_random_records_match"]), abs=0.1
    )


def test_twins_told_apart_by_their_order_are_not_linked() -> None:
    found = resolved(cards(a={"full_name": "Con bà Đào 1"}, b={"full_name": "Con bà Đào 2"}))
    assert persons(found) == ["a", "b"]


def test_an_unnamed_newborn_between_twins_belongs_to_neither_by_itself() -> None:
    found = resolved(
        cards(a={"full_name": "Nguyễn Ánh"}, b={"full_name": "Con bà Đào"}, c={"full_name": "Nguyễn Bình"})
    )
    assert persons(found) == ["a", "b", "c"]
    assert decisions_on(found)["ab"] == ("cluster_conflict", "review")


def test_a_newborn_named_later_keeps_its_code() -> None:
    found = resolved(cards(a={"full_name": "Con bà Trần Thị Đào"}, b={"full_name": "Nguyễn Ánh"}))
    assert persons(found) == ["ab"]


def test_a_slip_in_the_given_name_is_no_other_name() -> None:
    assert persons(resolved(cards(a={"full_name": "Lê Trang"}, b={"full_name": "Lê Trng"}))) == ["ab"]
    assert persons(resolved(cards(a={"full_name": "Lê An"}, b={"full_name": "Lê Ân Anh"}))) == ["a", "b"]


def test_a_code_that_everybody_shares_brings_nobody_together() -> None:
    several = {f"c{number:02}": {**STRANGER, "person_code": "1", "birth_date": date(2023, 1, 1 + number),
                                 "full_name": f"Lê {'abcdefghijklmnopqrst'[number]}u"}
               for number in range(20)}  # fmt: skip
    found = resolved(cards(**several))
    assert len(persons(found)) == 20
    assert found.person_links.height == 19


def test_a_card_that_says_nothing_is_a_person_of_its_own() -> None:
    nothing = dict.fromkeys(("full_name", "birth_date", "person_code", "mother_name", "phone", "sex"))
    found = resolved(cards(a={}, b=nothing, c={**nothing, "person_code": "P1"}))
    assert persons(found) == ["a", "b", "c"]


def test_a_person_is_named_after_the_card_known_longest() -> None:
    found = resolved(cards(a={"known_from": datetime(2024, 5, 1)}, b={"known_from": datetime(2024, 4, 1)}))
    assert found.person_cards.get_column("person_key").to_list() == [person_key("b", SECRET)] * 2


def test_no_order_of_cards_changes_anything() -> None:
    frame = cards(
        a={}, b={"phone": None}, c={"full_name": "Con bà Đào"}, d=STRANGER, e={**STRANGER, "phone": "0912345678"}
    )
    first = resolved(frame)
    for seed in range(5):
        again = resolved(frame.sample(fraction=1, shuffle=True, seed=seed))
        assert again.person_cards.equals(first.person_cards)
        assert again.person_links.equals(first.person_links)


def test_evidence_says_what_agrees_and_what_differs() -> None:
    found = resolved(cards(a={}, b={"phone": "0987000111"}))
    assert found.person_links.get_column("evidence").to_list() == [
        '{"agreed":["person_code","name","given_name","birth_date","sex","mother","commune"],"differs":["phone"]}'
    ]
    assert found.person_links.select(pl.col("decided_by")).item() == "rules"
