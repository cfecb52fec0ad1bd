"""What a file is about: a release, an area, a period and a language; and what the file says of its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import polars as pl

from dashboards import formats
from dashboards.geography import AreaTree
from dashboards.i18n import Texts
from dashboards.views import area_name, completeness
from dashboards.warehouse import Area, Release, ReleaseInfo

Fact = tuple[str, str | date | datetime]

_FAILED = ("error", "failed")


@dataclass(frozen=True)
class Scope:
    """One area and period of a release, to be written in one language; `facility` is one in the area, of a form."""

    release: Release
    tree: AreaTree
    area: Area
    period_type: str
    period: str
    texts: Texts
    facility: Mapping[str, Any] | None = None

    @property
    def hierarchy(self) -> str:
        """The code of the tree of areas."""
        return self.tree.hierarchy_code

    @property
    def place(self) -> str:
        """The area and what lies above it, from the nation down."""
        names = [area_name(area, self.texts) for area in self.tree.path(self.area.area_code)]
        return " › ".join([*names, *([self.texts.named(dict(self.facility))] if self.facility else [])])

    @property
    def place_code(self) -> str:
        """The code of the facility, or of the area."""
        return str(self.facility["facility_code"]) if self.facility else self.area.area_code

    @property
    def period_text(self) -> str:
        """The period in words."""
        return formats.period(self.period, self.period_type, self.texts.language)

    @property
    def stem(self) -> str:
        """The beginning of a file's name: tree, area and period."""
        own = f"_{self.place_code}" if self.facility else ""
        return f"{self.hierarchy}_{self.area.area_code}{own}_{self.period_type}_{self.period}"

    @cached_property
    def months(self) -> tuple[date, date]:
        """The first and the last month. Raises ReleaseError when the release has no such period."""
        return self.release.months_of(self.period_type, self.period)

    @cached_property
    def info(self) -> ReleaseInfo:
        """What the release says of itself."""
        return self.release.info()

    @cached_property
    def indicators(self) -> pl.DataFrame:
        """Every indicator of the release."""
        return self.release.indicators()

    @cached_property
    def checks(self) -> pl.DataFrame:
        """The results of all checks of the release."""
        return self.release.check_results()

    def values(self, indicator_codes: list[str], area_codes: list[str]) -> pl.DataFrame:
        """Return published values of the period with `split_share`."""
        values = self.release.indicator_values(
            indicator_codes,
            self.hierarchy,
            area_codes=area_codes,
            period_type=self.period_type,
            period_from=self.period,
            period_to=self.period,
        )
        return self.release.with_split_shares(values, self.hierarchy)

    @cached_property
    def completeness(self) -> str:
        """Return how many reports came of those that were owed, in words; of a facility its months with data."""
        if self.facility is not None:
            first, last = self.months
            return self.texts(
                "months_of",
                included=self.release.facility_months(self.place_code, first, last),
                expected=12 * (last.year - first.year) + last.month - first.month + 1,
            )
        codes = self.indicators.filter(pl.col("indicator_kind") == "completeness")["indicator_code"].to_list()
        values = self.values(codes[:1], [self.area.area_code])
        if not values.height or not values["denominator"][0]:
            return self.texts("no_reports_owed")
        row = values.row(0, named=True)
        counted = {"units_included": row["numerator"], "units_expected": row["denominator"]}
        return completeness(counted, {"missing_policy": ""}, self.texts) or self.texts("no_reports_owed")


def release_facts(info: ReleaseInfo, checks: pl.DataFrame, texts: Texts) -> list[Fact]:
    """Return what every file says of the release that it was made from."""
    facts: list[Fact] = [
        (texts("data_kind"), texts("kind_synthetic" if info.is_synthetic else "kind_routine")),
        (texts("as_of"), info.as_of_date),
        (texts("built_at"), formats.viet_nam_time(info.built_at)),
        (texts("release"), info.release_id),
        (texts("code_version"), info.code_version),
        (texts("registry_version"), info.definition_version),
        (texts("checks_summary"), checks_text(checks, texts)),
    ]
    if info.known_on:
        facts.append((texts("as_of_filter"), info.known_on))
    return facts


def scope_facts(scope: Scope) -> list[Fact]:
    """Return what a file says of its source and of what it is about."""
    texts = scope.texts
    trees = scope.release.hierarchies()
    tree = trees.row(by_predicate=pl.col("hierarchy_code") == scope.hierarchy, named=True)
    return [
        *release_facts(scope.info, scope.checks, texts),
        (texts("hierarchy"), texts.named(tree)),
        (texts("area"), f"{scope.place} ({scope.area.area_code})"),
        (texts("period_type"), texts(f"period_type_{scope.period_type}")),
        (texts("period"), scope.period_text),
        (texts("completeness"), scope.completeness),
    ]


def checks_text(checks: pl.DataFrame, texts: Texts) -> str:
    """Return how many checks passed and which failed, in words."""
    failed = failed_checks(checks)
    passed = checks.filter(pl.col("status") == "passed").height
    names = "; ".join(texts.named(row) for row in failed)
    text = texts("checks_passed_failed", passed=passed, failed=len(failed))
    return f"{text}: {names}" if names else text


def failed_checks(checks: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the checks that failed or could not be made, in the order given."""
    return checks.filter(pl.col("status").is_in(_FAILED)).to_dicts() if checks.height else []


def fact_text(value: str | date | datetime, language: str) -> str:
    """Return a fact's value as a reader writes it."""
    if isinstance(value, datetime):
        return formats.moment(value, language)
    return formats.day(value, language) if isinstance(value, date) else value
