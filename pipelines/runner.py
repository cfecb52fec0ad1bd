"""What `niis run` does: the Dagster jobs, in this process, on the instance of the home folder.

Two runs: taking in what waits, then building and publishing what is not published yet. A run that was killed
is taken up here, because what is left to do is read from the ledger and not from Dagster's own history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import dagster as dg

from pipelines.build import checks_pending, exclusions_waiting, unbuilt_batches
from pipelines.definitions import build_definitions
from pipelines.history import record_current
from pipelines.identify import identity_is_current
from pipelines.inbox import waiting, writer_lock
from pipelines.jobs import BUILD_AND_PUBLISH, TAKE_IN
from pipelines.ledger import Ledger
from pipelines.partitions import range_tags
from pipelines.progress import Reporter
from pipelines.publish import Release, current_release
from pipelines.recovery import end_dead_runs
from pipelines.reference import Registry, load_registry
from pipelines.resources import Clock, Home, dagster_instance, prepare_dagster_home
from pipelines.settings import Settings
from pipelines.stewardship.door import corrections_waiting
from pipelines.transform import BuildMode, project_version


class RunFailedError(Exception):
    """A step failed; the message says which and why. What was published before stays published."""


@dataclass(frozen=True)
class RunOutcome:
    """What one call of `run` did."""

    release: Release | None  # what is published now
    is_new: bool  # whether this call published it
    dagster_runs: tuple[str, ...] = field(default=())  # ids, to be found in Dagster's UI


def run(
    settings: Settings,
    reporter: Reporter,
    *,
    registry: Registry | None = None,
    clock: Clock | None = None,
    mode: BuildMode = "changed",
) -> RunOutcome:
    """Take in everything that waits, build what it changes, check it and publish it.

    Nothing new and nothing changed in the definitions: nothing is done. Raises RunFailedError.
    """
    clock = clock or Clock()
    registry = registry or load_registry()
    prepare_dagster_home(settings)
    definitions = build_definitions(registry, home=Home(folder=str(settings.home)), clock=clock, progress=reporter)
    runs: list[str] = []
    with dagster_instance(settings) as instance:
        end_dead_runs(instance)
        if waiting(settings) or corrections_waiting(settings, registry) or checks_pending(settings):
            runs.append(_execute(definitions, instance, TAKE_IN, {}, {}))
        if not _has_work(settings, registry, mode):
            with writer_lock(settings):
                record_current(settings)
            return RunOutcome(current_release(settings), is_new=False, dagster_runs=tuple(runs))
        before = current_release(settings)
        batches = unbuilt_batches(settings)
        tags = range_tags(batches.first_month, batches.last_month) if batches else range_tags(None, None)
        config = {"ops": {"warehouse": {"config": {"mode": mode}}}}
        runs.append(_execute(definitions, instance, BUILD_AND_PUBLISH, tags, config))
    release = current_release(settings)
    return RunOutcome(release, is_new=release != before, dagster_runs=tuple(runs))


def _has_work(settings: Settings, registry: Registry, mode: BuildMode) -> bool:
    if mode == "everything" or unbuilt_batches(settings) is not None:
        return True
    release = current_release(settings)
    if release is None:
        return settings.ledger.exists() and Ledger(settings.ledger).latest_batch_no() > 0
    if not identity_is_current(settings, registry) or exclusions_waiting(settings) is not None:
        return True
    return (release.definition_version, release.project_version) != (
        registry.definition_version,
        project_version(),
    )


def _execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job_name: str,
    tags: dict[str, str],
    config: Mapping[str, object],
) -> str:
    """Run one job here and now; return the run's id. Raises RunFailedError with the reason of the first failed step."""
    result = definitions.resolve_job_def(job_name).execute_in_process(
        run_config={**config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        instance=instance,
        tags=tags,
        raise_on_error=False,
    )
    if not result.success:
        raise RunFailedError(_reason(result))
    return result.run_id


def _reason(result: dg.ExecuteInProcessResult) -> str:
    """Say why a run failed: the blocking checks that did, else the first step that did."""
    checks = [check for check in result.get_asset_check_evaluations() if not check.passed and check.blocking]
    if checks:
        said = "; ".join(f"{check.check_name}: {check.description}" for check in checks)
        return f"{len(checks)} blocking check(s) failed, so the last good copy stays published: {said}"
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data and data.user_failure_data.description:
                return f"{event.step_key}: {data.user_failure_data.description}"
            error = data.error
            while error is not None and error.cause is not None:
                error = error.cause
            return f"{event.step_key}: {error.message.strip() if error else 'failed without saying why'}"
    return "the run failed before its first step; see its log in Dagster"
