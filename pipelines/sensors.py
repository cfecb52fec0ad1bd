"""What starts runs by itself: files in the inbox, and batches that are not built yet."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg

from pipelines.build import checks_pending, exclusions_waiting, unbuilt_batches
from pipelines.identify import decisions_waiting
from pipelines.inbox import waiting
from pipelines.jobs import build_and_publish, take_in
from pipelines.ledger import Ledger
from pipelines.partitions import range_tags
from pipelines.reference import Registry
from pipelines.resources import Clock, Home
from pipelines.settings import Settings
from pipelines.stewardship.corrections import waiting_corrections
from pipelines.stewardship.door import approved_corrections
from pipelines.transform import project_version

# A file that was written to a moment ago may still be growing: a half-copied file must not be taken for a
# whole one.
SETTLED_AFTER_SECONDS = 10
_CHANGED = {"ops": {"warehouse": {"config": {"mode": "changed"}}}}


def settled(paths: Sequence[Path], now: datetime) -> list[Path]:
    """Return the files that nobody has written to for a while, in a fixed order."""
    return sorted(path for path in paths if now.timestamp() - path.stat().st_mtime >= SETTLED_AFTER_SECONDS)


def gathering_key(paths: Sequence[Path], delivery_count: int) -> str:
    """Return the run key of taking in these files: the same contents at the same state of the ledger are one
    run.

    The count of deliveries lets bytes that come again be taken notice of again.
    """
    contents = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
    return hashlib.sha256("\n".join([str(delivery_count), *contents]).encode()).hexdigest()


def request_take_in(settings: Settings, registry: Registry, now: datetime) -> dg.RunRequest | dg.SkipReason:
    """Ask for one run that takes in everything that waits and is whole."""
    waits = [*waiting(settings), *waiting_corrections(settings, approved_corrections(settings, registry))]
    ready = settled(waits, now)
    if not waits and checks_pending(settings):
        # A run that was killed after taking in: the checks are still owed.
        return dg.RunRequest(run_key=f"checks-{Ledger(settings.ledger).latest_batch_no()}")
    if not waits:
        return dg.SkipReason("Hộp nhận trống / the inbox is empty.")
    if len(ready) < len(waits):
        return dg.SkipReason(f"{len(waits) - len(ready)} tệp đang được chép / files are still being copied.")
    return dg.RunRequest(run_key=gathering_key(ready, Ledger(settings.ledger).delivery_count()))


def request_build(settings: Settings, registry: Registry) -> dg.RunRequest | dg.SkipReason:
    """Ask for one run that builds and publishes every batch, and every steward's decision, not published yet."""
    batches = unbuilt_batches(settings)
    if batches is None:
        decided = decisions_waiting(settings, registry) or exclusions_waiting(settings)
        if decided is None:
            return dg.SkipReason("Không có lô mới / no new batch.")
        return dg.RunRequest(
            run_key=f"decisions-{decided}-{project_version()}", tags=range_tags(None, None), run_config=_CHANGED
        )
    if checks_pending(settings):
        return dg.SkipReason("Lô mới chưa qua kiểm tra / the new batch has not passed its checks.")
    return dg.RunRequest(
        run_key=f"batches-{batches.since_batch_no}-{batches.through_batch_no}-{project_version()}",
        tags=range_tags(batches.first_month, batches.last_month),
        run_config=_CHANGED,
    )


def build_sensors(registry: Registry) -> list[dg.SensorDefinition]:
    """Return both sensors; they run from the start, since waiting files are what the pipeline is for."""

    @dg.sensor(job=take_in, name="inbox", minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
    def inbox(home: Home, clock: Clock) -> dg.RunRequest | dg.SkipReason:
        """Gather every waiting file into one run."""
        return request_take_in(home.settings(), registry, clock.now())

    @dg.sensor(
        job=build_and_publish,
        name="unbuilt_batches",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def unbuilt(home: Home) -> dg.RunRequest | dg.SkipReason:
        """Build and publish what was taken in, also what a killed run left behind."""
        return request_build(home.settings(), registry)

    return [inbox, unbuilt]
