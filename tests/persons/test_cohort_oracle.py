"""Generated histories, counted by the warehouse and by the oracle: the same numbers for every measure and area."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.reference import load_registry
from tests.oracles.cohort import Areas, Seen, World, count, starts, tetanus_doses
from tests.persons import histories
from tests.persons.histories import PLACES

SEEDS = [1]
PERSONS = 120
# Month ends and leap days on purpose.
BIRTHS = [date(2024, 2, 29), date(2024, 1, 31), date(2023, 12, 31), date(2024, 8, 31), date(2023, 3, 30)]
PRODUCTS = [
    ("hepb_mono", 0), ("bcg", 2), ("penta_sii", 60), ("opv", 60), ("penta_sii", 91), ("opv", 92),
    ("hexa_infanrix", 122), ("pcv13", 125), ("pcv13", 200),
    ("penta_sii", 125), ("opv", 125), ("ipv", 152), ("measles", 275), ("ipv", 275), ("je_inactivated", 366),
    ("je_inactivated", 374), ("mr", 549), ("dpt", 549), ("rota_rotavin", 61), ("rota_rotavin", 95),
    ("je_inactivated", 745), ("penta_sii", 400), ("pcv13", 70),
]  # fmt: skip
OLD_CODES = ["00001", "00004", "01003", "01012", "00007"]
NEW_CODES = ["00097", "00004", "01012", "00025"]


def history(draw: random.Random, number: int) -> list[Seen]:
    """Return the records of a person whom nothing spares: moves, errors, doses told twice, a death."""
    birth = draw.choice(BIRTHS) if draw.random() < 0.2 else date(2023, 1, 1) + timedelta(draw.randrange(1000))
    person = f"P{number:05d}"
    if number % 17 == 0:
        birth -= timedelta(25 * 365)
        chosen = [("td", 25 * 365 + draw.randrange(900)) for _ in range(draw.randrange(1, 4))]
    else:
        chosen = [item for item in PRODUCTS if draw.random() < 0.75]
    born_at = datetime(birth.year, birth.month, birth.day, draw.randrange(24), 15) if draw.random() < 0.5 else None
    moves = sorted(draw.randrange(0, 900) for _ in range(draw.choice([0, 0, 1, 2])))
    death = birth + timedelta(draw.randrange(100, 900)) if draw.random() < 0.05 else None
    facility = draw.choice(list(PLACES))
    records: list[Seen] = []
    numbers: Counter[str] = Counter()
    for product, age in chosen:
        late = int(draw.expovariate(1 / 12)) - (6 if draw.random() < 0.15 else 0)
        day = min(max(birth + timedelta(age + late), birth), date(2026, 3, 31))
        numbers[product] += 1
        if any(seen.day == day for seen in records):
            household, temporary = next((seen.household, seen.temporary) for seen in records if seen.day == day)
        else:
            codes = NEW_CODES if day >= date(2025, 7, 1) and draw.random() < 0.7 else OLD_CODES
            home = codes[(number + sum(day >= birth + timedelta(move) for move in moves)) % len(codes)]
            away = draw.choice(codes) if draw.random() < 0.05 else None
            household, temporary = (None, None) if number % 23 == 0 else (home, away)
        has_time = draw.random() < 0.5
        minute = datetime(day.year, day.month, day.day, draw.randrange(1, 24), 30)
        facility = draw.choice(list(PLACES)) if draw.random() < 0.1 else facility
        records.append(
            Seen(
                f"{facility}|R{number}-{len(records)}", person, birth, day, product, facility, PLACES[facility],
                status=2 if draw.random() < 0.95 else draw.choice([1, 3, 4, 5]),
                number=min(numbers[product], 9),
                is_facility_record=draw.random() < 0.93,
                time=minute if has_time else None,
                born_at=born_at if product == "hepb_mono" else None,
                flag=draw.choice([True, False, None]) if product == "hepb_mono" else None,
                household=household, temporary=temporary,
                death=death if product == "measles" else None,
                own=f"own {number + 1}" if number % 17 == 0 else None,
                mother=f"own {number}",
            )
        )  # fmt: skip
    return records


def as_row(seen: Seen, sent: str) -> dict[str, str]:
    """Return a record as its facility sends it."""
    clock = f"{seen.time:%H:%M} " if seen.time else ""
    return histories.dose(
        record_id=seen.key.split("|")[1],
        facility_code=seen.facility,
        submitted_at=sent,
        person_code=seen.person,
        national_id="",
        # Every seventeenth is the mother of the next.
        full_name=name_of(int(seen.person[1:]) if seen.own is None else mother_number(int(seen.person[1:]) + 1)),
        mother_name=name_of(mother_number(int(seen.person[1:]))),
        phone=f"09{(int(seen.person[1:]) + (seen.own is not None)) * 7919 % 100_000_000:08d}",
        birth_date=seen.birth,
        product_code=seen.product,
        given_at=f"{clock}{seen.day:%d/%m/%Y}",
        dose_number=seen.number,
        dose_status=seen.status,
        household_commune_code=seen.household,
        temporary_commune_code=seen.temporary,
        birth_time=f"{seen.born_at:%H:%M}" if seen.born_at else "",
        within_24h={True: "có", False: "không", None: ""}[seen.flag],
        death_date=seen.death,
        record_origin="facility" if seen.is_facility_record else "declared",
    )


NAMES = ["An", "Bình", "Chi", "Dung", "Giang", "Hà", "Lan", "Mai", "Nga", "Oanh", "Phúc", "Quyên", "Thảo", "Uyên"]


def mother_number(child: int) -> int:
    """Return the number that a child's mother has her name from."""
    return child * 31 + 7


def name_of(number: int) -> str:
    """Return a name that few others have."""
    return " ".join(NAMES[number // len(NAMES) ** place % len(NAMES)] for place in range(4))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_warehouse_counts_as_the_oracle_does(seed: int, no_data: Path, tmp_path: Path) -> None:
    draw, registry = random.Random(seed), load_registry()
    seen = [record for number in range(PERSONS) for record in history(draw, number)]
    seen = [record for record in seen if record.death is None or record.death <= date(2026, 3, 31)]
    settings = histories.start(tmp_path / "home", no_data)
    rows = [as_row(record, "2026-04-02 08:00:00") for record in seen]
    histories.send(settings, "all", rows)
    assert histories.warehouse(settings, "select count(*) from rpt_rejected_rows") == [(0,)]

    areas = Areas(registry)
    months = [(record.facility, record.place, record.day.replace(day=1)) for record in seen]
    share = registry.person_parameters["registry_start_share"].value
    world = World(registry, areas, starts(months, areas, share), histories.AS_OF, tetanus_doses(seen, registry))
    sums: defaultdict[tuple[str, str, str, date], float] = defaultdict(float)
    first = min(month for _, _, month in months)
    for (measure, place, month), value in count(seen, world).items():
        for (tree, area), part in areas.shares(place).items() if month >= first else ():
            sums[measure, tree, area, month] += value * part
    found = histories.person_values(settings)
    expected = {key: value for key, value in sums.items() if value}
    assert len(expected) > 3000
    differing = {key: (found.get(key), expected.get(key)) for key in found.keys() | expected.keys()
                 if found.get(key, 0) != expected.get(key, 0)}  # fmt: skip
    assert sorted(differing.items())[:20] == []
    counted = {measure for measure, *_ in expected}
    assert len(counted) > 0.8 * len(registry.person_measures)
