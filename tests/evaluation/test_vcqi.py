"""The 210 vaccination cards of the VCQI demonstration district: the verdicts and counts of WHO's survey tool."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict

import pytest

from pipelines.settings import external_data_dir
from tests.evaluation.files import Rows, evaluate, read

FOLDER = external_data_dir() / "vcqi_district20"
pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not FOLDER.exists(), reason=f"third-party material is not here: {FOLDER}"),
]
# The doses of a card by antigen.
CARD = {
    "bcg": ["bcg"],
    "mcv": ["mcv"],
    "penta": ["penta1", "penta2", "penta3"],
    "opv": ["opv1", "opv2", "opv3"],
}
DOSES = [dose for names in CARD.values() for dose in names]
YEAR_DAYS = 365
# A first dose ticked without a date: the dated dose in the next place counts as the first, but the tool leaves it out
# of what was given by one year of age. Doses by child.
LEFT_OUT_BY_AGE_1 = {"1/22/149": 2, "1/22/152": 1}


def child(row: dict[str, str]) -> str:
    return "/".join(row[name] for name in ("stratumid", "clusterid", "respid"))


@pytest.fixture(scope="module")
def cards() -> dict[str, dict[str, str]]:
    return {child(row): row for row in read(FOLDER / "RI_COVG_01_1.csv")}


@pytest.fixture(scope="module")
def valid_ages(cards: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """The age in days at each valid dose of each child."""
    births = {child(row): row["dob_for_valid_dose_calculations"] for row in read(FOLDER / "RI_COVG_02_1.csv")}
    doses: Rows = [
        {
            "person_code": code, "birth_date": births[code], "antigen_code": antigen,
            "given_date": card[f"{dose}_card_date"], "sequence": number,
        }
        for code, card in cards.items()
        for antigen, names in CARD.items()
        for number, dose in enumerate(names, 1)
        if card[f"{dose}_card_date"] != "NA"
    ]  # fmt: skip
    verdicts = evaluate(tmp_path_factory.mktemp("vcqi"), doses=doses, schedule=schedule())
    assert len(verdicts) == len(doses)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in verdicts:
        if row["status"] == "valid":
            dose = CARD[row["antigen_code"]][int(row["valid_dose_number"]) - 1]
            found[row["person_code"]][dose] = int(row["age_days"])
    return found


def schedule() -> Rows:
    """Return the schedule that the tool was run with: doses, minimum ages, interval and maximum age in days."""
    text = (FOLDER / "schedule_for_check.txt").read_text(encoding="utf-8")
    return [
        {
            "antigen_code": antigen, "dose_number": number, "minimum_age_days": age, "maximum_age_days": oldest,
            "minimum_interval_days": interval if number > 1 else None,
        }
        for antigen, (_, ages, interval, oldest) in ast.literal_eval(text).items()
        for number, age in enumerate(ages, 1)
    ]  # fmt: skip


def test_all_verdicts_equal(valid_ages: dict[str, dict[str, int]]) -> None:
    rows = read(FOLDER / "RI_COVG_02_1.csv")
    expected = {(child(row), dose): row[f"got_valid_{dose}_by_card"] == "1" for row in rows for dose in DOSES}
    assert len(expected) == 1680
    assert {(code, dose): dose in valid_ages.get(code, {}) for code, dose in expected} == expected
    assert sum(is_valid for (_, dose), is_valid in expected.items() if dose == "penta3") == 22


def test_ages_at_valid_doses_equal(valid_ages: dict[str, dict[str, int]]) -> None:
    for row in read(FOLDER / "RI_COVG_02_1.csv"):
        expected = {
            dose: int(row[f"age_at_valid_{dose}_card"]) for dose in DOSES if row[f"age_at_valid_{dose}_card"] != "NA"
        }
        assert valid_ages.get(child(row), {}) == expected


def test_crude_doses_equal(cards: dict[str, dict[str, str]]) -> None:
    counted = Counter(dose for card in cards.values() for dose in DOSES if has_crude(card, dose))
    assert counted["penta3"] == 127
    for card in cards.values():
        assert {dose: str(int(has_crude(card, dose))) for dose in DOSES} == {
            dose: card[f"got_crude_{dose}_to_analyze"] for dose in DOSES
        }


def test_fully_vaccinated_equal(cards: dict[str, dict[str, str]], valid_ages: dict[str, dict[str, int]]) -> None:
    for row in read(FOLDER / "RI_COVG_03_1.csv"):
        card, valid = cards[child(row)], valid_ages.get(child(row), {})
        crude = sum(has_crude(card, dose) for dose in DOSES)
        in_time = sum(age < YEAR_DAYS for age in valid.values()) - LEFT_OUT_BY_AGE_1.get(child(row), 0)
        counted = {
            "fv_count_crude": crude,
            "fv_count_valid": len(valid),
            "fvb1_count": in_time,
            "fully_vaccinated_crude": int(crude == len(DOSES)),
            "fully_vaccinated_valid": int(len(valid) == len(DOSES)),
            "fully_vaccinated_by_age1": int(in_time == len(DOSES)),
        }
        assert counted == {name: int(row[name]) for name in counted}


def test_dropout_equals(cards: dict[str, dict[str, str]]) -> None:
    for row in read(FOLDER / "RI_CONT_01_1.csv"):
        card = cards[child(row)]
        for first, last in (("penta1", "penta3"), ("opv1", "opv3")):
            without_last = "1" if not has_crude(card, last) else "0"
            expected = without_last if has_crude(card, first) else "NA"
            assert row[f"dropout_{first}_{last}"] == expected


def has_crude(card: dict[str, str], dose: str) -> bool:
    """Say whether a card or the mother's memory has a dose, whenever it was given."""
    return card[f"{dose}_card_date"] != "NA" or card[f"{dose}_card_tick"] == "1" or card[f"{dose}_history"] == "1"
