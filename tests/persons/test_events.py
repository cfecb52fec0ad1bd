"""One dose is one event, whoever tells of it; a declared one counts nowhere; a child counts where it lives."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.persons import histories
from tests.persons.histories import dose, person_values, send, start, warehouse

BORN = date(2024, 3, 1)
CHILD = {"person_code": "P1", "full_name": "Nguyễn Thị Ánh", "birth_date": BORN, "phone": "0912345678"}


def child(record: str, product: str, day: date, **cells: object) -> dict[str, str]:
    usual = {"record_id": record, "product_code": product, "given_at": day, "household_commune_code": "00001"}
    return dose(**(CHILD | usual | cells))


def filler() -> list[dict[str, str]]:
    """Return records of another child, so that every facility sends some from the first month on."""
    return [
        dose(record_id="F1", facility_code=code, person_code=f"F{code}", full_name=f"Lê Văn {name}", sex="Nam",
             mother_name=f"Phạm Thị {name}", birth_date=date(2024, 1, 5), product_code="bcg",
             given_at=date(2024, 1, 20), household_commune_code=histories.PLACES[code][0])
        for code, name in zip(histories.PLACES, ["Bách", "Cường", "Dũng", "Hải", "Khoa"], strict=True)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def home(no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = start(tmp_path_factory.mktemp("events") / "home", no_data)
    rows = [
        *filler(),
        child("R1", "penta_sii", date(2024, 5, 5)),
        child(
            "R2", "penta_sii", date(2024, 5, 5), facility_code="0000401", given_at=f"09:30 {date(2024, 5, 5):%d/%m/%Y}"
        ),
        child("R3", "hexa_infanrix", date(2024, 6, 10), dose_number=2),
        child("R4", "penta_sii", date(2024, 7, 15), dose_number=3),
        child("R5", "measles", date(2024, 12, 5), record_origin="declared"),
        child("R6", "bcg", date(2024, 3, 4), record_origin="declared"),
        child("R7", "bcg", date(2024, 3, 4), facility_code="0000401"),
        child("R8", "ipv", date(2024, 8, 5), dose_status=4),
    ]
    send(settings, "first", rows)
    send(settings, "taken_back", [
        {"record_id": "R4", "facility_code": "0000101", "action": "void", "submitted_at": "2026-04-04 08:00:00"},
    ], at="2026-04-06T12:00:00+07:00")  # fmt: skip
    return settings


def events(settings: Settings) -> dict[tuple[str, date], tuple[object, ...]]:
    rows = warehouse(
        settings,
        "select series_code, given_date, record_count, is_confirmed, facility_code, has_given_time from int_dose_events"
        f" where birth_date = date '{BORN}'",
    )
    return {(series, day): rest for series, day, *rest in rows}


def test_a_dose_sent_by_two_facilities_is_one_event_with_the_better_record(home: Settings) -> None:
    assert events(home)["dtp", date(2024, 5, 5)] == [2, True, "0000401", True]


def test_a_combination_gives_a_dose_to_each_series_it_advances(home: Settings) -> None:
    found = {series for series, day in events(home) if day == date(2024, 6, 10)}
    assert found == {"dtp", "hib", "hepb", "opv"}


def test_a_void_leaves_no_event_and_a_dose_not_given_is_none(home: Settings) -> None:
    days = {day for _, day in events(home)}
    assert date(2024, 7, 15) not in days
    assert date(2024, 8, 5) not in days


def test_a_declared_dose_is_kept_and_counts_only_once_a_facility_confirms_it(home: Settings) -> None:
    found = events(home)
    assert found["mcv", date(2024, 12, 5)][:2] == [1, False]
    assert found["bcg", date(2024, 3, 4)][:2] == [2, True]
    values = person_values(home)
    assert values["cohort_unrecorded_mcv1_12m", "63", "00001", date(2025, 3, 1)] == 1
    assert ("cohort_unrecorded_bcg_12m", "63", "00001", date(2025, 3, 1)) not in values
    judged = warehouse(home, "select count(*) from int_dose_verdicts where series_code = 'mcv'")
    assert judged == [(0,)]


def test_numbers_follow_the_doses_that_stand(home: Settings) -> None:
    values = person_values(home)
    assert ("cohort_unrecorded_penta2_12m", "63", "00001", date(2025, 3, 1)) not in values
    assert values["cohort_unrecorded_penta3_12m", "63", "00001", date(2025, 3, 1)] == 1
    assert values["cohort_followed_12m", "34", "00097", date(2025, 3, 1)] == 1


def test_a_move_changes_both_communes_from_its_day_on_and_no_other(no_data: Path, tmp_path: Path) -> None:
    settings = start(tmp_path / "home", no_data)
    send(settings, "before", [
        *filler(),
        child("R1", "penta_sii", date(2024, 5, 5)),
        child("R2", "penta_sii", date(2024, 6, 10), dose_number=2),
    ])  # fmt: skip
    before = person_values(settings)
    # Before the first birthday the child moves to another province; the next record says so.
    send(settings, "after", [
        child("R3", "measles", date(2024, 12, 10), facility_code="0101201", household_commune_code="00001",
              temporary_commune_code="01012"),
    ], at="2026-04-06T12:00:00+07:00")  # fmt: skip
    after = person_values(settings)
    changed = {
        (tree, area, month)
        for measure, tree, area, month in before.keys() | after.keys()
        if before.get((measure, tree, area, month)) != after.get((measure, tree, area, month))
        and measure.startswith("cohort_") and area.isdigit() and len(area) == 5
    }  # fmt: skip
    at_12, at_24 = date(2025, 3, 1), date(2026, 3, 1)
    assert changed == {
        (tree, area, month)
        for tree, area in (("63", "00001"), ("34", "00097"), ("63", "01012"), ("34", "01012"))
        for month in (at_12, at_24)
    }
    followed = {key: value for key, value in after.items() if key[0].startswith("cohort_followed_")}
    assert followed["cohort_followed_1m", "63", "00001", date(2024, 4, 1)] == 1, "it lived there at one month"
    assert ("cohort_followed_12m", "63", "00001", at_12) not in followed
    assert followed["cohort_followed_12m", "63", "01012", at_12] == 1
    assert followed["cohort_followed_12m", "63", "VN", at_12] == before["cohort_followed_12m", "63", "VN", at_12]


def test_a_commune_and_its_successor_are_one_place_and_codes_are_read_in_their_time(
    no_data: Path, tmp_path: Path
) -> None:
    settings = start(tmp_path / "home", no_data)
    send(settings, "all", [
        *filler(),
        # 00004 is a commune of either list: before the change it is the old one, whose successor is the new one.
        child("R1", "penta_sii", date(2025, 5, 5), household_commune_code="00004"),
        child("R2", "penta_sii", date(2025, 7, 10), household_commune_code="00004", dose_number=2),
        # 00007 was split; the new code says where the child lives in both lists.
        child("R3", "measles", date(2025, 8, 10), household_commune_code="00007"),
        child("R4", "mr", date(2025, 11, 10), household_commune_code="00025", dose_number=2),
    ])  # fmt: skip
    assert warehouse(
        settings,
        "select hierarchy_code, commune_code, valid_from, valid_to, unit_code from int_person_residences"
        f" inner join int_persons using (person_key) where birth_date = date '{BORN}' order by valid_from",
    ) == [
        ("63", "00004", BORN, date(2025, 8, 10), "C:00004:00004"),
        ("63", "00007", date(2025, 8, 10), None, "C:00007:00025"),
    ]
