"""What assets need from outside: the home folder, the clock, somebody to tell how far they are."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import dagster as dg

from pipelines.files import this_process, write_text_atomically
from pipelines.recovery import PROCESS_TAG
from pipelines.settings import Settings, load_settings, set_variable

# One writer at a time: everything that writes the lake, the warehouse or a release takes a slot of this
# pool. The file lock behind it holds against writers that Dagster does not know of.
WRITER_POOL = "warehouse_writer"

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")

_INSTANCE_CONFIG = """\
# Written by the pipeline when it is absent; yours to change afterwards.
telemetry:
  enabled: false
# Dagster's own SQLite files, kept open between two events.
storage:
  custom:
    module: pipelines.dagster_storage
    class: KeptOpenStorage
    config:
      base_dir:
        env: DAGSTER_HOME
concurrency:
  pools:
    default_limit: 1
    granularity: op
  runs:
    max_concurrent_runs: 4
# A run whose process died is started again; one whose step failed waits for a person.
run_retries:
  enabled: true
  max_retries: 2
  retry_on_asset_or_op_failure: false
run_monitoring:
  enabled: true
  start_timeout_seconds: 300
  max_runtime_seconds: 21600
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 7
      failure: 30
      success: -1
"""


class Home(dg.ConfigurableResource):
    """Which installation the run works on."""

    folder: str

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Note in the run which process works on it, so that a dead one can be told from a slow one."""
        if context.run is not None and context.instance is not None:
            context.instance.add_run_tags(context.run.run_id, {PROCESS_TAG: this_process()})

    def settings(self) -> Settings:
        """Return every path of the installation."""
        return load_settings(self.folder)


class Clock(dg.ConfigurableResource):
    """The time at which things happen, as an argument: `fixed_at` (ISO, with its zone) stands in for the real one."""

    fixed_at: str = ""

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return datetime.fromisoformat(self.fixed_at).astimezone(UTC) if self.fixed_at else datetime.now(UTC)

    def viet_nam_now(self) -> datetime:
        """Return the wall-clock time in Viet Nam without a zone, as the lake writes it."""
        return self.now().astimezone(VIET_NAM).replace(tzinfo=None)


def prepare_dagster_home(settings: Settings) -> None:
    """Write Dagster's configuration (no telemetry, one writer at a time) into its home when there is none."""
    path = settings.dagster_home / "dagster.yaml"
    if not path.exists():
        write_text_atomically(path, _INSTANCE_CONFIG)


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open Dagster's storage in the home folder, with its chatter turned down."""
    set_variable("DAGSTER_HOME", settings.dagster_home)
    logging.getLogger("dagster").setLevel(logging.ERROR)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        yield instance
