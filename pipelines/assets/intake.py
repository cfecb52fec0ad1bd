"""The asset `intake_batches`: everything that waits in the inbox, taken into the lake."""

import dagster as dg

from pipelines.inbox import take_in_waiting
from pipelines.progress import Reporter
from pipelines.reference import Registry
from pipelines.resources import WRITER_POOL, Clock, Home

INTAKE_KEY = dg.AssetKey("intake_batches")


def build_intake(registry: Registry) -> dg.AssetsDefinition:
    """Return the intake asset, which reads files by the definitions of `registry`."""

    @dg.asset(
        key=INTAKE_KEY,
        group_name="intake",
        kinds={"parquet", "polars"},
        pool=WRITER_POOL,
        # Taking in is idempotent by content, so a repeat after a full disk or a lost lock can do no harm.
        retry_policy=dg.RetryPolicy(
            max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS
        ),
        description="Tệp chờ trong hộp nhận, đã đọc, kiểm tra, lưu / files of the inbox, read, checked, kept",
    )
    def intake_batches(home: Home, clock: Clock, progress: dg.ResourceParam[Reporter]) -> dg.MaterializeResult:
        """Take in every file that waits; the same bytes twice change nothing."""
        with progress.step("Tiếp nhận tệp / taking files in") as step:
            summary = take_in_waiting(home.settings(), registry, clock.viet_nam_now(), progress=step)
        return dg.MaterializeResult(
            metadata={
                "files": summary.file_count,
                "lines": summary.line_count,
                "accepted": summary.accepted_count,
                "rejected": summary.rejected_count,
                "refused_files": summary.refused_count,
            }
        )

    return intake_batches
