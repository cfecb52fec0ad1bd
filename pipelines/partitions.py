"""The months that a person can choose to have made again in Dagster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import dagster as dg

# The national system began in 2017. What is older came as totals of a year, and no month of it can be made
# again alone.
FIRST_MONTH = "2017-01-01"
TIME_ZONE = "Asia/Ho_Chi_Minh"

report_months = dg.MonthlyPartitionsDefinition(start_date=FIRST_MONTH, timezone=TIME_ZONE, end_offset=1)

_RANGE_START_TAG = "dagster/asset_partition_range_start"
_RANGE_END_TAG = "dagster/asset_partition_range_end"


def range_tags(first_month: date | None, last_month: date | None) -> dict[str, str]:
    """Return the run tags that name the months from `first_month` to `last_month`, as far as they are
    partitions.

    With no month given, or none that is a partition, the newest partition stands for the run: a run over
    partitioned assets has to name one.
    """
    keys = report_months.get_partition_keys()
    chosen = _between(keys, first_month, last_month) or keys[-1:]
    return {_RANGE_START_TAG: chosen[0], _RANGE_END_TAG: chosen[-1]}


def _between(keys: Sequence[str], first_month: date | None, last_month: date | None) -> list[str]:
    if first_month is None or last_month is None:
        return []
    return [key for key in keys if first_month.isoformat() <= key <= last_month.isoformat()]
