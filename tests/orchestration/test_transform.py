"""The dbt project is parsed when it changed, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import transform


@pytest.fixture
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dbt project of one model in a folder of its own."""
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text(
        'name: small\nversion: "1.0"\nprofile: small\nmodel-paths: [models]\n', encoding="utf-8"
    )
    (project / "profiles.yml").write_text(
        "small: {target: d, outputs: {d: {type: duckdb, path: \"{{ env_var('NIIS_WAREHOUSE') }}\"}}}\n",
        encoding="utf-8",
    )
    (project / "models" / "one.sql").write_text("select 1 as one", encoding="utf-8")
    target = project / "target"
    monkeypatch.setattr(transform, "DBT_PROJECT_DIR", project)
    monkeypatch.setattr(transform, "TARGET_DIR", target)
    return project


def test_the_manifest_is_made_again_when_a_file_changes_and_not_before(small_project: Path) -> None:
    manifest = transform.prepare_manifest()
    made_at = manifest.stat().st_mtime_ns
    assert '"one"' in manifest.read_text(encoding="utf-8")
    transform.prepare_manifest()
    assert manifest.stat().st_mtime_ns == made_at
    (small_project / "models" / "one.sql").rename(small_project / "models" / "two.sql")
    assert '"two"' in transform.prepare_manifest().read_text(encoding="utf-8")
    assert not manifest.exists(), "one manifest is kept"


def test_another_process_that_parses_does_not_touch_the_manifest_that_is_read(small_project: Path) -> None:
    manifest = transform.prepare_manifest()
    before = manifest.stat().st_ino, manifest.stat().st_mtime_ns
    transform.parse_project()
    assert (manifest.stat().st_ino, manifest.stat().st_mtime_ns) == before


def test_the_version_of_the_project_is_that_of_its_files(small_project: Path) -> None:
    before = transform.project_version()
    transform.prepare_manifest()
    assert transform.project_version() == before, "dbt's own output does not count"
    (small_project / "models" / "one.sql").write_text("select 2 as one", encoding="utf-8")
    assert transform.project_version() != before


def test_a_project_that_cannot_be_parsed_is_a_sentence(small_project: Path) -> None:
    (small_project / "models" / "one.sql").write_text("select * from {{ ref('nothing') }}", encoding="utf-8")
    with pytest.raises(transform.TransformError, match="cannot be parsed"):
        transform.prepare_manifest()


def test_definitions_are_what_no_delivery_and_no_day_can_change() -> None:
    found = transform.definition_nodes(transform.parsed_project())
    assert {"areas", "dim_areas", "dim_indicators", "int_area_ancestors", "int_schedule_doses"} <= set(found)
    of_the_lake = {"dim_facilities", "int_unit_ancestors", "stg_lake__dose_records", "fct_indicator_values"}
    of_the_day = {"dim_periods", "dim_period_months", "per_series_states"}
    of_the_last_build = {"int_registry_starts_before", "int_cohort_children_before"}
    assert not (of_the_lake | of_the_day | of_the_last_build) & set(found)


def test_the_environment_is_left_as_it_was(small_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os  # noqa: PLC0415

    monkeypatch.delenv("NIIS_WAREHOUSE", raising=False)
    transform.prepare_manifest()
    assert "NIIS_WAREHOUSE" not in os.environ
