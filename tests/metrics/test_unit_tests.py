"""Every unit test of the dbt project, run in a warehouse of its own."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from pipelines.settings import Settings
from tests.metrics.building import run_dbt


def test_every_unit_test_of_the_models_passes(published_home: Settings, tmp_path: Path) -> None:
    # dbt reads the types of a unit test's inputs from their tables, so it needs a warehouse that was built.
    warehouse = tmp_path / published_home.warehouse.name
    shutil.copy(published_home.warehouse, warehouse)
    results = run_dbt(published_home, warehouse, date(2025, 4, 10), "test", "--select", "test_type:unit")
    failed = [f"{item.node.name}: {item.message}" for item in results if str(item.status) != "pass"]
    assert not failed, "\n\n".join(failed)
    assert len(results) > 0
