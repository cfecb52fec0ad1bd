"""Reminder messages: one a person and day, to a mobile number, in the registry's words, to nobody who wants none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dashboards.persons import Persons
from dashboards.warehouse import connect
from pipelines.care.reminders import Reminders, reminders
from pipelines.reference import load_registry
from tests.care.register import AS_OF, MANIFEST, Person, write_register
from tests.care.test_series_states import CONTRAINDICATED, DEAD, EVERYONE, JANUARY, LATE


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Reminders]:
    def make(*persons: Person, day: date = AS_OF) -> Reminders:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.duckdb"
        write_register(path, persons)
        return reminders(Persons(connect(path), MANIFEST).due_list("63", "00001", day), load_registry(), day)

    return make


def test_a_message_names_every_dose_and_the_earliest_day(made: Callable[..., Reminders]) -> None:
    (row,) = made(JANUARY).messages.to_dicts()
    assert row["text"] == (
        "Tiêm chủng: kính mời gia đình đưa Nguyễn Thị Ánh đến trạm y tế Phường Phúc Xá tiêm DPT1, OPV1, Hib1, VGB1"
        " (đến hạn từ ngày 31/03/2026). Xin mang theo sổ tiêm chủng. Nếu đã tiêm nơi khác, xin báo trạm y tế."
    )
    assert (row["phone"], row["template_code"], row["dose_codes"]) == (
        "0912345678",
        "invite_due",
        "penta1|opv1|hib1|hepb1",
    )
    assert (row["due_date"], row["send_date"]) == (AS_OF, AS_OF)


def test_who_is_late_for_one_and_due_for_another_gets_one_message_of_the_graver(made: Callable[..., Reminders]) -> None:
    (row,) = made(LATE).messages.to_dicts()
    assert row["template_code"] == "invite_overdue"
    assert row["due_date"] == date(2025, 8, 15)
    assert "mcv1" in row["dose_codes"].split("|")
    assert "bcg" not in row["dose_codes"].split("|")


def test_one_message_a_person_and_day_and_the_same_id_every_time(made: Callable[..., Reminders]) -> None:
    first, again = made(*EVERYONE).messages, made(*EVERYONE).messages
    assert first.equals(again)
    assert first["person_key"].is_unique().all()
    assert first["message_id"].is_unique().all()
    later = made(*EVERYONE, day=date(2026, 4, 1)).messages
    assert set(first["message_id"]).isdisjoint(later["message_id"])


def test_who_is_contraindicated_is_not_invited_for_that_and_who_died_not_at_all(made: Callable[..., Reminders]) -> None:
    (row,) = made(CONTRAINDICATED).messages.to_dicts()
    assert set(row["dose_codes"].split("|")).isdisjoint({"penta1", "hib1", "hepb1"})
    assert made(DEAD).messages.is_empty()


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("0912 345 678", "0912345678"),
        ("+84912345678", "0912345678"),
        ("912345678", "0912345678"),
        ("0169.234.5678", "0392345678"),
        ("024 3826 1234", None),
        ("0512345678", None),
        ("091234567", None),
        ("không có", None),
    ],
)
def test_numbers_are_normalised_and_only_mobiles_are_written_to(
    made: Callable[..., Reminders], phone: str, number: str | None
) -> None:
    result = made(replace(JANUARY, phone=phone))
    assert result.messages["phone"].to_list() == ([number] if number else [])
    assert result.left_out == ({} if number else {"not_mobile": 1})


def test_who_wants_no_messages_gets_none_and_everybody_left_out_is_counted(made: Callable[..., Reminders]) -> None:
    result = made(
        replace(JANUARY, key="a", opt_out=True),
        replace(JANUARY, key="b", phone=None),
        replace(JANUARY, key="c", opt_out=False),
    )
    assert result.messages["person_key"].to_list() == ["c"]
    assert result.left_out == {"no_phone": 1, "opted_out": 1}
