"""What is compared: names, dates, numbers and places, however they were written."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

import pytest

from pipelines.identity.normalise import match_keys
from pipelines.identity.rules import IdentityRules
from tests.identity.conftest import cards


def key(rules: IdentityRules, **change: Any) -> dict[str, Any]:
    return match_keys(cards(a=change), rules).row(0, named=True)


@pytest.mark.parametrize(
    "written",
    [
        "Đỗ Thị Ánh",
        "ĐỖ THỊ ÁNH",
        "Ðỗ  Thị Ánh ",
        "do thi anh",
        unicodedata.normalize("NFD", "Đỗ Thị Ánh"),
        "Đỗ Ánh",
        "Đỗ-Thị-Ánh",
    ],
)
def test_one_name_however_it_is_written(rules: IdentityRules, written: str) -> None:
    found = key(rules, full_name=written)
    assert (found["name_core"], found["surname"], found["given"], found["is_unnamed"]) == ("do anh", "do", "anh", False)


def test_a_particle_at_the_end_is_a_name(rules: IdentityRules) -> None:
    assert key(rules, full_name="Nguyễn Văn")["given"] == "van"
    assert key(rules, full_name="Nguyễn Thị Thị Mai")["name_core"] == "nguyen mai"


def test_names_in_another_order_have_the_same_words(rules: IdentityRules) -> None:
    assert key(rules, full_name="Ánh Nguyễn")["name_sorted"] == key(rules, full_name="Nguyễn Ánh")["name_sorted"]


@pytest.mark.parametrize(
    ("written", "mother", "order"),
    [
        ("Con bà Đỗ Thị Hoa", "do thi hoa", None),
        ("CON BÀ ĐỖ THỊ HOA 2", "do thi hoa", 2),
        ("CB Đỗ Thị Hoa A", "do thi hoa", 1),
        ("Sơ sinh con bà Đỗ Thị Hoa", "do thi hoa", None),
        ("Bé gái", None, None),
        ("Chưa đặt tên", None, None),
        ("sơ sinh 2", None, 2),
        ("", None, None),
        (None, None, None),
    ],
)
def test_newborns_without_a_name(
    rules: IdentityRules, written: str | None, mother: str | None, order: int | None
) -> None:
    found = key(rules, full_name=written, mother_name=None)
    assert (found["is_unnamed"], found["name"], found["given"]) == (True, None, None)
    assert (found["mother"], found["birth_order"]) == (mother, order)


def test_a_name_that_only_begins_like_a_placeholder_is_a_name(rules: IdentityRules) -> None:
    assert key(rules, full_name="Bé Thị Hoa")["given"] == "hoa"
    assert not key(rules, full_name="Châu Con")["is_unnamed"]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0912345678", "0912345678"),
        ("+84 912 345 678", "0912345678"),
        ("84912345678", "0912345678"),
        ("912.345.678", "0912345678"),
        ("01623456789", "0323456789"),
        ("02438223344", None),
        ("0000000000", None),
        ("0999999999", None),
        ("0123456789", None),
        ("12345", None),
        ("", None),
        (None, None),
    ],
)
def test_telephone_numbers(rules: IdentityRules, written: str | None, number: str | None) -> None:
    assert key(rules, phone=written)["phone"] == number


def test_swapped_day_and_month_fold_to_one_date(rules: IdentityRules) -> None:
    born, swapped = (key(rules, birth_date=day)["birth_fold"] for day in (date(2024, 3, 5), date(2024, 5, 3)))
    assert born == swapped == date(2024, 3, 5)
    assert key(rules, birth_date=date(2024, 3, 15))["birth_fold"] == date(2024, 3, 15)


def test_a_national_id_is_ones_own_when_it_tells_the_year_of_birth(rules: IdentityRules) -> None:
    assert key(rules, national_id="001324 000123")["own_id"] == "001324000123"
    mothers = key(rules, national_id="001195000123")
    assert (mothers["national_id"], mothers["own_id"]) == ("001195000123", None)
    assert key(rules, national_id="123456789")["national_id"] is None


def test_a_commune_is_that_of_today_s_tree(rules: IdentityRules) -> None:
    old, new = key(rules, household_commune_code="00001"), key(rules, household_commune_code="00097")
    assert rules.commune_today["00001"] == old["commune"] == new["commune"]
    assert old["province"] == "01"
