"""Small counts: an attacker who knows every published sum, and each whole, pins none of them (linear programming)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipelines.access.suppression import Family, Hidden, Quantity, hidden_in

SMALLEST = 8
MONTHS = 12
REGIONS, PROVINCES = 3, 3
NODES = ["N"] + [f"R{r}" for r in range(REGIONS)] + [f"R{r}P{p}" for r in range(REGIONS) for p in range(PROVINCES)]
LEAVES = [node for node in NODES if "P" in node]


@dataclass(frozen=True)
class Nation:
    """Persons of a target by province and month, and who of them was vaccinated."""

    part: np.ndarray
    whole: np.ndarray
    year_is_over: bool = True

    def leaves(self, node: str) -> list[int]:
        return [i for i, leaf in enumerate(LEAVES) if node == "N" or leaf.startswith(node)]

    def quantity(self, node: str, *, is_year: bool) -> Quantity:
        part, whole = (counts[self.leaves(node)].sum(axis=0) for counts in (self.part, self.whole))
        if is_year:
            part, whole = part.sum(keepdims=True), whole.sum(keepdims=True)
        return Quantity(part, whole - part)

    @cached_property
    def hidden(self) -> Hidden:
        months: set[str] = set()
        years: set[str] = set()
        for parent, areas in {
            "": ["N"],
            "N": [f"R{r}" for r in range(REGIONS)],
            **{f"R{r}": [f"R{r}P{p}" for p in range(PROVINCES)] for r in range(REGIONS)},
        }.items():
            family = Family(
                areas,
                {area: [self.quantity(area, is_year=False)] for area in areas},
                {area: [self.quantity(area, is_year=True)] for area in areas},
            )
            above = Hidden(frozenset(months), frozenset(years))
            found = hidden_in(family, SMALLEST, above=above, parent=parent, year_is_over=self.year_is_over)
            months |= found.months
            years |= found.years
        return Hidden(frozenset(months), frozenset(years))

    def row(self, node: str, months: list[int]) -> np.ndarray:
        row = np.zeros((len(LEAVES), MONTHS))
        row[np.ix_(self.leaves(node), months)] = 1
        return row.ravel()

    def width(self, node: str, months: list[int]) -> float:
        """Return how far apart the least and the greatest count are that agree with everything published."""
        every = list(range(MONTHS))
        known = [self.row(n, [m]) for n in NODES if n not in self.hidden.months for m in every]
        known += [self.row(n, every) for n in NODES if n not in self.hidden.years and self.year_is_over]
        asked = self.row(node, months)
        bounds = [(0, float(top)) for top in self.whole.ravel()]
        if not known:
            return float(self.row(node, months) @ self.whole.ravel())
        a, b = np.array(known), np.array(known) @ self.part.ravel()
        ends = [linprog(sign * asked, A_eq=a, b_eq=b, bounds=bounds, method="highs") for sign in (1, -1)]
        assert all(end.success for end in ends)
        return float(-ends[1].fun - ends[0].fun)

    def small_cells(self) -> list[tuple[str, list[int]]]:
        cells = [(node, [month]) for node in NODES for month in range(MONTHS)]
        cells += [(node, list(range(MONTHS))) for node in NODES]

        def is_small(node: str, months: list[int]) -> bool:
            part = self.part[np.ix_(self.leaves(node), months)].sum()
            whole = self.whole[np.ix_(self.leaves(node), months)].sum()
            return 0 < part < SMALLEST or 0 < whole - part < SMALLEST

        return [cell for cell in cells if is_small(*cell)]


def nation(seed: int, size: float, share: float, *, year_is_over: bool = True) -> Nation:
    """Return a nation of provinces with about `size` births a month, of whom a share is vaccinated; wholes are known,
    so none of them is small.
    """
    random = np.random.default_rng(seed)
    births = random.lognormal(np.log(size), 0.8, (len(LEAVES), 1))
    whole = np.maximum(random.poisson(np.repeat(births, MONTHS, axis=1)), SMALLEST).astype(float)
    chance = np.clip(random.normal(share, 0.15, (len(LEAVES), 1)), 0, 1)
    return Nation(random.binomial(whole.astype(int), chance).astype(float), whole, year_is_over)


@given(
    seed=st.integers(0, 10_000),
    size=st.sampled_from([10.0, 30.0, 150.0, 600.0]),
    share=st.sampled_from([0.05, 0.5, 0.9, 0.99]),
    year_is_over=st.booleans(),
)
@hypothesis_settings(max_examples=25, derandomize=True)
def test_no_small_count_is_pinned(seed: int, size: float, share: float, year_is_over: bool) -> None:
    made = nation(seed, size, share, year_is_over=year_is_over)
    cells = made.small_cells()
    for node, months in cells:
        shown = made.hidden.years if len(months) == MONTHS and year_is_over else made.hidden.months
        assert node in shown, f"{node} {months} is small and shown"
    for at in np.random.default_rng(seed).permutation(len(cells))[:12]:
        node, months = cells[at]
        assert made.width(node, months) >= SMALLEST - 1, (node, months)


def test_an_attacker_pins_what_is_hidden_alone() -> None:
    """The attack is one: with primary suppression only, the sum gives the count away."""
    part = np.full((len(LEAVES), MONTHS), 50.0)
    part[0, 3] = 3
    made = Nation(part, np.full((len(LEAVES), MONTHS), 100.0))
    assert {"R0P0"} < made.hidden.months <= {"R0P0", "R0P1", "R0P2"}
    assert made.hidden.years == frozenset()
    assert made.width("R0P0", [3]) >= SMALLEST
    made.__dict__["hidden"] = Hidden(frozenset({"R0P0"}), frozenset())
    assert made.width("R0P0", [3]) == 0


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    made = Nation(np.full((len(LEAVES), MONTHS), 50.0), np.full((len(LEAVES), MONTHS), 100.0))
    assert made.hidden == Hidden(frozenset(), frozenset())
    everybody = Nation(np.full((len(LEAVES), MONTHS), 100.0), np.full((len(LEAVES), MONTHS), 100.0))
    assert everybody.hidden == Hidden(frozenset(), frozenset()), "nobody is left, and nobody is no person"


def test_who_is_left_counts_as_much_as_who_was_vaccinated() -> None:
    part = np.full((len(LEAVES), MONTHS), 60.0)
    part[4, 7] = 97
    made = Nation(part, np.full((len(LEAVES), MONTHS), 100.0))
    assert "R1P1" in made.hidden.months
    assert "R1P1" not in made.hidden.years, "over the year 43 in 100 are left"
    assert made.width("R1P1", [7]) >= SMALLEST


def test_a_year_that_is_not_over_is_hidden_with_its_months() -> None:
    part = np.full((len(LEAVES), MONTHS), 50.0)
    part[0, 3] = 3
    whole = np.full((len(LEAVES), MONTHS), 100.0)
    made = Nation(part, whole, year_is_over=False)
    assert made.hidden.years == made.hidden.months
    assert "R0P0" in made.hidden.years


def test_what_lies_below_a_hidden_area_is_hidden_too() -> None:
    part = np.full((len(LEAVES), MONTHS), 50.0)
    part[:3, 5] = [1, 2, 1]
    made = Nation(part, np.full((len(LEAVES), MONTHS), 100.0))
    assert {"R0", "R0P0", "R0P1", "R0P2"} <= made.hidden.months


@pytest.mark.parametrize("parts", [[3.0], [3.0, 0.0]])
def test_a_family_that_can_hide_nothing_else_is_hidden_whole(parts: list[float]) -> None:
    areas = [f"a{i}" for i in range(len(parts))]
    cells = {area: [Quantity(np.array([part]), np.array([20.0]))] for area, part in zip(areas, parts, strict=True)}
    family = Family(areas, cells, cells)
    nothing = Hidden(frozenset(), frozenset())
    assert hidden_in(family, SMALLEST, above=nothing, parent="x").years == frozenset(areas)
