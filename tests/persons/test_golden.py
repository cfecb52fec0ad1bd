"""Every indicator of persons once, worked out by hand for children whose doses can be counted on fingers."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from dashboards.warehouse import Release, open_release
from pipelines.inbox import submit
from pipelines.reference import load_registry
from tests.oracles.evaluation import after
from tests.persons.histories import dose, send, start

# Born in the first month with records, old enough for 36 months: reaches 1 month in February 2023, 12 in January 2024,
# 24 in January 2025, 36 in January 2026.
BORN = date(2023, 1, 10)
MONTH_OF_AGE = {"1m": "2023-02", "12m": "2024-01", "24m": "2025-01", "36m": "2026-01"}
# The whole schedule in time: product, dose number, age.
PLAN = [
    ("hepb_mono", 1, "0 days"), ("bcg", 1, "2 days"), ("penta_sii", 1, "2 months"), ("opv", 1, "2 months"),
    ("rota_rotavin", 1, "2 months"), ("pcv13", 1, "2 months"), ("penta_sii", 2, "3 months"), ("opv", 2, "3 months"),
    ("rota_rotavin", 2, "3 months"), ("penta_sii", 3, "4 months"), ("opv", 3, "4 months"), ("pcv13", 2, "4 months"),
    ("ipv", 1, "5 months"), ("ipv", 2, "9 months"), ("measles", 1, "9 months"), ("je_inactivated", 1, "12 months"),
    ("pcv13", 3, "12 months"), ("je_inactivated", 2, "12 months 14 days"), ("mr", 2, "18 months"),
    ("dpt", 4, "18 months"), ("je_inactivated", 3, "25 months"),
]  # fmt: skip
PHONES = {"A": "0912000001", "B": "0912000002", "C": "0912000003", "D": "0912000004"}
NAMES = {"A": "An", "B": "Bình", "C": "Chi", "D": "Dung", "E": "Giang"}


def record(child: str, number: int, product: str, dose_number: int, day: date, **cells: object) -> dict[str, str]:
    given = cells.pop("given_at", day)
    return dose(
        record_id=f"{child}{number}", submitted_at="2026-04-02 08:00:00", person_code=f"P{child}",
        full_name=f"Lê Thị {NAMES[child]}", birth_date=BORN, phone=PHONES[child],
        mother_name=f"Phạm Thị {NAMES[child]}", product_code=product, dose_number=dose_number, given_at=given,
        household_commune_code="00001", **cells,
    )  # fmt: skip


def children() -> list[dict[str, str]]:
    """Four children of one commune.

    A has every dose in time, the birth dose three hours after birth. B is known from a refusal alone. C had what A had,
    each but the first two a week before it was due, and the birth dose is ticked as one of the first day. D had the
    birth dose (nobody knows the hour) and BCG, and everything else eleven months late.
    """
    rows = [record("B", 0, "bcg", 1, BORN + timedelta(3), dose_status=4)]
    for number, (product, dose_number, age) in enumerate(PLAN):
        day = after(BORN, age)
        is_birth_dose = product == "hepb_mono"
        timed = {"birth_time": "06:00", "given_at": f"09:00 {day:%d/%m/%Y}"} if is_birth_dose else {}
        rows.append(record("A", number, product, dose_number, day, **timed))
        ticked = {"within_24h": "có"} if is_birth_dose else {}
        rows.append(record("C", number, product, dose_number, day - timedelta(7 if number > 1 else 0), **ticked))
        rows.append(record("D", number, product, dose_number, after(day, "11 months" if number > 1 else "0 days")))
    return rows


@pytest.fixture(scope="module")
def release(no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    settings = start(tmp_path_factory.mktemp("golden") / "home", no_data)
    mother = dose(
        record_id="M1", person_code="W1", full_name="Phạm Thị An", birth_date=date(1995, 5, 5), mother_name="",
        phone=PHONES["A"], product_code="td", dose_number=2, given_at=date(2023, 1, 5), household_commune_code="00001",
    )  # fmt: skip
    target = settings.home / "target.csv"
    target.write_text(
        "facility_code,period,measure_code,value,submitted_at\n0000101,2023,target_pregnant_women,12,2023-01-02\n",
        encoding="utf-8",
    )
    submit(settings, [target])
    send(settings, "golden", [*children(), mother])
    return open_release(settings.published)


def parts(release: Release, code: str, month: str) -> tuple[object, ...]:
    frame = release.indicator_values(
        [code], "63", area_codes=["00001"], period_type="month", period_from=month, period_to=month
    )
    (row,) = frame.select("numerator", "denominator", "value_status").rows()
    return tuple(row)


# Who has the dose on record before the age, and who has it validly. C's first dose of each series is too early, so that
# the second takes its place, and so on; D's rotavirus comes after its maximum age.
HAD = {
    "1m": {"bcg": ("ACD", "ACD"), "hepb_bd": ("ACD", "ACD")},
    "12m": {
        "bcg": ("ACD", "ACD"), "hepb_bd": ("ACD", "ACD"),
        "penta1": ("AC", "AC"), "penta2": ("AC", "AC"), "penta3": ("AC", "A"),
        "hib1": ("AC", "AC"), "hib2": ("AC", "AC"), "hib3": ("AC", "A"),
        "hepb1": ("AC", "AC"), "hepb2": ("AC", "AC"), "hepb3": ("AC", "A"),
        "opv1": ("AC", "AC"), "opv2": ("AC", "AC"), "opv3": ("AC", "A"),
        "ipv1": ("AC", "AC"), "ipv2": ("AC", "A"), "mcv1": ("AC", "A"),
        "rota1": ("AC", "AC"), "rota2": ("AC", "A"),
        # C's third dose, a week before the first birthday, is its second valid one.
        "pcv1": ("AC", "AC"), "pcv2": ("AC", "AC"),
    },
    "24m": {
        # C's DTP at 18 months is its third valid dose, and its measles-rubella the first.
        "penta1": ("ACD", "ACD"), "penta3": ("ACD", "ACD"), "opv3": ("ACD", "AD"),
        "ipv1": ("ACD", "ACD"), "ipv2": ("ACD", "AD"), "mcv1": ("ACD", "ACD"), "mcv2": ("AC", "A"),
        "rubella1": ("AC", "A"), "dpt4": ("AC", "A"), "je1": ("ACD", "ACD"), "je2": ("ACD", "AD"),
        "pcv3": ("ACD", "AD"),
    },
    # D's third dose is given on the day of the third birthday: not before it.
    "36m": {"je3": ("AC", "A")},
}  # fmt: skip
# Numerator and denominator, month.
OTHERS = {
    "cohort_full_valid_12m": (1, 4, "2024-01"), "cohort_full_crude_12m": (2, 4, "2024-01"),
    "cohort_full_valid_24m": (1, 4, "2025-01"), "cohort_full_crude_24m": (2, 4, "2025-01"),
    "cohort_full_valid_12m_by_place": (1, 4, "2024-01"), "cohort_full_crude_12m_by_place": (2, 4, "2024-01"),
    "cohort_full_valid_24m_by_place": (1, 4, "2025-01"), "cohort_full_crude_24m_by_place": (2, 4, "2025-01"),
    "cohort_hepb_bd_24h_1m": (2, 4, "2023-02"), "cohort_hepb_bd_24h_timed_1m": (1, 4, "2023-02"),
    "cohort_hepb_bd_24h_flagged_1m": (1, 4, "2023-02"), "cohort_hepb_bd_24h_unknown_1m": (1, 4, "2023-02"),
    "cohort_hepb_bd_late_1m": (0, 4, "2023-02"),
    "zero_dose_cohort_12m": (2, None, "2024-01"), "zero_dose_share_cohort_12m": (2, 4, "2024-01"),
    "under_immunised_cohort_12m": (0, None, "2024-01"), "under_immunised_share_cohort_12m": (0, 4, "2024-01"),
    "cohort_dropout_penta1_penta3": (0, 2, "2024-01"), "cohort_dropout_mcv1_mcv2": (1, 3, "2025-01"),
    "cohort_dropout_penta1_penta2": (0, 2, "2024-01"), "cohort_dropout_opv1_opv3": (0, 2, "2024-01"),
    "cohort_dropout_ipv1_ipv2": (0, 2, "2024-01"), "cohort_dropout_rota1_rota2": (0, 2, "2024-01"),
    "cohort_dropout_pcv1_pcv2": (0, 2, "2024-01"), "cohort_dropout_je1_je2": (0, 3, "2025-01"),
    # A, C and D have BCG; of D, measles came eleven months late. D has no first DTP before 12 months either.
    "cohort_dropout_bcg_mcv1": (1, 3, "2024-01"), "cohort_dropout_penta1_mcv1": (0, 2, "2024-01"),
    "cohort_invalid_share_penta1_12m": (0, 2, "2024-01"), "cohort_invalid_share_penta3_12m": (1, 2, "2024-01"),
    "cohort_invalid_share_mcv1_12m": (1, 2, "2024-01"), "cohort_invalid_share_mcv2_24m": (1, 2, "2025-01"),
    "cohort_invalid_share_dpt4_24m": (1, 2, "2025-01"),
    # Visits before 12 months: A 7, C 8, D 2. Missed: BCG on the day of birth (all three), and C's third DTP thrice.
    "missed_visits_cohort_12m": (6, 17, "2024-01"), "missed_children_cohort_12m": (3, 4, "2024-01"),
    "missed_uncorrected_cohort_12m": (1, 4, "2024-01"),
    # Before 24 months: A 10 visits, 1 missed; C 10, 6 missed; D 9, 8 missed (only its BCG visit missed nothing).
    "missed_visits_cohort_24m": (15, 29, "2025-01"), "missed_children_cohort_24m": (3, 4, "2025-01"),
    "missed_uncorrected_cohort_24m": (2, 4, "2025-01"),
    "catch_up_penta1_cohort_24m": (1, 2, "2025-01"), "catch_up_penta3_cohort_24m": (1, 2, "2025-01"),
    "catch_up_mcv1_cohort_24m": (1, 2, "2025-01"),
    # In March 2023 A and C each had six doses (three of them in one injection); C's were too early.
    "invalid_share_doses": (6, 12, "2023-03"),
    # A's mother had her second dose five days before the birth; of the other mothers nothing is known.
    "coverage_td2plus_pregnant": (1, 1, "2023-01"),
    "protected_at_birth_cohort": (1, 4, "2023-02"), "protection_known_cohort": (1, 4, "2023-02"),
}  # fmt: skip


@pytest.mark.parametrize("basis", ["", "_by_place"])
@pytest.mark.parametrize(("kind", "position"), [("crude", 0), ("valid", 1)])
def test_coverage_of_each_dose_and_age(release: Release, kind: str, position: int, basis: str) -> None:
    for age, doses in HAD.items():
        for dose_code, had in doses.items():
            code = f"cohort_{kind}_{dose_code}_{age}{basis}"
            assert parts(release, code, MONTH_OF_AGE[age]) == (len(had[position]), 4, "calculated"), code


@pytest.mark.parametrize("code", OTHERS)
def test_every_other_indicator_of_persons(release: Release, code: str) -> None:
    numerator, denominator, month = OTHERS[code]
    assert parts(release, code, month) == (numerator, denominator, "calculated")


def test_every_indicator_of_persons_is_worked_out_here() -> None:
    registry = load_registry()
    of_persons = {term.indicator_code for term in registry.terms if term.measure_code in registry.person_measures}
    coverage = {f"cohort_{kind}_{dose_code}_{age}{basis}" for age, doses in HAD.items() for dose_code in doses
                for kind in ("crude", "valid") for basis in ("", "_by_place")}  # fmt: skip
    assert of_persons == coverage | OTHERS.keys()


def test_a_cohort_that_nobody_followed_from_birth_is_not_reported(release: Release) -> None:
    frame = release.indicator_values(["cohort_valid_penta3_12m"], "63", area_codes=["00001"], period_type="year")
    found = dict(frame.select("period", "value_status").rows())
    assert found["2024"] == "calculated"
    assert found.get("2023", "not_reported") == "not_reported"
