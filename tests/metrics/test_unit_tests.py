"""Every unit test of the dbt project, run in a warehouse of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pipelines.settings import DBT_PROJECT_DIR, Settings
from tests.conftest import RUN_AT


def test_every_unit_test_of_the_models_passes(
    published_home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415 - dbt is slow to import
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    # dbt reads the types of a unit test's inputs from their tables, so it needs a warehouse that was built.
    warehouse = tmp_path / published_home.warehouse.name
    shutil.copy(published_home.warehouse, warehouse)
    monkeypatch.setenv("NIIS_WAREHOUSE", str(warehouse))
    variables = {
        "lake_path": str(published_home.lake),
        "facilities_path": str(published_home.facilities),
        "as_of_date": RUN_AT[:10],
    }
    arguments = ["--quiet", "--log-level", "none", "--log-level-file", "none", "test", "--select", "test_type:unit"]
    arguments += ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    arguments += ["--target-path", str(tmp_path / "target"), "--vars", json.dumps(variables)]
    outcome = dbtRunner().invoke(arguments)
    DuckDBConnectionManager.close_all_connections()
    assert outcome.exception is None
    failed = [f"{item.node.name}: {item.message}" for item in outcome.result.results if str(item.status) != "pass"]
    assert not failed, "\n\n".join(failed)
    assert len(outcome.result.results) > 0
