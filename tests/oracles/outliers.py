"""The outlier rules, worked out again in plain Python from docs/how_to/find_outliers.md. Knows nothing of SQL."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping

Score = tuple[float | None, float | None, float | None, str]


def modified_z(values: list[float], value: float, cut: float = 3.5) -> Score:
    """Return score, bounds and flag of the primary rule."""
    if len(values) < 5:
        return None, None, None, "too_few"
    middle = statistics.median(values)
    distances = [abs(other - middle) for other in values]
    unit = statistics.median(distances) / 0.6745 or statistics.mean(distances) / 0.7979
    score = (value - middle) / unit if unit else 0.0
    return score, middle - cut * unit, middle + cut * unit, "extreme" if abs(score) > cut else "none"


def mean_sd(values: list[float], value: float) -> Score:
    """Return the same of the rule of standard deviations, over the values of a year."""
    if len(values) < 3:
        return None, None, None, "too_few"
    unit = 0.0 if min(values) == max(values) else statistics.stdev(values)
    middle = statistics.mean(values) if unit else values[0]
    score = (value - middle) / unit if unit else 0.0
    flag = "extreme" if abs(score) > 3 else "moderate" if abs(score) > 2 else "none"
    return score, middle - 3 * unit, middle + 3 * unit, flag


def hampel(values: list[float], value: float) -> Score:
    """Return the same of the median and 5 MAD, over the years before the last."""
    if len(values) < 5:
        return None, None, None, "too_few"
    middle = statistics.median(values)
    unit = 1.4826 * statistics.median(abs(other - middle) for other in values)
    score = (value - middle) / unit if unit else 0.0 if value == middle else None
    lower, upper = middle - 5 * unit, middle + 5 * unit
    return score, lower, upper, "none" if lower <= value <= upper else "extreme"


def fastr(values: list[float], value: float, year: list[float]) -> Score:
    """Return the same of the median and 10 MAD or 80 % of the year, above 100; it has no lower bound."""
    if len(values) < 5:
        return None, None, None, "too_few"
    middle = statistics.median(values)
    unit = statistics.median(abs(other - middle) for other in values)
    score = (value - middle) / unit if unit else 0.0 if value == middle else None
    upper = middle + 10 * unit
    is_high = value > upper or (sum(year) > 0 and value / sum(year) > 0.8)
    return score, None, upper, "extreme" if value > 100 and is_high else "none"


def largest_score(count: int) -> float:
    """Return what a standard score on so many values cannot exceed."""
    return (count - 1) / math.sqrt(count)


def by_rule(series: Mapping[str, float], period: str, last_year: int, first_year: int) -> dict[str, Score]:
    """Return every rule's word on one period of a series of months."""
    values, value = list(series.values()), series[period]
    year = [other for month, other in series.items() if month[:4] == period[:4]]
    earlier = [other for month, other in series.items() if int(month[:4]) < last_year or first_year == last_year]
    return {
        "modified_z": modified_z(values, value),
        "mean_sd": mean_sd(year, value),
        "hampel": hampel(earlier, value),
        "fastr": fastr(values, value, year),
    }
