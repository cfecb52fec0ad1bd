"""What an open month will come to: its counted value divided by the share that has usually arrived by then.

Pure functions of arrivals by month and days after its end. The share F(d) that has arrived d days after the end of a
month is a product over later days s of 1 - g(s), where g(s), the reverse hazard, is what arrived on day s as a part of
what had arrived by day s, summed over all months that are at least s days old (J. F. Lawless, Adjustments for reporting
delays and the prediction of occurred but not reported events, Canadian Journal of Statistics 22, 1994; with one factor
a day it is the chain ladder of T. Mack, Distribution-free calculation of the standard error of chain ladder reserve
estimates, ASTIN Bulletin 23, 1993). An area's share leans on that of the area above it as if that had so many reports
(`shrinkage_reports`).

The interval rests on no distribution: each month that is all in is estimated without itself, and the estimate of the
open month may be off by the factor that most of them were off by (J. Lei and others, Distribution-free predictive
inference for regression, JASA 113, 2018: with n months the ceil((n + 1) c)-th smallest covers a share c of further
ones). Too few months for the share asked: no interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Status = Literal["estimated", "complete", "not_over", "nothing_yet", "too_few_months", "too_few_reports"]
Arrival = tuple[date, int, int, int]  # month, days after its end, reports, doses

_Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Parameters:
    """Numbers of the registry (`arrival_parameters`)."""

    longest_delay_days: int
    minimum_months: int
    minimum_reports: float
    shrinkage_reports: float
    interval_shares: tuple[float, float]  # narrow, wide


@dataclass(frozen=True)
class Arrivals:
    """What arrived of an area's months: rows are months, columns days 0..longest after the end of the month."""

    months: tuple[date, ...]
    reports: _Counts
    doses: _Counts


@dataclass(frozen=True)
class Estimate:
    """What a counted number of an open month has to be multiplied by; None where there is no estimate."""

    month: date
    delay_days: int
    status: Status
    share: float | None = None  # of the month's doses that has arrived
    months_used: int = 0
    factor: float | None = None
    narrow: tuple[float, float] | None = None
    wide: tuple[float, float] | None = None


def parameters_of(values: Mapping[str, float]) -> Parameters:
    """Return the parameters from the registry's rows: code -> value."""
    return Parameters(
        longest_delay_days=int(values["longest_delay_days"]),
        minimum_months=int(values["minimum_months"]),
        minimum_reports=values["minimum_reports"],
        shrinkage_reports=values["shrinkage_reports"],
        interval_shares=(values["interval_share"], values["wide_interval_share"]),
    )


def month_end(month: date) -> date:
    """Return the last day of a month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def arrange(rows: Iterable[Arrival], months: Sequence[date], longest: int) -> Arrivals:
    """Return rows as a table. What came before the end of a month counts on day 0, what came later than the longest
    delay is left out: by then a month counts as all in.
    """
    place = {month: number for number, month in enumerate(months)}
    reports, doses = np.zeros((len(months), longest + 1)), np.zeros((len(months), longest + 1))
    for month, delay, report_count, dose_count in rows:
        if month in place and delay <= longest:
            reports[place[month], max(delay, 0)] += report_count
            doses[place[month], max(delay, 0)] += dose_count
    return Arrivals(tuple(months), reports, doses)


def known_at(arrivals: Arrivals, day: date) -> Arrivals:
    """Return what had arrived by the end of a day."""
    ages = _ages(arrivals, day)
    seen = np.arange(arrivals.doses.shape[1])[None, :] <= ages[:, None]
    return Arrivals(arrivals.months, arrivals.reports * seen, arrivals.doses * seen)


def share_arrived(path: Sequence[Arrivals], ages: _Counts, delay: int, used: NDArray[np.bool_], lean: float) -> float:
    """Return the share of a month's doses that has arrived `delay` days after its end, for the last area of a path
    from the top of the tree down, from the months `used`; NaN where nothing is known.
    """
    share = math.nan
    for arrivals in path:
        own = _own_share(arrivals.doses[used], ages[used], delay)
        weight = float(arrivals.reports[used].sum())
        if math.isnan(share):
            share = own
        elif not math.isnan(own):
            share = (weight * own + lean * share) / (weight + lean)
    return share


def estimate(path: Sequence[Arrivals], month: date, day: date, parameters: Parameters) -> Estimate:
    """Return what is to come of a month of the last area of a path, as it is known on a day."""
    arrivals = path[-1]
    delay = (day - month_end(month)).days
    longest = parameters.longest_delay_days
    if delay < 0:
        return Estimate(month, delay, "not_over")
    if delay >= longest:
        return Estimate(month, delay, "complete")
    ages = _ages(arrivals, day)
    target = arrivals.months.index(month)
    used = ages >= 0
    used[target] = False
    counted = np.cumsum(arrivals.doses, axis=1)
    whole = used & (ages >= longest) & (counted[:, -1] > 0)
    count = int(whole.sum())
    if count < parameters.minimum_months:
        return Estimate(month, delay, "too_few_months", months_used=count)
    if arrivals.reports[whole].sum() / count < parameters.minimum_reports:
        return Estimate(month, delay, "too_few_reports", months_used=count)
    lean = parameters.shrinkage_reports
    share = share_arrived(path, ages, delay, used, lean)
    if counted[target, delay] == 0 or not share > 0:
        return Estimate(month, delay, "nothing_yet", months_used=count)
    errors = []
    for number in np.flatnonzero(whole):
        others = used.copy()
        others[number] = False
        found = counted[number, delay] / counted[number, -1]
        without = share_arrived(path, ages, delay, others, lean)
        errors.append(abs(math.log(without / found)) if found > 0 and without > 0 else math.inf)
    factor = 1 / share
    narrow, wide = (_interval(factor, errors, wanted) for wanted in parameters.interval_shares)
    return Estimate(month, delay, "estimated", share, count, factor, narrow, wide)


def _own_share(doses: _Counts, ages: _Counts, delay: int) -> float:
    counted = np.cumsum(doses, axis=1)
    if counted[:, -1].sum() == 0:
        return math.nan
    days = np.arange(delay + 1, doses.shape[1])
    old_enough = ages[:, None] >= days[None, :]
    came = (doses[:, days] * old_enough).sum(axis=0)
    by_then = (counted[:, days] * old_enough).sum(axis=0)
    hazards = np.divide(came, by_then, out=np.zeros_like(came), where=by_then > 0)
    return float(np.prod(1 - hazards))


def _interval(factor: float, errors: Sequence[float], wanted: float) -> tuple[float, float] | None:
    rank = math.ceil((len(errors) + 1) * wanted)
    if rank > len(errors):
        return None
    off = sorted(errors)[rank - 1]
    if math.isinf(off):
        return None
    # What was counted is there: nothing takes it away again.
    return max(1.0, factor * math.exp(-off)), factor * math.exp(off)


def _ages(arrivals: Arrivals, day: date) -> _Counts:
    return np.array([(day - month_end(month)).days for month in arrivals.months], dtype=float)


@dataclass(frozen=True)
class Held:
    """One month that was held back: how far the estimate and the partial value were from what it came to (shares)."""

    month: date
    delay_days: int
    error: float
    partial_error: float
    in_narrow: bool | None
    in_wide: bool | None


def held_back(path: Sequence[Arrivals], delays: Sequence[int], day: date, parameters: Parameters) -> list[Held]:
    """Estimate each month that is all in on `day` from what was known so many days after its end, and compare."""
    found = []
    for number, month in enumerate(path[-1].months):
        total = float(path[-1].doses[number].sum())
        if (day - month_end(month)).days < parameters.longest_delay_days or total == 0:
            continue
        for delay in delays:
            then = month_end(month) + timedelta(days=delay)
            earlier = [
                Arrivals(area.months[: number + 1], area.reports[: number + 1], area.doses[: number + 1])
                for area in path
            ]
            made = estimate([known_at(area, then) for area in earlier], month, then, parameters)
            if made.factor is None:
                continue
            counted = float(path[-1].doses[number, : delay + 1].sum())
            ratio = total / counted
            found.append(
                Held(
                    month,
                    delay,
                    abs(made.factor - ratio) / ratio,
                    1 - counted / total,
                    _holds(made.narrow, ratio),
                    _holds(made.wide, ratio),
                )
            )
    return found


def _holds(interval: tuple[float, float] | None, ratio: float) -> bool | None:
    return None if interval is None else interval[0] <= ratio <= interval[1]
