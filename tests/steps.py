"""A run's steps one after the other, for tests of what comes out: Dagster has tests of its own.

A home of a test starts with a warehouse that holds the definitions and no data, so that a run builds what data
make. Runs from nothing are in `tests/orchestration`.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.build import build_warehouse, check_intake, check_marts, publish_build
from pipelines.identify import identify
from pipelines.inbox import take_in_waiting
from pipelines.progress import SilentReporter
from pipelines.publish import Release
from pipelines.reference import load_registry
from pipelines.resources import VIET_NAM
from pipelines.settings import Settings
from pipelines.transform import BuildMode, definition_nodes, describe_failures, parsed_project


def empty_warehouse(built: Settings, folder: Path) -> Path:
    """Copy the warehouse of a home that was built, and leave nothing in it but the definitions."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (built.warehouse.name, "build.json"):
        shutil.copy(built.warehouse.with_name(name), folder / name)
    kept = definition_nodes(parsed_project())
    with duckdb.connect(str(folder / built.warehouse.name)) as connection:
        tables = connection.execute("select table_name from duckdb_tables() order by 1").fetchall()
        for (name,) in tables:
            if name not in kept:
                connection.execute(f'delete from "{name}"')
    return folder


def start_with(settings: Settings, empty: Path) -> None:
    """Give a home the warehouse that `empty_warehouse` left."""
    shutil.copytree(empty, settings.warehouse.parent)


def run_steps(settings: Settings, at: str, mode: BuildMode = "changed") -> Release:
    """Take in what waits, build what it changes, check it and publish it; `at` is the time that it carries."""
    registry, reporter, now = load_registry(), SilentReporter(), datetime.fromisoformat(at)
    here = now.astimezone(VIET_NAM).replace(tzinfo=None)
    take_in_waiting(settings, registry, here)
    check_intake(settings, registry, here, reporter)
    identify(settings, registry, reporter)
    result = build_warehouse(settings, registry, mode=mode, months=(), select=(), checked_at=here, reporter=reporter)
    assert not result.failed, describe_failures(result.failed)
    check_marts(settings, registry, here, reporter)
    return publish_build(settings, registry, now, reporter)
