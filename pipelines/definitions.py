"""Assembly: everything that Dagster knows, put together. No logic, and nothing that reads data."""

from typing import Any

import dagster as dg

from pipelines.assets.checks import build_checks
from pipelines.assets.identity import build_identity
from pipelines.assets.intake import build_intake
from pipelines.assets.publication import build_publication
from pipelines.assets.warehouse import build_dbt_assets
from pipelines.jobs import build_and_publish, take_in
from pipelines.progress import SilentReporter
from pipelines.publish import PERSONS_PREFIX, PUBLISHED_PREFIXES
from pipelines.reference import Registry, load_registry
from pipelines.resources import Clock, Home
from pipelines.schedules import build_schedules
from pipelines.sensors import build_sensors
from pipelines.settings import load_settings, turn_telemetry_off


def build_definitions(registry: Registry | None = None, **overrides: Any) -> dg.Definitions:
    """Return the definitions; `overrides` replace resources by name (`home`, `clock`, `progress`)."""
    registry = registry or load_registry()
    turn_telemetry_off()
    warehouse = build_dbt_assets(registry)
    published = (*PUBLISHED_PREFIXES, PERSONS_PREFIX)
    marts = sorted(key for key in warehouse.keys if key.path[-1].startswith(published))
    resources: dict[str, Any] = {
        "home": Home(folder=str(load_settings().home)),
        "clock": Clock(),
        "progress": SilentReporter(),
    }
    return dg.Definitions(
        assets=[build_intake(registry), build_identity(registry), warehouse, build_publication(marts, registry)],
        asset_checks=build_checks(registry),
        jobs=[take_in, build_and_publish],
        sensors=build_sensors(registry),
        schedules=build_schedules(),
        resources={**resources, **overrides},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions of the home that NIIS_HOME names; Dagster calls it to load them."""
    return build_definitions()
