"""Files that wait become one run, and batches that are not published become one run."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from pipelines.build import unbuilt_batches
from pipelines.definitions import build_definitions
from pipelines.identity.decisions import DecisionStore
from pipelines.inbox import waiting
from pipelines.partitions import range_tags, report_months
from pipelines.progress import SilentReporter
from pipelines.reference import load_registry
from pipelines.resources import Clock, Home, dagster_instance, prepare_dagster_home
from pipelines.runner import run
from pipelines.sensors import SETTLED_AFTER_SECONDS, request_build, request_take_in, settled
from pipelines.settings import Settings
from tests.conftest import RUN_AT


def soon() -> datetime:
    """Return a time at which files that are here now have settled."""
    return datetime.now(UTC) + timedelta(seconds=2 * SETTLED_AFTER_SECONDS)


def test_all_waiting_files_become_one_run(fresh_home: Callable[[str], Settings]) -> None:
    settings = fresh_home("home")
    assert len(waiting(settings)) > 1
    request = request_take_in(settings, load_registry(), soon())
    assert isinstance(request, dg.RunRequest)
    # Asking again before anything changed is the same run; another file is another run.
    again = request_take_in(settings, load_registry(), soon())
    assert isinstance(again, dg.RunRequest)
    assert again.run_key == request.run_key
    (settings.inbox / "muộn.csv").write_text("a\n", encoding="utf-8")
    more = request_take_in(settings, load_registry(), soon())
    assert isinstance(more, dg.RunRequest)
    assert more.run_key != request.run_key


def test_the_name_and_time_of_a_file_do_not_make_another_run(tmp_path: Path) -> None:
    keys = []
    for name in ("a.csv", "b.csv"):
        settings = Settings(tmp_path / name)
        settings.inbox.mkdir(parents=True)
        (settings.inbox / name).write_text("như nhau\n", encoding="utf-8")
        os.utime(settings.inbox / name, (1_700_000_000 + len(keys), 1_700_000_000))
        request = request_take_in(settings, load_registry(), soon())
        assert isinstance(request, dg.RunRequest)
        keys.append(request.run_key)
    assert keys[0] == keys[1]


def test_a_file_that_is_still_being_copied_is_waited_for(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    settings.inbox.mkdir()
    growing = settings.inbox / "half.csv"
    growing.write_text("half of a", encoding="utf-8")
    assert isinstance(request_take_in(settings, load_registry(), datetime.now(UTC)), dg.SkipReason)
    assert settled([growing], datetime.now(UTC)) == []
    assert isinstance(request_take_in(settings, load_registry(), soon()), dg.RunRequest)


def test_an_empty_inbox_asks_for_nothing(tmp_path: Path) -> None:
    assert isinstance(request_take_in(Settings(tmp_path), load_registry(), soon()), dg.SkipReason)
    assert isinstance(request_build(Settings(tmp_path), load_registry()), dg.SkipReason)


def test_nothing_is_built_twice(published_home: Settings) -> None:
    assert unbuilt_batches(published_home) is None
    assert isinstance(request_build(published_home, load_registry()), dg.SkipReason)


def test_a_decision_of_a_steward_asks_for_a_run(home_copy: Settings) -> None:
    store = DecisionStore(home_copy.identity / "decisions.sqlite")
    at = datetime(2026, 4, 6, 12)
    store.record("a" * 20, "b" * 20, "must_link", decided_by="Lan", decided_at=at, reason="một trẻ")
    request = request_build(home_copy, load_registry())
    assert isinstance(request, dg.RunRequest)
    store.record("a" * 20, "b" * 20, "withdrawn", decided_by="Lan", decided_at=at, reason="nhầm")
    again = request_build(home_copy, load_registry())
    assert isinstance(again, dg.RunRequest)
    assert again.run_key != request.run_key
    assert run(home_copy, SilentReporter(), clock=Clock(fixed_at="2026-04-06T12:00:00+07:00")).is_new
    assert isinstance(request_build(home_copy, load_registry()), dg.SkipReason)


def test_both_sensors_lead_from_files_to_a_release(fresh_home: Callable[[str], Settings], tmp_path: Path) -> None:
    """What the daemon does: it asks the sensors, and starts what they ask for."""
    settings = fresh_home("home")
    prepare_dagster_home(settings)
    home, clock = Home(folder=str(settings.home)), Clock(fixed_at=soon().isoformat())
    definitions = build_definitions(home=home, clock=clock, progress=SilentReporter())
    with dagster_instance(settings) as instance:
        for sensor_name, job_name in (("inbox", "take_in"), ("unbuilt_batches", "build_and_publish")):
            sensor = definitions.resolve_sensor_def(sensor_name)
            assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
            with dg.build_sensor_context(instance=instance, resources={"home": home, "clock": clock}) as context:
                requested = sensor.evaluate_tick(context).run_requests
            assert len(requested) == 1
            result = definitions.resolve_job_def(job_name).execute_in_process(
                instance=instance, tags=requested[0].tags, run_config=requested[0].run_config
            )
            assert result.success
    assert (settings.published / "CURRENT").exists()
    assert waiting(settings) == []


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2025, 5, 1), date(2025, 7, 1), ("2025-05-01", "2025-07-01")),
        (date(2009, 1, 1), date(2017, 3, 1), ("2017-01-01", "2017-03-01")),
        (date(2009, 1, 1), date(2012, 12, 1), None),
        (None, None, None),
    ],
)
def test_the_months_of_a_run_are_those_that_are_partitions(
    first: date | None, last: date | None, expected: tuple[str, str] | None
) -> None:
    newest = report_months.get_partition_keys()[-1]
    start, end = expected or (newest, newest)
    assert range_tags(first, last) == {
        "dagster/asset_partition_range_start": start,
        "dagster/asset_partition_range_end": end,
    }


def test_definitions_load_and_every_writer_takes_the_pool() -> None:
    definitions = build_definitions(clock=Clock(fixed_at=RUN_AT))
    dg.Definitions.validate_loadable(definitions)
    graph = definitions.resolve_asset_graph()
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert {"intake_batches", "fct_measure_values", "fct_indicator_values", "published_release"} <= keys
    assert graph.get(dg.AssetKey("fct_measure_values")).partitions_def == report_months
    for job in ("take_in", "build_and_publish"):
        for node in definitions.resolve_job_def(job).nodes:
            assert node.definition.pool == "warehouse_writer", node.name


def test_the_weekly_rebuild_makes_everything_again_and_waits_to_be_switched_on() -> None:
    schedule = build_definitions().resolve_schedule_def("weekly_rebuild")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    with dg.build_schedule_context(scheduled_execution_time=soon()) as context:
        (request,) = schedule.evaluate_tick(context).run_requests
    assert request.run_config["ops"]["warehouse"]["config"] == {"mode": "everything"}


def test_publication_waits_for_every_blocking_check_of_the_marts() -> None:
    graph = build_definitions().resolve_asset_graph()
    published = dg.AssetKey("published_release")
    blocking = [
        key
        for key in graph.asset_check_keys
        if graph.get(key).blocking and key.asset_key == dg.AssetKey("fct_indicator_values")
    ]
    assert blocking
    assert dg.AssetKey("fct_indicator_values") in graph.get(published).parent_keys
