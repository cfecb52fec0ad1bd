"""Clearing away what a loss of power leaves in Dagster's own storage."""

from __future__ import annotations

import dagster as dg

from pipelines.files import process_is_alive

# Every run writes here which process works on it (see `resources.Home`).
PROCESS_TAG = "niis/process"


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs whose process is gone as failed and give back their place in the pool; return their ids.

    After a loss of power such a run would stay 'started' and keep every later one waiting.
    """
    started = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING]))
    dead = [run for run in started if PROCESS_TAG in run.tags and not process_is_alive(run.tags[PROCESS_TAG])]
    for run in dead:
        instance.report_run_failed(run, message="The process of this run is gone.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
    return [run.run_id for run in dead]
