"""What runs by the clock: the whole warehouse from nothing, once a week."""

import dagster as dg

from pipelines.jobs import build_and_publish
from pipelines.partitions import TIME_ZONE, range_tags


def build_schedules() -> list[dg.ScheduleDefinition]:
    """Return the weekly rebuild, which would show a difference between building by month and building at once."""

    @dg.schedule(
        job=build_and_publish,
        name="weekly_rebuild",
        cron_schedule="0 2 * * 0",
        execution_timezone=TIME_ZONE,
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def weekly_rebuild() -> dg.RunRequest:
        """Build everything again on Sunday night."""
        return dg.RunRequest(
            tags=range_tags(None, None), run_config={"ops": {"warehouse": {"config": {"mode": "everything"}}}}
        )

    return [weekly_rebuild]
