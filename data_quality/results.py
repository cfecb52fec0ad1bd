"""The one shape of a check's result, whoever ran it, and the folder where results wait for publication."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from polars._typing import PolarsDataType as PolarsType

Status = Literal["error", "not_applicable", "failed", "passed"]
Severity = Literal["blocking", "warning"]
Stage = Literal["intake_batch", "dbt", "published"]

STAGES: tuple[Stage, ...] = ("intake_batch", "dbt", "published")

# The columns of rpt_check_results, in order.
RESULT_SCHEMA: dict[str, PolarsType] = {
    "rule_code": pl.String,
    "name_vi": pl.String,
    "name_en": pl.String,
    "dataset": pl.String,
    "scope": pl.String,
    "violations": pl.Int64,
    "evaluated": pl.Int64,
    "threshold": pl.Float64,
    "status": pl.String,
    "severity": pl.String,
    "checked_at": pl.Datetime("us"),
    "message_vi": pl.String,
    "message_en": pl.String,
}


class MissingResultsError(Exception):
    """Checks of a stage have not been run for the data in question."""


@dataclass(frozen=True)
class CheckResult:
    """What one rule found in one scope of one dataset.

    `violations` of `evaluated` things contradict the rule; `threshold` is the share (0-1) of them that is
    tolerated. Both counts are None when the check could not be carried out (status `error`). A check that
    had nothing to look at is `not_applicable`, never `passed`.
    """

    rule_code: str
    name_vi: str
    name_en: str
    dataset: str
    scope: str
    violations: int | None
    evaluated: int | None
    threshold: float | None
    status: Status
    severity: Severity
    checked_at: datetime
    message_vi: str
    message_en: str

    @property
    def is_blocking(self) -> bool:
        """Whether this result forbids publication."""
        return self.severity == "blocking" and self.status in {"error", "failed"}


def status_of(violations: int | None, evaluated: int | None, threshold: float | None) -> Status:
    """Return the status in the order error > not applicable > failed > passed."""
    if violations is None or evaluated is None:
        return "error"
    if evaluated == 0:
        return "not_applicable"
    return "failed" if violations / evaluated > (threshold or 0.0) else "passed"


def to_frame(results: Iterable[CheckResult]) -> pl.DataFrame:
    """Return results as the rows of rpt_check_results."""
    return pl.DataFrame([asdict(result) for result in results], schema=RESULT_SCHEMA, orient="row")


def save_results(folder: Path, stage: Stage, made_for: str, results: Sequence[CheckResult]) -> None:
    """Keep the results of `stage`, found for the data that `made_for` names, until they are published."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{stage}.tmp"
    frame = to_frame(results).with_columns(made_for=pl.lit(made_for))
    if not results:
        # The row without a rule says that the stage was gone through and had no rule to apply.
        frame = pl.DataFrame(
            {**{name: [None] for name in RESULT_SCHEMA}, "made_for": [made_for]},
            schema={**RESULT_SCHEMA, "made_for": pl.String},
        )
    frame.write_parquet(temporary)
    temporary.replace(folder / f"{stage}.parquet")


def load_results(folder: Path, stage: Stage, made_for: str) -> list[CheckResult]:
    """Return the results of `stage` for `made_for`.

    Raises MissingResultsError when the stage was not checked, or was checked for other data.
    """
    path = folder / f"{stage}.parquet"
    frame = pl.read_parquet(path) if path.exists() else pl.DataFrame(schema={"made_for": pl.String})
    if frame.is_empty() or frame["made_for"].item(0) != made_for:
        raise MissingResultsError(
            f"The checks of stage '{stage}' have not been run for this data ({made_for}); run `niis run` again."
        )
    found = frame.drop("made_for").filter(pl.col("rule_code").is_not_null())
    return [CheckResult(**row) for row in found.iter_rows(named=True)]
