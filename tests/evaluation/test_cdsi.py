"""CDC's own cases through `niis doses evaluate`: what is said of each dose, and why where ours differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest

from pipelines.settings import external_data_dir
from tests.evaluation.cdsi import Candidate, Case, CaseDose, Deck
from tests.evaluation.files import evaluate

FOLDER = external_data_dir() / "cdsi"
pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not FOLDER.exists(), reason=f"third-party material is not here: {FOLDER}"),
]

LIVE_VIRUS = "live virus conflict: a live vaccine within 28 days of another one"
COVID = "COVID-19: rules of each season and product, of which there is no supporting data here"
# Where ours says otherwise, and which rule of CDC's it does not model.
DIFFERENCES = {
    ("2013-0547", "2"): LIVE_VIRUS,
    ("2013-0563", "2"): LIVE_VIRUS,
    ("2013-0823", "2"): LIVE_VIRUS,
    ("2013-0825", "2"): LIVE_VIRUS,
    ("2013-0831", "2"): LIVE_VIRUS,
    ("2013-0832", "2"): LIVE_VIRUS,
    ("2018-0009", "2"): "live and recombinant zoster vaccine are told apart, and may be given on one day",
    ("2023-0001", "3"): "pneumococcal vaccine of adults: conditions on which products were given, in which order",
    ("2024-0061", "2"): "a series of one product (Twinrix at 0, 7 and 21 days) goes on with another product",
    ("2024-0061", "3"): "a series of one product (Twinrix at 0, 7 and 21 days) goes on with another product",
    ("2024-0102", "1"): "pneumococcal vaccine of adults: risk series by the person's conditions",
    ("2025-0052", "1"): COVID,
    ("2025-0052", "2"): COVID,
    ("2025-0053", "2"): COVID,
}

Key = tuple[str, str]  # a case or person, and the number of a dose


@pytest.fixture(scope="module")
def deck() -> Deck:
    return Deck(FOLDER)


@pytest.fixture(scope="module")
def found(deck: Deck, tmp_path_factory: pytest.TempPathFactory) -> dict[Key, str]:
    """What the command says of each dose."""
    folder = tmp_path_factory.mktemp("cdsi")
    choices = list(candidates(deck))
    doses = [
        {
            "person_code": case.code, "birth_date": case.birth, "antigen_code": code, "given_date": dose.day,
            "product_code": dose.cvx, "sequence": dose.number,
        }
        for case, _, code, _, of in choices
        for dose in of
    ]  # fmt: skip
    lines = [{**line, "antigen_code": code} for _, _, code, candidate, _ in choices for line in candidate.lines]
    ages = [{"product_code": cvx, "minimum_age": age} for cvx, age in deck.product_ages().items()]
    verdicts: dict[Key, dict[str, str]] = defaultdict(dict)
    for row in evaluate(folder, doses=doses, schedule=lines, products=ages):
        verdicts[row["person_code"], row["antigen_code"]][row["sequence"]] = row["status"]

    best: dict[Key, tuple[int, int, dict[str, str]]] = {}
    for case, antigen, code, candidate, _ in choices:
        of = verdicts[case.code, code]
        rank = (-list(of.values()).count("valid"), candidate.preference)
        if (case.code, antigen) not in best or rank < best[case.code, antigen][:2]:
            best[case.code, antigen] = (*rank, of)
    statuses: dict[Key, set[str]] = defaultdict(set)
    for (case_code, _), (_, _, of) in best.items():
        for number, status in of.items():
            statuses[case_code, number].add(status)
    return {key: "valid" if of == {"valid"} else min(of - {"valid"}) for key, of in statuses.items()}


def candidates(deck: Deck) -> Iterator[tuple[Case, str, str, Candidate, list[CaseDose]]]:
    """Yield each series that fits a person, under a code of its own, with the doses that it may count."""
    for case in deck.cases:
        by_antigen = defaultdict(list)
        for dose in case.doses:
            for antigen in deck.antigens(case.group, dose.cvx):
                by_antigen[antigen].append(dose)
        for antigen, doses in by_antigen.items():
            for candidate in deck.candidates(case, antigen, doses):
                yield case, antigen, f"{candidate.code} ({case.code})", candidate, doses


def test_every_case_with_doses_is_evaluated(deck: Deck, found: dict[Key, str]) -> None:
    assert len(deck.cases) == 478
    assert set(found) == {(case.code, dose.number) for case in deck.cases for dose in case.doses}
    assert len(found) == 1147


def test_cases_of_minimum_age_and_interval_are_all_right(deck: Deck, found: dict[Key, str]) -> None:
    plain = [case for case in deck.cases if case.is_plain]
    assert len(plain) == 127
    assert [
        (case.code, dose.number)
        for case in plain
        for dose in case.doses
        if found[case.code, dose.number] != dose.status
    ] == []


def test_what_differs_is_known_and_explained(deck: Deck, found: dict[Key, str]) -> None:
    expected = {(case.code, dose.number): dose.status for case in deck.cases for dose in case.doses}
    assert {key for key, status in expected.items() if found[key] != status} == set(DIFFERENCES)
    wrong_cases = {code for code, _ in DIFFERENCES}
    assert 1 - len(DIFFERENCES) / len(expected) > 0.98
    assert 1 - len(wrong_cases) / len(deck.cases) > 0.97
