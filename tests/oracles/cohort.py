"""What is counted of children, once more in plain Python: one child after the other, from its records.

Written from docs/architecture.md ("Persons"); shares nothing with the models but the registry's rows. Verdicts come
from the oracle of evaluation.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pipelines.reference import PersonMeasure, Registry
from tests.oracles.evaluation import Given, Rule, Verdict, after, verdicts

NEW_TREE = date(2025, 7, 1)
Place = tuple[str | None, str | None]  # commune of 2017 and of 2025, as far as known
Found = Counter[tuple[str, Place, date]]


@dataclass(frozen=True)
class Seen:
    """A record that stands."""

    key: str
    person: str
    birth: date
    day: date
    product: str
    facility: str
    place: Place  # of the facility
    status: int = 2
    number: int = 1
    is_facility_record: bool = True
    time: datetime | None = None
    born_at: datetime | None = None
    flag: bool | None = None
    household: str | None = None
    temporary: str | None = None
    death: date | None = None
    own: str | None = None  # name and telephone, as others know the person
    mother: str | None = None


@dataclass
class Child:
    """Everything about one person."""

    birth: date
    records: list[Seen]
    judged: dict[tuple[str, date], Verdict] = field(default_factory=dict)
    stays: list[tuple[date, Place]] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """What the counting needs beside the records."""

    registry: Registry
    areas: Areas
    starts: Mapping[str, date]  # province of the new tree, or "", -> first month of its records
    as_of: date
    tetanus: Mapping[str, Sequence[tuple[date, int]]]  # woman -> days of her doses, and the numbers on them


class Areas:
    """The two trees."""

    def __init__(self, registry: Registry) -> None:
        self._areas = registry.areas
        self.successors: dict[str, set[str]] = defaultdict(set)
        self.origins: dict[str, set[str]] = defaultdict(set)
        self.split_shares: dict[str, dict[str, float]] = defaultdict(dict)
        for change in registry.area_changes:
            if (change.from_hierarchy_code, change.to_hierarchy_code) == ("63", "34"):
                self.successors[change.from_code].add(change.to_code)
                self.origins[change.to_code].add(change.from_code)
                if change.change_kind == "split":
                    self.split_shares[change.from_code][change.to_code] = change.share

    def above(self, tree: str, code: str) -> set[tuple[str, str]]:
        """Return the area and all above it."""
        found: set[tuple[str, str]] = set()
        here: str | None = code
        while here:
            found.add((tree, here))
            here = self._areas[tree, here].parent_code
        return found

    def of(self, place: Place) -> set[tuple[str, str]]:
        """Return every area that a place lies in for certain."""
        old, new = place
        if old is None and new is None:
            return {("63", "VN"), ("34", "VN")}
        if old is not None and new is not None:
            return self.above("63", old) | self.above("34", new)
        if old is not None:
            heirs = [self.above("34", code) for code in self.successors[old]]
            # A split commune's parts share what lies above them.
            return self.above("63", old) | set.intersection(*heirs)
        assert new is not None
        parents = [self.above("63", code) - {("63", code)} for code in self.origins[new]]
        return self.above("34", new) | set.intersection(*parents)

    def shares(self, place: Place) -> dict[tuple[str, str], float]:
        """Return every area that a person who lives there counts in, and how much of one in each."""
        old, new = place
        found = dict.fromkeys(self.of(place), 1.0)
        if old is not None and new is None and len(self.successors[old]) > 1:
            units = 2**20
            rounded = {code: int(share * units + 0.5) for code, share in self.split_shares[old].items()}
            rounded[max(rounded, key=rounded.__getitem__)] += units - sum(rounded.values())
            found |= {("34", code): parts / units for code, parts in rounded.items()}
        return found

    def new_province(self, place: Place) -> str:
        """Return the province of today, or "" where the address is unknown."""
        for tree, code in self.of(place):
            if tree == "34" and self._areas[tree, code].level_code == "province":
                return code
        return ""


def starts(sent: Iterable[tuple[str, Place, date]], areas: Areas, share: float) -> dict[str, date]:
    """Return from when records come: per province, the first month in which a fair share of its facilities sent any."""
    senders: dict[str, dict[date, set[str]]] = defaultdict(lambda: defaultdict(set))
    for facility, place, month in sent:
        for province in ("", areas.new_province(place)):
            senders[province][month].add(facility)
    return {
        province: min(month for month, found in months.items() if len(found) >= share * max(map(len, months.values())))
        for province, months in senders.items()
    }


def tetanus_doses(records: Iterable[Seen], registry: Registry) -> dict[str, list[tuple[date, int]]]:
    """Return the doses against tetanus that facilities gave to women."""
    woman = f"{registry.person_parameters['woman_minimum_age_years'].value:.0f} years"
    found: dict[str, list[tuple[date, int]]] = defaultdict(list)
    for record in records:
        is_given = record.product == "td" and record.status == 2 and record.is_facility_record
        if is_given and record.own and record.day >= after(record.birth, woman):
            found[record.own].append((record.day, record.number))
    return found


def _is_protected(child: Child, world: World) -> bool | None:
    """Say whether the mother's doses protect the child at birth; None when none is known."""
    known = f"{world.registry.person_parameters['mother_known_months'].value:.0f} months"
    mothers = [seen.mother for seen in child.records if seen.mother and seen.day < after(child.birth, known)]
    doses = [dose for dose in world.tetanus.get(mothers[0], ()) if dose[0] <= child.birth] if mothers else []
    if not doses:
        return None
    number = max(len({day for day, _ in doses}), *(number for _, number in doses))
    last = max(day for day, _ in doses)
    return any(
        number >= rule.lifetime_doses and child.birth < after(last, f"{rule.protected_years} years")
        for rule in world.registry.tetanus_protection
    )


def count(records: Sequence[Seen], world: World) -> Found:
    """Return the value of every measure of persons by measure, place and month; zeros are left out."""
    by_person: dict[str, list[Seen]] = defaultdict(list)
    for record in records:
        by_person[record.person].append(record)
    found: Found = Counter()
    for mine in by_person.values():
        child = Child(mine[0].birth, sorted(mine, key=lambda record: record.day))
        child.judged = _judge(child, world.registry)
        child.stays = _stays(child, world.areas)
        _count_given(child, world, found)
        for age in world.registry.cohort_ages.values():
            reach = after(child.birth, f"{age.months} months")
            death = max((record.death for record in mine if record.death), default=None)
            if reach.replace(day=1) < world.as_of.replace(day=1) and (death is None or death > reach):
                _count_age(child, age.cohort_age_code, reach, world, found)
    return found


def _judge(child: Child, registry: Registry) -> dict[tuple[str, date], Verdict]:
    """Return the verdict of each series and day on which a facility gave a dose of it."""
    ways: dict[str, set[str]] = defaultdict(set)
    for way in registry.product_series:
        ways[way.product_code].add(way.series_code)
    given = {}
    for record in child.records:
        if record.status == 2 and record.is_facility_record:
            for series in ways[record.product]:
                given[series, record.day] = Given(
                    "x", child.birth, series, f"{series} {record.day}", record.day,
                    death=max((seen.death for seen in child.records if seen.death), default=None),
                )  # fmt: skip
    found = verdicts(given.values(), rules_of(registry))
    return {key: found[dose.key] for key, dose in given.items()}


def rules_of(registry: Registry) -> list[Rule]:
    """Return the schedule of the registry; the first rule of a dose holds for those born before it, too."""
    first: dict[str, date] = {}
    for row in registry.schedule_doses:
        first[row.dose_code] = min(first.get(row.dose_code, row.valid_from), row.valid_from)
    return [
        Rule(
            series=registry.doses[row.dose_code].series_code,
            number=registry.doses[row.dose_code].dose_number,
            minimum_age=row.minimum_age,
            maximum_age=row.maximum_age,
            minimum_interval=row.minimum_interval,
            valid_from=None if row.valid_from == first[row.dose_code] else row.valid_from,
            valid_to=row.valid_to,
        )
        for row in registry.schedule_doses
    ]


def _stays(child: Child, areas: Areas) -> list[tuple[date, Place]]:
    said: dict[date, str] = {}
    for record in child.records:
        code = record.temporary or record.household
        if code:
            said[record.day] = code
    stays: list[tuple[date, dict[str, str]]] = []
    before: tuple[str, str] | None = None
    for day in sorted(said):
        code = said[day]
        trees = [tree for tree in ("63", "34") if (tree, code) in areas._areas]
        tree = ("34" if day >= NEW_TREE else "63") if len(trees) == 2 else trees[0]
        here = (tree, code)
        is_same = before == here or (
            before is not None
            and before[0] != tree
            and (code in areas.successors[before[1]] if tree == "34" else before[1] in areas.successors[code])
        )
        if not is_same:
            stays.append((day if stays else min(day, child.birth), {}))
        stays[-1][1].setdefault(tree, code)
        before = here
    return [(since, (known.get("63"), known.get("34"))) for since, known in stays]


def _lives(child: Child, day: date) -> Place:
    return next((place for since, place in reversed(child.stays) if since <= day), (None, None))


def _cared_for(child: Child, reach: date) -> Place:
    seen = [record for record in child.records if record.is_facility_record]
    if not seen:
        return (None, None)
    days = [record.day for record in seen if record.day < reach] or [seen[0].day]
    return min(record.place for record in seen if record.day == days[-1])


def _count_given(child: Child, world: World, found: Found) -> None:
    """Count doses in the month and at the place of vaccination."""
    parameters = world.registry.person_parameters
    woman = after(child.birth, f"{parameters['woman_minimum_age_years'].value:.0f} years")
    for (series, day), verdict in child.judged.items():
        best = _best(child, series, day, world.registry)
        month = day.replace(day=1)
        found["doses_judged", best.place, month] += 1
        if verdict.status == "invalid":
            found["doses_invalid", best.place, month] += 1
        if series == "td" and day >= woman and best.number >= 2:
            found["td_women_2plus", best.place, month] += 1


def _best(child: Child, series: str, day: date, registry: Registry) -> Seen:
    ways = {way.product_code for way in registry.product_series if way.series_code == series}
    same = [
        record for record in child.records
        if record.day == day and record.product in ways and record.status == 2 and record.is_facility_record
    ]  # fmt: skip
    return min(same, key=lambda record: (record.time is None, record.key))


def _count_age(child: Child, age: str, reach: date, world: World, found: Found) -> None:
    registry, month = world.registry, reach.replace(day=1)
    home = _lives(child, reach)
    start = world.starts.get(world.areas.new_province(home), world.starts[""])
    is_followed = child.birth >= start
    values = _values(child, age, reach, registry) if is_followed else {}
    if is_followed and (is_protected := _is_protected(child, world)) is not None:
        values |= {("mother_known", None): 1, ("mother_protected", None): is_protected}
    values["registered", None] = 1
    for row in registry.person_measures.values():
        if row.cohort_age_code == age and (value := values.get((_kind(row), row.dose_code), 0)):
            place = home if row.place_basis == "residence" else _cared_for(child, reach)
            found[row.measure_code, place, month] += value


def _kind(row: PersonMeasure) -> str:
    return f"{row.count_kind} after {row.first_dose_code}" if row.first_dose_code else row.count_kind


def _values(child: Child, age: str, reach: date, registry: Registry) -> dict[tuple[str, str | None], int]:
    """Return what one child adds to each kind of count at an age."""
    values: dict[tuple[str, str | None], int] = {("followed", None): 1}
    recorded, valid = Counter[str](), Counter[str]()
    for (series, day), verdict in child.judged.items():
        if day < reach:
            recorded[series] += 1
            valid[series] += verdict.number is not None
    for row in registry.person_measures.values():
        if row.first_dose_code:
            first, second = registry.doses[row.first_dose_code], registry.doses[row.dose_code or ""]
            stopped = (
                recorded[first.series_code] >= first.dose_number and recorded[second.series_code] < second.dose_number
            )
            values[_kind(row), row.dose_code] = stopped
    for dose in registry.doses.values():
        code, series = dose.dose_code, dose.series_code
        has_any, has_valid = recorded[series] >= dose.dose_number, valid[series] >= dose.dose_number
        values |= {("recorded", code): has_any, ("unrecorded", code): not has_any, ("valid", code): has_valid,
                   ("only_invalid", code): has_any and not has_valid}  # fmt: skip
        days = sorted(day for (name, day) in child.judged if name == series)
        if len(days) >= dose.dose_number:
            day = days[dose.dose_number - 1]
            limit = after(child.birth, f"{dose.coverage_age_limit_months} months")
            values["caught_up", code] = limit <= day < reach
            if day < reach and code == "hepb_bd":
                values[_birth_dose(child, day, registry), code] = 1
    rules = [row for row in registry.schedule_doses if row.scope == "national" and row.valid_from <= child.birth
             and (row.valid_to is None or child.birth < row.valid_to)]  # fmt: skip
    due = [registry.doses[row.dose_code] for row in rules if after(child.birth, row.recommended_age) < reach]
    for kind, counted in (("not_full_recorded", recorded), ("not_full_valid", valid)):
        values[kind, None] = any(counted[dose.series_code] < dose.dose_number for dose in due)
    visits = sorted({day for _, day in child.judged if day < reach})
    missed: set[date] = set()
    is_uncorrected = False
    for row in rules:
        dose = registry.doses[row.dose_code]
        on = {v.number: day for (series, day), v in child.judged.items() if series == dose.series_code and v.number}
        since = after(child.birth, row.minimum_age)
        if dose.dose_number > 1:
            if dose.dose_number - 1 not in on:
                continue
            since = max(since, after(on[dose.dose_number - 1], row.minimum_interval or "0 days"))
        until = min(on.get(dose.dose_number, date.max), after(child.birth, row.maximum_age or "200 years"))
        late = {day for day in visits if since <= day < until}
        missed |= late
        is_uncorrected |= bool(late) and on.get(dose.dose_number, date.max) >= reach
    values |= {("visits", None): len(visits), ("visits_missed", None): len(missed),
               ("missed_uncorrected", None): bool(missed) and is_uncorrected,
               ("missed_corrected", None): bool(missed) and not is_uncorrected}  # fmt: skip
    return values


def _birth_dose(child: Child, day: date, registry: Registry) -> str:
    best = _best(child, "hepb_bd", day, registry)
    born = max((record.born_at for record in child.records if record.born_at), default=None)
    flags = [record.flag for record in child.records if record.day == day and record.flag is not None
             and record.product == best.product and record.status == 2]  # fmt: skip
    if born is not None and best.time is not None:
        hours = registry.person_parameters["birth_dose_hours"].value
        return "birth_dose_timed" if timedelta(0) <= best.time - born <= timedelta(hours=hours) else "birth_dose_late"
    if flags:
        return "birth_dose_flagged" if any(flags) else "birth_dose_late"
    return "birth_dose_late" if (day - child.birth).days >= 2 else "birth_dose_unknown"
