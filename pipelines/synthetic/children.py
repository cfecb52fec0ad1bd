"""Children and their visits. A month's doses follow from the seed alone: no earlier month has to be made first.

Every birth cohort has a random stream of its own, and every visit of a cohort another, so a child has the same
commune, name, sector and dates whichever months are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.synthetic.register import CALIBRATION

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Visits drag on: after this many months a child that has not come will not come (0.2 % of the delays are longer).
LONGEST_DELAY_MONTHS = 7
_DELAY_SIGMA = 1.0
_USUAL_DELAY_DAYS = 6.0
_SERVICE_SHARE = 0.06
_MOVER_SHARE = 0.04
_MOVE_AGE_DAYS = (60, 700)
# Births are a little more frequent in autumn; the amplitude keeps a year's sum.
_SEASON_AMPLITUDE = 0.06
# Coverage is lower where roads are long: up to this much below the nation in the least covered provinces.
_SPREAD = 0.10
_REMOTE = ("02", "04", "06", "11", "12", "14", "10", "62", "64", "67", "66", "17", "20")
_GOOD_CITIES = ("01", "79", "48", "31", "92", "22")
# Of 1,000 children 13 are twins, and a few do not live to their second birthday.
_TWIN_PAIR_SHARE = 0.0065
_DEATH_SHARE = 0.004
_DEATH_AGE_DAYS = (1, 700)
# Now and then a child is vaccinated too early.
_EARLY_SHARE = 0.008
_EARLY_DAYS = 8
# Of the mothers, this many are vaccinated against tetanus in pregnancy: for the first time, twice; or once more.
_FIRST_TIME_SHARE = 0.35
_ONCE_MORE_SHARE = 0.25
_MOTHER_AGE_DAYS = (19 * 365, 38 * 365)
MOTHER, DEATH = "mother", "death"


@dataclass(frozen=True)
class Cohort:
    """Children born in one month; position i in every array is one child."""

    birth_month: date
    commune: Ints  # position in the frame of communes
    birth_day: Ints  # days since 1970-01-01
    birth_minute: Ints  # minute of the day
    is_girl: NDArray[np.bool_]
    is_service: NDArray[np.bool_]
    reach: Floats  # 0..1: the lower, the easier to reach; a dose of coverage c is given where reach < c
    lateness: Floats  # days by which the child's visits are usually late
    moved_to: Ints  # position of the commune after the move; -1: never moved
    move_age: Ints  # age in days at the move
    names: Ints  # a number that names are drawn from
    family: Ints  # a number that the mother's name and the telephone are drawn from: twins share it
    birth_order: Ints  # 1 and 2 of twins; 0: born alone
    death_age: Ints  # age in days; -1: lives


def visits() -> pl.DataFrame:
    """Return which product is given at which visit, by sector: the calibration file."""
    return pl.read_csv(CALIBRATION / "visits.csv")


def cohort(places: pl.DataFrame, birth_month: date, scale: float, seed: int) -> Cohort:
    """Return the children born in a month in `places`; `scale` is the share of the real number of births."""
    random = np.random.default_rng([seed, birth_month.year, birth_month.month, 1])
    season = 1 + _SEASON_AMPLITUDE * np.sin((birth_month.month - 7) / 12 * 2 * np.pi)
    expected = places.get_column("births_per_year").to_numpy() / 12 * scale * season
    births = random.poisson(expected)
    commune = np.repeat(np.arange(len(births)), births)
    count = int(births.sum())
    first = np.datetime64(birth_month, "D").astype(int)
    length = np.datetime64(add_months(birth_month, 1), "D").astype(int) - first
    moved = random.random(count) < _MOVER_SHARE
    single = Cohort(
        birth_month=birth_month,
        commune=commune,
        birth_day=first + random.integers(0, length, count),
        birth_minute=random.integers(0, 1440, count),
        is_girl=random.random(count) < 0.48,
        is_service=random.random(count) < _SERVICE_SHARE,
        reach=random.random(count),
        lateness=random.lognormal(np.log(_USUAL_DELAY_DAYS), _DELAY_SIGMA, count),
        moved_to=np.where(moved, random.integers(0, len(births), count), -1),
        move_age=random.integers(*_MOVE_AGE_DAYS, count),
        names=(names := random.integers(0, 2**31, count)),
        family=names,
        birth_order=np.zeros(count, dtype=np.int64),
        death_age=np.where(random.random(count) < _DEATH_SHARE, random.integers(*_DEATH_AGE_DAYS, count), -1),
    )
    return _with_twins(single, random)


def _with_twins(single: Cohort, random: np.random.Generator) -> Cohort:
    """Add a twin to some children: of the same family and habits, some minutes younger."""
    elder = np.flatnonzero(random.random(len(single.commune)) < _TWIN_PAIR_SHARE)
    younger: dict[str, Any] = {
        field.name: getattr(single, field.name)[elder]
        for field in fields(single)
        if isinstance(getattr(single, field.name), np.ndarray)
    }
    younger["birth_minute"] = np.minimum(younger["birth_minute"] + 8, 1439)
    younger["is_girl"] = random.random(len(elder)) < 0.48
    younger["names"] = random.integers(0, 2**31, len(elder))
    younger["birth_order"] = np.full(len(elder), 2)
    younger["death_age"] = np.full(len(elder), -1)
    order = single.birth_order.copy()
    order[elder] = 1
    both = replace(single, birth_order=order)
    joined: dict[str, Any] = {name: np.concatenate([getattr(both, name), added]) for name, added in younger.items()}
    return replace(both, **joined)


class Population:
    """All cohorts of a set of communes; the last ones used are kept."""

    def __init__(self, places: pl.DataFrame, scale: float, seed: int) -> None:
        """Draw nothing yet."""
        self._places = places
        self._scale = scale
        self._seed = seed
        self.cohort = lru_cache(maxsize=64)(lambda month: cohort(places, month, scale, seed))
        provinces = places.get_column("province_code")
        shift = (
            provinces.is_in(_REMOTE).cast(pl.Float64) * -_SPREAD + provinces.is_in(_GOOD_CITIES).cast(pl.Float64) * 0.03
        )
        own = np.random.default_rng([seed, 2]).normal(0, 0.02, len(places))
        self._shift = shift.to_numpy() + own

    def given(self, month: date) -> pl.DataFrame:
        """Return the doses given in a month: one row a dose, with the child's position in its cohort."""
        first = int(np.datetime64(month, "D").astype(int))
        last = int(np.datetime64(add_months(month, 1), "D").astype(int))
        frames = []
        for number, ((code, sector), doses) in enumerate(
            visits().group_by("visit_code", "sector", maintain_order=True)
        ):
            age = int(doses.get_column("age_days").min())  # type: ignore[arg-type]
            months_back = age // 30
            for back in range(months_back - 1, months_back + LONGEST_DELAY_MONTHS + 1):
                if back >= 0:
                    frames += self._visit(
                        add_months(month, -back), doses, (str(code), str(sector), number), first, last
                    )
        return pl.concat(frames).sort("birth_month", "child", "visit_no", "product_code")

    def mothers(self, month: date) -> pl.DataFrame:
        """Return the tetanus doses given in a month to women who are to give birth, as rows of `given`."""
        frames = []
        for back, first_number, share in ((4, 1, "first"), (3, 2, "first"), (4, 3, "more")):
            birth_month = add_months(month, back)
            born = self.cohort(birth_month)
            drawn = (born.family // 3) % 1000 / 1000
            is_first = drawn < _FIRST_TIME_SHARE
            is_more = ~is_first & (drawn < _FIRST_TIME_SHARE + _ONCE_MORE_SHARE)
            chosen = np.flatnonzero((is_first if share == "first" else is_more) & (born.birth_order < 2))
            day = int(np.datetime64(month, "D").astype(int)) + (born.family[chosen] // 7) % 28
            years = np.random.default_rng([self._seed, birth_month.year, birth_month.month, 8]).integers(
                *_MOTHER_AGE_DAYS, len(born.commune)
            )
            frames.append(
                _rows(
                    born, chosen, visit=(MOTHER, "epi", 90 + first_number), product=("td", first_number), day=day,
                    minute=480 + (born.family[chosen] // 11) % 150, birth_day=born.birth_day[chosen] - years[chosen],
                )
            )  # fmt: skip
        return pl.concat(frames)

    def deaths(self, month: date) -> pl.DataFrame:
        """Return the children who died in a month, as rows of `given`: a visit that was not to be."""
        first = int(np.datetime64(month, "D").astype(int))
        last = int(np.datetime64(add_months(month, 1), "D").astype(int))
        frames = []
        for back in range(_DEATH_AGE_DAYS[1] // 28 + 1):
            born = self.cohort(add_months(month, -back))
            day = born.birth_day + born.death_age
            chosen = np.flatnonzero((born.death_age >= 0) & (day >= first) & (day < last))
            frames.append(
                _rows(born, chosen, visit=(DEATH, "epi", 99), product=("measles", 1), day=day[chosen],
                      minute=np.full(len(chosen), 540))
            )  # fmt: skip
        return pl.concat(frames)

    def _visit(
        self, birth_month: date, doses: pl.DataFrame, visit: tuple[str, str, int], first: int, last: int
    ) -> list[pl.DataFrame]:
        code, sector, number = visit
        born = self.cohort(birth_month)
        random = np.random.default_rng([self._seed, birth_month.year, birth_month.month, 3, sum(map(ord, code))])
        count = len(born.commune)
        jitter = random.lognormal(0.7, 0.8, count)
        noise = random.normal(0, 0.01, count)
        at_birth = code == "birth"
        late = np.where(at_birth, jitter / 4, np.minimum(born.lateness + jitter, LONGEST_DELAY_MONTHS * 28))
        is_sector = born.is_service == (sector == "service")
        early = np.where(~at_birth & (random.random(count) < _EARLY_SHARE), _EARLY_DAYS, 0)
        dies = np.where(born.death_age >= 0, born.birth_day + born.death_age, np.iinfo(np.int64).max)
        frames = []
        for dose in doses.iter_rows(named=True):
            day = born.birth_day + dose["age_days"] + late.astype(np.int64) - early
            comes = born.reach + noise < dose["coverage"] + self._shift[born.commune]
            chosen = np.flatnonzero(is_sector & comes & (day >= first) & (day < last) & (day < dies))
            minute = np.where(at_birth, born.birth_minute, 450 + (born.names // 7) % 180)[chosen]
            day_chosen = day[chosen]
            if at_birth:
                # A dose on the day of birth comes some hours after it; past midnight it is the next day's morning.
                minute = np.where(
                    day_chosen == born.birth_day[chosen], np.minimum(minute + 90, 1439), 480 + minute % 120
                )
            product = (dose["product_code"], dose["dose_number"])
            frames.append(
                _rows(born, chosen, visit=(code, sector, number), product=product, day=day_chosen, minute=minute)
            )
        return frames


def _rows(
    born: Cohort,
    chosen: Ints,
    *,
    visit: tuple[str, str, int],
    product: tuple[str, int],
    day: Ints,
    minute: Ints,
    birth_day: Ints | None = None,
) -> pl.DataFrame:
    """Return one row a chosen child: the visit, what is given at it, and what is known of the child."""
    code, sector, number = visit
    count = len(chosen)
    age = day - born.birth_day[chosen]
    has_moved = (born.moved_to[chosen] >= 0) & (age >= born.move_age[chosen])
    death_day = np.where(born.death_age[chosen] >= 0, born.birth_day[chosen] + born.death_age[chosen], -1)
    return pl.DataFrame(
        {
            "birth_month": pl.Series([born.birth_month], dtype=pl.Date).new_from_index(0, count),
            "child": chosen,
            "visit_no": np.full(count, number),
            "visit_code": pl.Series([code]).new_from_index(0, count),
            "sector": pl.Series([sector]).new_from_index(0, count),
            "product_code": pl.Series([product[0]]).new_from_index(0, count),
            "dose_number": np.full(count, product[1]),
            "given_day": day,
            "given_minute": minute,
            "born_in": born.commune[chosen],
            "lives_in": np.where(has_moved, born.moved_to[chosen], born.commune[chosen]),
            "birth_day": born.birth_day[chosen] if birth_day is None else birth_day,
            "birth_minute": born.birth_minute[chosen],
            "is_girl": born.is_girl[chosen] if birth_day is None else np.ones(count, dtype=np.bool_),
            "names": born.names[chosen],
            "family": born.family[chosen],
            "birth_order": born.birth_order[chosen] if birth_day is None else np.zeros(count, dtype=np.int64),
            "death_day": death_day if code == DEATH else np.full(count, -1),
        }
    )


def add_months(day: date, months: int) -> date:
    """Return the first day of the month `months` after that of `day`."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)
