"""Results of the rules that models compute: what each looked at over everything, in the shape of every other check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from data_quality.results import CheckResult
from data_quality.suites import ComputedRule, result_of


def finding_results(
    totals: Mapping[str, tuple[int, int]], rules: Iterable[ComputedRule], scope: str, checked_at: datetime
) -> list[CheckResult]:
    """Return one result a rule from its violations and what it looked at; a rule without these could not be checked."""
    missing = (None, None, "int_quality_totals has no row of the rule; build the warehouse again")
    counted = {code: (violations, evaluated, "") for code, (violations, evaluated) in totals.items()}
    return [result_of(rule, counted.get(rule.rule_code, missing), scope, checked_at) for rule in rules]
