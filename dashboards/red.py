"""RED categories (Reaching Every District): access against utilisation, by the limits of a row of `red_rules`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dashboards.views import red_category
from dashboards.warehouse import Release, ReleaseError


@dataclass(frozen=True)
class Categorised:
    """An area with both values, in percent, and its row of `red_categories`."""

    area_code: str
    access: float
    utilisation: float
    category: dict[str, Any]


def rule_of(release: Release, rule_code: str | None = None) -> dict[str, Any]:
    """Return a row of `red_rules`, the default without a code. Raises ReleaseError where there is no such rule."""
    rules = release.red_rules()
    if rule_code is None:
        return rules.row(0, named=True)
    for row in rules.iter_rows(named=True):
        if row["rule_code"] == rule_code:
            return row
    known = ", ".join(rules["rule_code"].to_list())
    raise ReleaseError(
        f"Không có quy tắc RED '{rule_code}'; có: {known}. / There is no RED rule '{rule_code}'; there are: {known}."
    )


def categorise(
    release: Release,
    rule: dict[str, Any],
    hierarchy_code: str,
    area_codes: Sequence[str],
    period_type: str,
    period: str,
) -> list[Categorised]:
    """Return the areas that have both values in a period, by category, then in the order given."""
    codes = [rule["access_indicator_code"], rule["utilisation_indicator_code"]]
    values = release.indicator_values(
        codes,
        hierarchy_code,
        area_codes=area_codes,
        period_type=period_type,
        period_from=period,
        period_to=period,
    )
    known = {(row["area_code"], row["indicator_code"]): row["value"] for row in values.iter_rows(named=True)}
    categories = release.red_categories().to_dicts()
    found = []
    for area_code in area_codes:
        access, utilisation = (known.get((area_code, code)) for code in codes)
        if access is not None and utilisation is not None:
            category = red_category(access, utilisation, rule, categories)
            found.append(Categorised(area_code, access, utilisation, dict(category)))
    return sorted(found, key=lambda item: item.category["category_code"])
