"""`make parity`: one small programme, both engines, every relation of the project compared.

Exit code 0: equal. 1: a difference, or a relation that was not compared. 2: Spark cannot run here.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from parity import compare as comparing
from parity.programme import prepare
from pipelines.build import plan_build
from pipelines.settings import PROJECT_ROOT, Settings, java, turn_telemetry_off
from pipelines.transform import BuildPlan, build, describe_failures, parse_project, variables_of

SPARK_PYTHON = PROJECT_ROOT / ".venv-spark" / "bin" / "python"
_TIME_OUT_SECONDS = 1800
_SHOWN_LINES = 12


class ParityError(Exception):
    """An engine did not build the programme, or Spark cannot run here; the message says what to do."""


def main() -> int:
    """Build on both engines, compare, and print a table."""
    parser = argparse.ArgumentParser(prog="make parity", description=__doc__)
    parser.add_argument("--keep", type=Path, help="leave both warehouses in this folder, which must not exist")
    keep = parser.parse_args().keep
    turn_telemetry_off()
    try:
        check_spark()
    except ParityError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    folder = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="niis-parity-"))
    try:
        compared, expected = run(Settings(folder))
    except ParityError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    return show(compared, expected)


def check_spark() -> None:
    """Raise ParityError when there is no Java or no environment of Spark."""
    if java() is None:
        raise ParityError(
            "Spark needs Java 17 or newer, and there is none here: install a headless one"
            " (Debian: apt-get install openjdk-17-jre-headless), then run make parity again."
        )
    if not SPARK_PYTHON.exists():
        raise ParityError("There is no environment of Spark yet: run make setup-spark.")


def run(settings: Settings) -> tuple[list[comparing.Comparison], list[str]]:
    """Build the programme on both engines; return what was compared, and the relations that the project has."""
    with _timed("programme"):
        sys.stdout.write(f"  {prepare(settings)}\n")
    plan = plan_build(settings, "everything")
    with _timed("DuckDB"):
        failed = build(settings, plan).failed
    if failed:
        raise ParityError(f"On DuckDB {describe_failures(failed)}")
    warehouse = settings.warehouse.parent / "spark"
    with _timed("Spark"):
        _build_on_spark(settings, plan, warehouse)
    expected = sorted(
        node.name for node in parse_project().nodes.values() if str(node.resource_type) in {"model", "seed"}
    )
    with _timed("comparison"), duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        compared = [
            comparing.compare(connection, name, name, comparing.parquet(folder))
            for name in expected
            if (folder := warehouse / "niis.db" / name).is_dir()
        ]
    return compared, expected


def show(compared: list[comparing.Comparison], expected: list[str]) -> int:
    """Print what was compared; return the exit code."""
    sys.stdout.write(f"\n{'relation':44}{'rows':>9}{'columns':>9}  differences\n")
    for item in compared:
        sys.stdout.write(f"{item.name:44}{item.row_count:>9}{item.column_count:>9}  {len(item.differences) or '-'}\n")
        for difference in item.differences:
            sys.stdout.write(f"    {difference}\n")
    missing = comparing.missing(expected, compared)
    for name in missing:
        sys.stdout.write(f"{name:44} was not compared\n")
    different = [item.name for item in compared if item.differences]
    rows, columns = sum(item.row_count for item in compared), sum(item.column_count for item in compared)
    sys.stdout.write(
        f"\n{len(compared)} of {len(expected)} relations compared, {columns} columns, {rows} rows:"
        f" {len(different)} differ, {len(missing)} not compared\n"
    )
    return 1 if different or missing else 0


def _build_on_spark(settings: Settings, plan: BuildPlan, warehouse: Path) -> None:
    log = settings.home / "spark.log"
    with log.open("wb") as stream:
        ended = subprocess.run(
            [
                *(str(SPARK_PYTHON), "-m", "parity.spark_build", "--warehouse", str(warehouse)),
                *("--vars", json.dumps(variables_of(settings, plan))),
            ],
            cwd=PROJECT_ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
            timeout=_TIME_OUT_SECONDS,
            check=False,
        )
    result = warehouse / "result.json"
    if not result.exists():
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:]
        raise ParityError(f"Spark ended with {ended.returncode} and without a result: " + " / ".join(last))
    failed = json.loads(result.read_text(encoding="utf-8"))["failed"]
    if failed:
        raise ParityError(f"On Spark {len(failed)} dbt node(s) failed:\n" + "\n".join(failed))


class _timed:  # noqa: N801 - used as a statement
    """Say what is being done, and how long it took."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        sys.stdout.write(f"{self._name} ...\n")
        sys.stdout.flush()
        self._started = time.monotonic()

    def __exit__(self, *_: object) -> None:
        sys.stdout.write(f"{self._name}: {time.monotonic() - self._started:.1f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
