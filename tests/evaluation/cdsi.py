"""CDC's CDSi cases as files for `niis doses evaluate`: a schedule from the supporting data, by rules written here.

What a series says of a dose becomes a line of the schedule:

- minimum age and intervals are the absolute ones, which hold the 4 days of grace already; an allowable interval
  replaces the preferable one; an interval from target dose 1 is one from the first valid dose, from another dose none;
- the products are the preferable and allowable ones, and the age from which one is allowed is that product's own;
- a condition of age alone under which the dose is skipped is `not_needed_from_age`; conditions on counts and intervals
  are left out;
- when every dose of a series has the same maximum age, no dose of it is needed from then on: CDC calls it extraneous;
- of rules with dates of effect, those in force on the day of the last dose stand.

A person is evaluated by every standard series that fits: by sex, by the age at the first dose, and, for the series of
one product, by the products given. The series with most valid doses stands; of equal ones, CDC's preference. A dose
counts for a vaccine group when it is valid for every antigen of the group that it contains.

Groups without supporting data here have a line a dose in `cdsi_other_groups.csv`.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.oracles.evaluation import after

STATUSES = {"Valid": "valid", "Not Valid": "invalid", "Extraneous": "extra"}
GROUPS = {
    "DTAP": "DTaP/Tdap/Td", "POL": "Polio", "HIB": "Hib", "HepB": "HepB", "HPV": "HPV", "PCV": "Pneumococcal",
    "MMR": "MMR", "ROTA": "Rotavirus", "VAR": "Varicella", "MCV": "Meningococcal", "MENB": "Meningococcal B",
    "FLU": "Influenza", "HepA": "HepA", "ZOSTER": "Zoster", "RSV": "RSV", "COVID-19": "COVID-19",
}  # fmt: skip
_SEX = {"F": "Female", "M": "Male"}
# Diphtheria, tetanus, pertussis: a child with four doses between birth and 7 years, one of them from 4 years on, goes
# on with the dose of adolescence; any other person with the three doses of those who start late.
_BOOSTER_AGE, _LATE_START = "4 years - 4 days", "7 years"
_LATE_DOSES = {"Dose 7", "Dose 8", "Dose 9"}
_OTHER_GROUPS = Path(__file__).with_name("cdsi_other_groups.csv")


@dataclass(frozen=True)
class Candidate:
    """A series that fits a person, as lines of the schedule under a code of its own."""

    code: str
    preference: int
    lines: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class CaseDose:
    """A dose of a case and what CDC says of it."""

    number: str
    day: date
    cvx: str
    status: str
    reason: str


@dataclass(frozen=True)
class Case:
    """A person of the deck."""

    code: str
    group: str
    sex: str
    birth: date
    is_plain: bool  # only minimum ages and intervals matter
    doses: tuple[CaseDose, ...]


class Deck:
    """The cases and the supporting data of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def cases(self) -> list[Case]:
        """The cases that have doses."""
        with (self.folder / "cases.csv").open(encoding="utf-8-sig", newline="") as stream:
            plain = {row["CDC_Test_ID"]: row["minage_minint"] == "True" for row in csv.DictReader(stream)}
        rows = defaultdict(list)
        with (self.folder / "doses_with_verdicts.csv").open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                rows[row["test_id"]].append(row)
        return [
            Case(
                code, of[0]["vaccine_group"], of[0]["sex"], date.fromisoformat(of[0]["dob"]), plain[code],
                tuple(
                    CaseDose(
                        row["dose_n"], date.fromisoformat(row["date"]), row["cvx"], STATUSES[row["eval_status"]],
                        row["eval_reason"],
                    )
                    for row in of
                ),
            )
            for code, of in rows.items()
        ]  # fmt: skip

    def antigens(self, group: str, cvx: str) -> list[str]:
        """Return the antigens through which a product counts for a group; all of them when it has none of the group."""
        contained = self._contained[cvx]
        return [antigen for antigen in contained if antigen in self._group_antigens[GROUPS[group]]] or contained

    def candidates(self, case: Case, antigen: str, doses: Sequence[CaseDose]) -> Iterator[Candidate]:
        """Yield the series that fit a person."""
        if antigen not in self._supporting:
            lines = [row for row in self._other_groups if row["antigen_code"] == antigen]
            yield Candidate(antigen, 1, tuple(lines))
            return
        for series in _list(self._supporting[antigen]["series"]):
            lines = _lines(series, case, doses)
            if _fits(series, case, doses, lines):
                code = f"{antigen}: {series['seriesName']}"
                yield Candidate(code, int(series["selectSeries"]["seriesPreference"]), tuple(lines))

    def product_ages(self) -> dict[str, str]:
        """Return the age from which each product is allowed, the lowest that any dose of any series names."""
        ages: dict[str, str] = {}
        for antigen in self._supporting.values():
            for series in _list(antigen["series"]):
                for dose in _list(series["seriesDose"]):
                    for product in _products(dose):
                        age = product.get("beginAge") or "0 days"
                        known = ages.get(product["cvx"])
                        ages[product["cvx"]] = age if known is None else min(age, known, key=_since_epoch)
        return ages

    @cached_property
    def _supporting(self) -> dict[str, Any]:
        files = [path for path in (self.folder / "supporting").glob("*.json") if path.stem != "ScheduleSupportingData"]
        found = [json.loads(path.read_text(encoding="utf-8"))["antigenSupportingData"] for path in files]
        return {_list(antigen["series"])[0]["targetDisease"]: antigen for antigen in found}

    @cached_property
    def _maps(self) -> dict[str, Any]:
        path = self.folder / "supporting" / "ScheduleSupportingData.json"
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["scheduleSupportingData"]
        return data

    @cached_property
    def _contained(self) -> dict[str, list[str]]:
        entries = self._maps["cvxToAntigenMap"]["cvxMap"]
        return {row["cvx"]: [link["antigen"] for link in _list(row.get("association"))] for row in entries}

    @cached_property
    def _group_antigens(self) -> dict[str, list[str]]:
        return {row["name"]: _list(row["antigen"]) for row in self._maps["vaccineGroupToAntigenMap"]["vaccineGroupMap"]}

    @cached_property
    def _other_groups(self) -> list[dict[str, Any]]:
        with _OTHER_GROUPS.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))


def _lines(series: dict[str, Any], case: Case, doses: Sequence[CaseDose]) -> list[dict[str, Any]]:
    last_day = doses[-1].day
    in_childhood = [dose.day for dose in doses if dose.day < after(case.birth, _LATE_START)]
    is_on_time = len(in_childhood) >= 4 and in_childhood[-1] >= after(case.birth, _BOOSTER_AGE)
    lines: list[dict[str, Any]] = []
    for dose in _list(series["seriesDose"]):
        if series["vaccineGroup"] == GROUPS["DTAP"] and dose["doseNumber"] in _LATE_DOSES and is_on_time:
            continue
        ages = [age for age in _list(dose.get("age")) if _in_force(age, last_day)]
        age = ages[0] if ages else {}
        intervals = [row for row in _list(dose.get("interval")) if _in_force(row, last_day)]
        allowable = _list(dose.get("allowableInterval"))
        previous = [row["absMinInt"] for row in allowable + intervals if row.get("fromPrevious") == "Y"]
        from_first = [row["absMinInt"] for row in intervals if row.get("fromTargetDose") == "1"]
        lines.append(
            {
                "dose_number": len(lines) + 1,
                "minimum_age": age.get("absMinAge"),
                "maximum_age": age.get("maxAge"),
                "minimum_interval": previous[0] if previous else None,
                "minimum_interval_from_first": from_first[0] if from_first else None,
                "not_needed_from_age": _skip_age(dose),
                "product_code": "|".join(sorted({product["cvx"] for product in _products(dose)})),
            }
        )
    limits = {line["maximum_age"] for line in lines}
    if len(limits) == 1 and None not in limits:
        for line in lines:
            line["not_needed_from_age"] = line["not_needed_from_age"] or line["maximum_age"]
            line["maximum_age"] = None
    return lines


def _fits(series: dict[str, Any], case: Case, doses: Sequence[CaseDose], lines: Sequence[dict[str, Any]]) -> bool:
    selection, first_day = series["selectSeries"], doses[0].day
    if series["seriesType"] != "Standard":
        return False
    sexes = _list(series.get("requiredGender"))
    if sexes and _SEX[case.sex] not in sexes:
        return False
    # A rule that has ended since was in force whatever the age to start is today.
    is_ended = any(
        age.get("cessationDate") and _in_force(age, doses[-1].day)
        for dose in _list(series["seriesDose"])
        for age in _list(dose.get("age"))
    )
    earliest, latest = selection.get("minAgeToStart"), selection.get("maxAgeToStart")
    if earliest and not is_ended and first_day < after(case.birth, earliest):
        return False
    if latest and first_day >= after(case.birth, latest):
        return False
    of_one_product = selection["productPath"] == "Yes"
    return not of_one_product or all(dose.cvx in lines[0]["product_code"].split("|") for dose in doses)


def _in_force(row: dict[str, Any], day: date) -> bool:
    start, end = row.get("effectiveDate"), row.get("cessationDate")
    return not (start and day < date.fromisoformat(start)) and not (end and day > date.fromisoformat(end))


def _skip_age(dose: dict[str, Any]) -> str | None:
    for skip in _list(dose.get("conditionalSkip")):
        for part in _list(skip["set"]) if skip["context"] in {"Evaluation", "Both"} else []:
            conditions = _list(part["condition"])
            if len(conditions) == 1 and conditions[0]["conditionType"] == "Age":
                return str(conditions[0]["beginAge"])
    return None


def _products(dose: dict[str, Any]) -> list[dict[str, Any]]:
    return [*_list(dose.get("preferableVaccine")), *_list(dose.get("allowableVaccine"))]


def _since_epoch(age: str) -> date:
    return after(date(2000, 1, 1), age)


def _list(value: Any) -> list[Any]:
    """Return what stands once or several times in the supporting data as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
