"""Dagster's files, kept open: the same files with the same content as its own storage leaves."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg

from pipelines.dagster_storage import _FILES_KEPT_OPEN, KeptOpenStorage
from pipelines.resources import dagster_instance, prepare_dagster_home
from pipelines.settings import Settings

_OWN_STORAGE = "telemetry:\n  enabled: false\n"


@dg.asset(check_specs=[dg.AssetCheckSpec("has_rows", asset="checked")])
def checked() -> dg.MaterializeResult:
    """Something to materialize and to check."""
    return dg.MaterializeResult(
        metadata={"rows": 3}, check_results=[dg.AssetCheckResult(check_name="has_rows", passed=True)]
    )


def home_of(folder: Path, config: str | None = None) -> Settings:
    settings = Settings(folder)
    if config is not None:
        settings.dagster_home.mkdir(parents=True)
        (settings.dagster_home / "dagster.yaml").write_text(config, encoding="utf-8")
    prepare_dagster_home(settings)
    return settings


def run_once(settings: Settings) -> str:
    with dagster_instance(settings) as instance:
        assert dg.materialize([checked], instance=instance).success
        return instance.get_runs()[0].run_id


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(path) as connection:
        return connection.execute(sql).fetchall()


def test_it_is_what_a_home_is_given_and_what_it_writes_is_what_dagster_writes(tmp_path: Path) -> None:
    ours, theirs = home_of(tmp_path / "ours"), home_of(tmp_path / "theirs", _OWN_STORAGE)
    found = []
    for settings in (ours, theirs):
        run_id = run_once(settings)
        history = settings.dagster_home / "history"
        types = "select dagster_event_type, asset_key, step_key from event_logs order by 1, 2, 3"
        found.append(
            (
                rows(history / "runs" / f"{run_id}.db", types),
                rows(history / "runs" / "index.db", types),
                rows(history / "runs" / "index.db", "select asset_key from asset_keys"),
                rows(history / "runs" / "index.db", "select check_name, execution_status from asset_check_executions"),
                rows(history / "runs.db", "select status from runs"),
            )
        )
    assert found[0] == found[1]
    assert all(found[0])


def test_a_home_that_dagsters_own_storage_began_is_continued_and_the_other_way_round(tmp_path: Path) -> None:
    settings = home_of(tmp_path / "home")
    config = settings.dagster_home / "dagster.yaml"
    kept_open = config.read_text(encoding="utf-8")
    config.write_text(_OWN_STORAGE, encoding="utf-8")
    runs = [run_once(settings)]
    config.write_text(kept_open, encoding="utf-8")
    runs.append(run_once(settings))
    config.write_text(_OWN_STORAGE, encoding="utf-8")
    runs.append(run_once(settings))
    with dagster_instance(settings) as instance:
        assert [run.run_id for run in instance.get_runs()] == runs[::-1]
        made = instance.fetch_materializations(dg.AssetKey("checked"), limit=10).records
        assert [record.run_id for record in made] == runs[::-1]
        assert all(instance.all_logs(run) for run in runs)


def test_more_runs_than_files_may_be_open_can_be_read(tmp_path: Path) -> None:
    storage = KeptOpenStorage(str(tmp_path))
    with dg.DagsterInstance.ephemeral() as instance:
        storage.register_instance(instance)
        events = storage.event_log_storage
        names = [f"run{number}" for number in range(_FILES_KEPT_OPEN + 3)]
        for name in names:
            assert events.get_logs_for_run(name) == []
        for name in names:
            assert events.get_logs_for_run(name) == []
        storage.dispose()
