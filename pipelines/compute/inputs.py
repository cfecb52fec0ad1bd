"""The files of a computation: a tree of areas, measures and indicators. Text becomes values or a problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl

from pipelines.compute import periods
from pipelines.evaluation.tables import Layout, Table, read_table
from pipelines.reference import Registry

AREAS = Layout("a file of areas", ("area_code", "parent_code"), ())
MEASURES = Layout("a file of measures", ("area_code", "period", "measure_code", "value"), ())
INDICATORS = Layout(
    "a file of indicators",
    ("indicator_code", "term_role", "measure_code"),
    ("weight", "multiplier", "missing_policy", "annual_spread", "offset_years"),
)
ROLES = ("numerator", "denominator")
FULL_TARGET, MATCHED_UNITS = "full_target", "matched_units"
POLICIES = (FULL_TARGET, MATCHED_UNITS)
SPREADS = ("none", "twelfths")
# The bits of a whole number of 64 bits, of which one is the sign.
MOST_TERMS = 60
_MOST_YEARS = 100
_NUMBER = r"^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,2})?$"
_WRITE_NUMBER = "write digits with a decimal point and no thousands separator, as in 1234.5"
_MOST_DIGITS = 15
# Sums are exact while values have no more decimals than this.
MOST_DECIMALS = 18


@dataclass(frozen=True)
class Definitions:
    """Indicators and their terms as frames.

    `indicators`: indicator_code, indicator_kind (count, ratio), multiplier, missing_policy. `terms`: indicator_code,
    part_role, measure_code, weight, offset_years, annual_spread.
    """

    indicators: pl.DataFrame
    terms: pl.DataFrame


def read_areas(path: Path) -> Table:
    """Return the tree: area_code, parent_code (null at its top), depth (0 at its top)."""
    table = read_table(path, AREAS)
    _require(table, "area_code")
    frame = table.frame
    if frame.is_empty():
        table.problems.append(f"{path.name}: there is no area; give a line an area.")
    _refuse_repeated(table, ("area_code",), "leave one line an area")
    known = frame.get_column("area_code")
    parents = frame.get_column("parent_code")
    unknown = parents.is_not_null() & ~parents.is_in(known.drop_nulls().implode())
    table.blame(unknown, "parent_code", "no line has this area", "add a line for it, or correct the code")
    if not table.problems:
        _check_tree(table)
    if not table.problems:
        depths = _depths(dict(zip(known, parents, strict=True)))
        table.frame = frame.with_columns(pl.Series("depth", [depths[code] for code in known], dtype=pl.Int32))
    return table


def read_measures(path: Path, areas: Table | None = None) -> Table:
    """Return the measures: one row a line, `value` as the text of a number without an exponent, null where empty.

    Without `areas` any area is known.
    """
    table = read_table(path, MEASURES)
    for name in ("area_code", "period", "measure_code"):
        _require(table, name)
    frame = table.frame
    if areas is not None:
        code = frame.get_column("area_code")
        unknown = code.is_not_null() & ~code.is_in(areas.frame.get_column("area_code").drop_nulls().implode())
        named = f"{areas.path.name} has no such area"
        table.blame(unknown, "area_code", named, "add the area there, or correct the code")
    period = frame.get_column("period")
    wrong = ~period.str.contains(f"^{periods.PATTERN}$").fill_null(value=True)
    table.blame(wrong, "period", "this is no period", "write a year as 2024, a quarter as 2024Q1, a month as 2024-03")
    _to_numbers(table, "value")
    _refuse_repeated(table, ("area_code", "period", "measure_code"), "leave one line of them")
    return table


def read_indicators(path: Path) -> tuple[Table, Definitions]:
    """Return the indicators of a file; the definitions hold only when the table has no problem."""
    table = read_table(path, INDICATORS)
    for name in INDICATORS.required:
        _require(table, name)
    for name, allowed in (("term_role", ROLES), ("missing_policy", POLICIES), ("annual_spread", SPREADS)):
        found = table.frame.get_column(name)
        wrong = found.is_not_null() & ~found.is_in(list(allowed))
        table.blame(wrong, name, "this is not known", f"write {' or '.join(allowed)}")
    for name in ("weight", "multiplier"):
        _to_numbers(table, name)
    _to_years(table)
    if table.frame.is_empty():
        table.problems.append(f"{path.name}: there is no indicator; give a line a term of one.")
    _refuse_repeated(table, ("indicator_code", "term_role", "measure_code", "offset_years"), "leave one line of them")
    for name in ("multiplier", "missing_policy"):
        _refuse_contradiction(table, name, "indicator_code")
    table.frame = table.frame.with_columns(pl.col("annual_spread").fill_null(SPREADS[0]))
    _refuse_contradiction(table, "annual_spread", "measure_code")
    _check_terms(table)
    return table, _definitions(table.frame)


def builtin(registry: Registry, known_measures: Iterable[str]) -> tuple[Definitions, int]:
    """Return the registry's indicators of which a measure is known, and how many were left out for want of one."""
    known = set(known_measures)
    terms = [term for term in registry.terms if term.term_role in ROLES]
    wanted = {term.indicator_code for term in terms if term.measure_code in known}
    frame = pl.DataFrame(
        [
            (
                term.indicator_code,
                term.term_role,
                term.measure_code,
                term.weight,
                registry.indicators[term.indicator_code].multiplier,
                _policy(registry.indicators[term.indicator_code].missing_policy),
                registry.measures[term.measure_code].annual_spread,
                term.offset_years,
            )
            for term in terms
            if term.indicator_code in wanted
        ],
        schema=dict.fromkeys(INDICATORS.required, pl.String)
        | {
            "weight": pl.Float64,
            "multiplier": pl.Float64,
            "missing_policy": pl.String,
            "annual_spread": pl.String,
            "offset_years": pl.Int32,
        },
        orient="row",
    )
    return _definitions(frame), len(registry.indicators) - len(wanted)


def _policy(missing_policy: str) -> str:
    # What the registry says of followed children or of facilities is said of persons and reports that no file names.
    return MATCHED_UNITS if missing_policy == MATCHED_UNITS else FULL_TARGET


def _definitions(frame: pl.DataFrame) -> Definitions:
    numbers = frame.with_columns(
        pl.col("weight").cast(pl.Float64, strict=False).fill_null(1.0),
        pl.col("multiplier").cast(pl.Float64, strict=False),
        pl.col("offset_years").fill_null(0),
    )
    indicators = (
        numbers.group_by("indicator_code")
        .agg(
            pl.when((pl.col("term_role") == "denominator").any())
            .then(pl.lit("ratio"))
            .otherwise(pl.lit("count"))
            .alias("indicator_kind"),
            pl.col("multiplier").drop_nulls().first().fill_null(1.0),
            pl.col("missing_policy").drop_nulls().first().fill_null(FULL_TARGET),
        )
        .sort("indicator_code")
    )
    terms = numbers.select(
        "indicator_code",
        pl.col("term_role").alias("part_role"),
        "measure_code",
        "weight",
        "offset_years",
        "annual_spread",
    ).sort("indicator_code", "part_role", "measure_code", "offset_years")
    return Definitions(indicators, terms)


def _require(table: Table, name: str) -> None:
    table.blame(table.frame.get_column(name).is_null(), name, "a value is needed", "fill it in or take the line out")


def _to_numbers(table: Table, name: str) -> None:
    """Leave texts of numbers without exponents; a number of more digits than a computer keeps is a problem."""
    written = table.frame.get_column(name)
    wrong = ~written.str.contains(_NUMBER).fill_null(value=True)
    table.blame(wrong, name, "this is no number", _WRITE_NUMBER)
    texts = {text: _plain(text) for text in written.set(wrong, None).drop_nulls().unique().to_list()}
    plain = written.replace_strict(texts, default=None, return_dtype=pl.String)
    digits = plain.str.extract(r"^-?0*(\d*)", 1).str.len_chars().fill_null(0)
    table.blame(
        digits > _MOST_DIGITS, name, "this number is too large", f"write at most {_MOST_DIGITS} digits before the point"
    )
    table.frame = table.frame.with_columns(plain.alias(name))


def _plain(text: str) -> str:
    number = Decimal(text)
    return format(number.normalize(), "f") if number else "0"


def _to_years(table: Table) -> None:
    written = table.frame.get_column("offset_years")
    years = written.str.to_integer(strict=False, dtype=pl.Int32)
    years = years.set((~years.is_between(-_MOST_YEARS, _MOST_YEARS)).fill_null(value=False), None)
    table.blame(
        written.is_not_null() & years.is_null(),
        "offset_years",
        "this is no such number of years",
        f"write a whole number from -{_MOST_YEARS} to {_MOST_YEARS}; -1 is the year before",
    )
    table.frame = table.frame.with_columns(years.alias("offset_years"))


def _refuse_repeated(table: Table, names: tuple[str, ...], action: str) -> None:
    rows = table.frame.drop_nulls([name for name in names if name != "offset_years"])
    repeated = rows.filter(pl.struct(names).is_duplicated()).group_by(names, maintain_order=True).agg("line_no")
    for *values, lines in repeated.rows():
        key = ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True) if value is not None)
        table.problems.append(f"{table.path.name}, {_lines(lines)}: {key} is given {len(lines)} times; {action}.")


def _refuse_contradiction(table: Table, name: str, key: str) -> None:
    rows = table.frame.drop_nulls([name, key])
    values = pl.col(name).n_unique().over(key)
    for code, lines in (
        rows.filter(values > 1).group_by(key, maintain_order=True).agg("line_no").rows()
    ):  # fmt: skip
        table.problems.append(
            f"{table.path.name}, {_lines(lines)}: {name} of {key} {code} is not the same in all lines; make it so."
        )


def _check_terms(table: Table) -> None:
    for (code,), rows in table.frame.drop_nulls("indicator_code").group_by("indicator_code", maintain_order=True):
        lines = _lines(rows.get_column("line_no").to_list())
        if "numerator" not in rows.get_column("term_role").to_list():
            table.problems.append(f"{table.path.name}, {lines}: {code} has no numerator; add a line with one.")
        if rows.height > MOST_TERMS:
            table.problems.append(
                f"{table.path.name}, {lines}: {code} has more than {MOST_TERMS} terms; sum some of them in the file of"
                " measures."
            )


def _check_tree(table: Table) -> None:
    """Say what keeps the areas from being one tree: several areas without a parent, or areas above themselves."""
    name = table.path.name
    line_of = dict(table.frame.select("area_code", "line_no").rows())
    parent_of: Mapping[str, str | None] = dict(table.frame.select("area_code", "parent_code").rows())
    tops = [code for code, parent in parent_of.items() if parent is None]
    if len(tops) > 1:
        table.problems.append(
            f"{name}, {_lines([line_of[code] for code in tops])}: {_some(tops)} have no parent_code; a tree has one"
            " area at its top: give the others a parent, or add an area above them all."
        )
    for cycle in _cycles(parent_of):
        table.problems.append(
            f"{name}, {_lines([line_of[code] for code in cycle])}: {_some(cycle)} lie in a circle, each within the"
            " next; correct a parent_code, and leave that of the area at the top empty."
        )


def _cycles(parent_of: Mapping[str, str | None]) -> list[list[str]]:
    """Return the circles of a forest's arrows, each once."""
    seen: set[str] = set()
    found = []
    for code in parent_of:
        path: list[str] = []
        step: str | None = code
        while step is not None and step not in seen:
            seen.add(step)
            path.append(step)
            step = parent_of[step]
        if step in path:
            found.append(path[path.index(step) :])
    return found


def _depths(parent_of: Mapping[str, str | None]) -> dict[str, int]:
    depths: dict[str, int] = {}
    for code in parent_of:
        path = []
        step: str | None = code
        while step is not None and step not in depths:
            path.append(step)
            step = parent_of[step]
        above = -1 if step is None else depths[step]
        for number, passed in enumerate(reversed(path), 1):
            depths[passed] = above + number
    return depths


def _lines(numbers: list[int]) -> str:
    return f"line {numbers[0]}" if len(numbers) == 1 else f"lines {_some([str(number) for number in sorted(numbers)])}"


def _some(texts: list[str]) -> str:
    shown = 10
    return ", ".join(texts[:shown]) + (f" and {len(texts) - shown} more" if len(texts) > shown else "")
