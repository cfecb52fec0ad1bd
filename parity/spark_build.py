"""Builds the dbt project on a Spark of this process and leaves every relation as Parquet files.

Runs in an environment of its own (`make setup-spark`) that holds dbt, dbt-spark and pyspark and nothing else of the
project: no other module of it may be imported here but `pipelines.settings`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pipelines.settings import DBT_PROJECT_DIR, set_variable, turn_telemetry_off

SCHEMA = "niis"
# A test that only warns does so on both engines.
_PASSED = {"success", "pass", "warn"}


# Most statements here run for less time than the JVM would take to compile them well. Without tiers the JVM reserves
# 48 MB for compiled code; the classes that Spark generates for a few hundred statements fill that, and a JVM without
# room goes on uncompiled, or ends.
_FOR_SMALL_DATA = (
    "--driver-java-options '-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC'"
    " --conf spark.sql.adaptive.enabled=false --conf spark.sql.codegen.wholeStage=false"
    " --conf spark.ui.showConsoleProgress=false pyspark-shell"
)


def build(warehouse: Path, variables: dict[str, Any]) -> dict[str, Any]:
    """Build seeds and models into `warehouse`/niis.db, a folder a relation, and test them.

    Returns `failed`, a sentence each, and `seconds` a node.
    """
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - the variables that Spark reads come first
    from pyspark.sql import SparkSession  # noqa: PLC0415

    target = warehouse.parent / "dbt-spark"
    outcome = dbtRunner().invoke(
        [
            *("--quiet", "--log-level-file", "none", "--no-use-colors", "--no-version-check"),
            *("build", "--target", "spark", "--full-refresh"),
            *("--exclude-resource-type", "unit_test"),
            *("--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)),
            *("--target-path", str(target), "--log-path", str(target / "logs"), "--vars", json.dumps(variables)),
        ]
    )
    if outcome.exception is not None:
        return {"failed": [f"dbt could not run: {outcome.exception}"], "seconds": {}}
    results: Any = outcome.result
    session = SparkSession.builder.getOrCreate()
    for item in results:
        # A table is its files already.
        if str(item.status) == "success" and item.node.config.materialized == "view":
            folder = str(warehouse / f"{SCHEMA}.db" / item.node.name)
            session.table(f"{SCHEMA}.{item.node.name}").coalesce(1).write.parquet(folder)
    session.stop()
    return {
        "failed": [_sentence(item) for item in results if str(item.status) not in _PASSED],
        "seconds": {item.node.name: round(item.execution_time, 1) for item in results},
    }


def _sentence(item: Any) -> str:
    """Return what a node said, without the stack of the JVM."""
    lines = [line.strip() for line in str(item.message or item.status).splitlines()]
    return f"{item.node.name}: " + " ".join(line for line in lines if line and not line.startswith("at "))


def main() -> int:
    """Build from the command line; the exit code says whether everything was built."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warehouse", type=Path, required=True, help="an empty folder")
    parser.add_argument("--vars", required=True, help="the variables of the dbt project, JSON")
    given = parser.parse_args()
    turn_telemetry_off()
    warehouse = given.warehouse.resolve()
    warehouse.mkdir(parents=True)
    set_variable("NIIS_SPARK_WAREHOUSE", warehouse)
    set_variable("NIIS_SPARK_PARTITIONS", "1")
    set_variable("PYSPARK_SUBMIT_ARGS", _FOR_SMALL_DATA)
    result = build(warehouse, json.loads(given.vars))
    (warehouse / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    return 1 if result["failed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
