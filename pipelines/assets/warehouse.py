"""Every dbt model as an asset, built by one `dbt build`; its tests as asset checks.

A model that is kept by month (its dbt tag says so) is partitioned by month. A build touches the months that
new batches touch, whatever its partitions are; months that a person chose are made again as well (`mode:
selected_months`).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast, get_args

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from pipelines.assets.identity import IDENTITY_KEY
from pipelines.assets.intake import INTAKE_KEY
from pipelines.build import build_warehouse
from pipelines.partitions import report_months
from pipelines.progress import Reporter
from pipelines.reference import Registry
from pipelines.resources import WRITER_POOL, Clock, Home
from pipelines.settings import DBT_PROJECT_DIR
from pipelines.transform import BuildMode, NodeResult, TransformError, describe_failures, prepare_manifest

MONTHLY_TAG = "monthly"
# What the models of a source wait for.
_SOURCES = {"stg_lake__": INTAKE_KEY, "stg_identity__": IDENTITY_KEY}


class BuildConfig(dg.Config):
    """How much of the warehouse a run makes again."""

    # changed: what new batches touch; selected_months: these and the months of the run; everything: from
    # nothing.
    mode: str = "selected_months"


class WarehouseTranslator(DagsterDbtTranslator):
    """How a dbt node looks in Dagster: named like its table, grouped by its layer, monthly when it says so."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Return the table's name: asset name = table name = file name."""
        return dg.AssetKey(dbt_resource_props["name"])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return the layer: registry for seeds, else the first folder under models/."""
        if dbt_resource_props["resource_type"] == "seed":
            return "registry"
        return str(dbt_resource_props["fqn"][1])

    def get_partitions_def(self, dbt_resource_props: Mapping[str, Any]) -> dg.PartitionsDefinition | None:
        """Return the months for a model that is tagged as kept by month."""
        return report_months if MONTHLY_TAG in dbt_resource_props.get("tags", []) else None

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Let the models that read the lake, or who is who, depend on the assets that write it."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        name = manifest["nodes"].get(unique_id, {}).get("name", "")
        sources = [key for prefix, key in _SOURCES.items() if name.startswith(prefix)]
        return spec.replace_attributes(deps=[*spec.deps, *sources]) if sources else spec


def build_dbt_assets(registry: Registry) -> dg.AssetsDefinition:
    """Return the assets of the whole dbt project; its manifest is prepared first when it is absent or stale."""
    manifest: dict[str, Any] = json.loads(Path(prepare_manifest()).read_text(encoding="utf-8"))
    translator = WarehouseTranslator()
    project = DbtProject(project_dir=DBT_PROJECT_DIR, profiles_dir=DBT_PROJECT_DIR)

    @dbt_assets(
        manifest=manifest,
        name="warehouse",
        dagster_dbt_translator=translator,
        project=project,
        pool=WRITER_POOL,
        backfill_policy=dg.BackfillPolicy.single_run(),
        exclude="resource_type:unit_test",
    )
    def warehouse(
        context: dg.AssetExecutionContext,
        config: BuildConfig,
        home: Home,
        clock: Clock,
        progress: dg.ResourceParam[Reporter],
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Run `dbt build` for the selected models, then say what became of each model and test."""
        chosen = _chosen_models(context, manifest, translator, project)
        result = build_warehouse(
            home.settings(),
            registry,
            mode=_mode(config.mode),
            months=_chosen_months(context) if config.mode == "selected_months" else (),
            select=chosen,
            checked_at=clock.viet_nam_now(),
            reporter=progress,
        )
        # Dagster passes over whatever waits for an output that never comes, and publication waits for the dimensions.
        for name in result.kept:
            yield dg.MaterializeResult(asset_key=dg.AssetKey(name), metadata={"status": "kept: no definition changed"})
        for node in result.nodes:
            if node.resource_type == "test":
                yield from _check_results(node, manifest, translator, project)
            elif node.status == "success":
                spec = translator.get_asset_spec(manifest, node.unique_id, project)
                yield dg.MaterializeResult(
                    asset_key=spec.key, metadata={"seconds": round(node.seconds, 2), "status": node.message}
                )
        if result.failed:
            raise dg.Failure(describe_failures(result.failed), allow_retries=False)

    return warehouse


def _mode(text: str) -> BuildMode:
    for mode in get_args(BuildMode):
        if text == mode:
            return cast(BuildMode, mode)
    raise TransformError(f"'{text}' is no way to build; choose changed, selected_months or everything.")


def _chosen_months(context: dg.AssetExecutionContext) -> tuple[str, ...]:
    return tuple(context.partition_keys) if context.has_partition_key_range or context.has_partition_key else ()


def _chosen_models(
    context: dg.AssetExecutionContext,
    manifest: Mapping[str, Any],
    translator: WarehouseTranslator,
    project: DbtProject,
) -> tuple[str, ...]:
    """Return the names to build, or nothing when the run is over the whole project."""
    if context.selected_asset_keys == context.assets_def.keys:
        return ()
    return tuple(
        sorted(
            node["name"]
            for unique_id, node in manifest["nodes"].items()
            if node["resource_type"] in {"model", "seed", "snapshot"}
            and translator.get_asset_spec(manifest, unique_id, project).key in context.selected_asset_keys
        )
    )


def _check_results(
    node: NodeResult, manifest: Mapping[str, Any], translator: WarehouseTranslator, project: DbtProject
) -> Iterator[dg.AssetCheckResult]:
    """Report a dbt test as the asset check of the model that it is attached to, when there is one."""
    key = get_asset_check_key_for_test(manifest, translator, node.unique_id, project=project)
    if key is None or node.status == "skipped":
        return
    warns = node.status == "warn"
    yield dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=node.status == "pass",
        severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
        metadata={"violations": node.failures or 0, "seconds": round(node.seconds, 2)},
    )
