"""Runs the dbt project in this process: what to build from, and what came of it.

No Dagster here, and no SQL that computes a measure. dbt runs inside the writer's own process, so that a
killed writer leaves no child behind that goes on writing to the warehouse.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock

from pipelines.files import write_bytes_atomically, write_text_atomically
from pipelines.settings import DBT_PROJECT_DIR, Settings, turn_telemetry_off, variable_set

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

BuildMode = Literal["changed", "selected_months", "everything"]
TARGET_DIR = DBT_PROJECT_DIR / "target"
WAREHOUSE_NAME = "build.duckdb"

# What a model may depend on beside its references: a variable, or what the last build left behind. dbt lists no
# macro that parsing does not reach, such as one behind a relation that is not there yet.
_OUTSIDE = re.compile(r"\bvar\s*\(|\bget_relation\s*\(")
_PROJECT_SUFFIXES = {".sql", ".yml", ".yaml", ".csv", ".md"}
_FAILED = frozenset({"error", "fail", "runtime error"})
_parsed: dict[str, Manifest] = {}
_QUIET = [
    "--quiet",
    "--log-level",
    "none",
    "--log-level-file",
    "none",
    "--no-use-colors",
    "--no-version-check",
]


class TransformError(Exception):
    """The dbt project cannot be read, or a model or test of it failed; the message names which."""


@dataclass(frozen=True)
class BuildPlan:
    """What one build of the warehouse starts from."""

    since_batch_no: int  # batches after this one are new; 0 = every batch
    through_batch_no: int  # the newest batch that the lake holds
    as_of_date: str  # ISO date; stands for "today" in every model
    mode: BuildMode = "changed"
    months: tuple[str, ...] = ()  # first days of months, ISO, that are made again whatever the batches say
    select: tuple[str, ...] = ()  # names of models; empty = the whole project
    keeps_definitions: bool = False  # the warehouse holds the definitions of these files of the project already


@dataclass(frozen=True)
class NodeResult:
    """What became of one dbt node."""

    unique_id: str
    name: str
    resource_type: str  # model, seed, test, unit_test, snapshot
    status: str  # success, pass, warn, fail, error, skipped, no-op
    failures: int | None  # rows that contradict a test
    seconds: float
    message: str
    tested_table: str | None  # the table that a test is attached to
    check_code: str  # the kind of a generic test, else the name
    words: Mapping[str, str]  # what a generic test is about: column, columns, to
    is_warning: bool  # a test that may fail without stopping the build


@dataclass(frozen=True)
class BuiltState:
    """What `warehouse/build.json` says about the file beside it; absent when no build came to its end."""

    build_id: str
    through_batch_no: int
    as_of_date: str
    project_version: str
    is_complete: bool  # False after a build of chosen models only: such a warehouse is not published


@dataclass(frozen=True)
class BuildResult:
    """One finished `dbt build`."""

    state: BuiltState
    nodes: tuple[NodeResult, ...] = field(repr=False)
    kept: tuple[str, ...] = field(default=(), repr=False)  # names of definitions that stand as the last build left them

    @property
    def failed(self) -> tuple[NodeResult, ...]:
        """Nodes whose failure forbids publication."""
        return tuple(node for node in self.nodes if node.status in _FAILED)


def definition_nodes(manifest: Manifest) -> list[str]:
    """Return the names of seeds and of models that rest on seeds alone, what comes first before what rests on it.

    Nothing but the project's files changes them.
    A model or a macro of the project that reads a variable may depend on the lake or the day, and one that looks for a
    relation on the last build, so it is none of these.
    """
    found: dict[str, str] = {}
    waiting: dict[str, Any] = {}
    for key, node in manifest.nodes.items():
        if node.resource_type.value == "seed":
            found[key] = node.name
        elif node.resource_type.value == "model" and not _looks_outside(node, manifest):
            waiting[key] = node
    while ready := [key for key, node in waiting.items() if found.keys() >= set(node.depends_on.nodes)]:
        found |= {key: waiting.pop(key).name for key in ready}
    return list(found.values())


def _looks_outside(node: Any, manifest: Manifest) -> bool:
    seen: set[str] = set()
    waiting = list(node.depends_on.macros)
    while waiting:
        macro = manifest.macros.get(waiting.pop())
        if macro is None or macro.package_name != node.package_name or macro.unique_id in seen:
            continue
        seen.add(macro.unique_id)
        waiting += macro.depends_on.macros
    texts = [node.raw_code, *(manifest.macros[key].macro_sql for key in seen)]
    return any(_OUTSIDE.search(text) for text in texts)


def project_version() -> str:
    """Return a short hash of every file of the dbt project: another hash means that everything is built again."""
    digest = hashlib.sha256()
    for path in _project_files():
        digest.update(path.relative_to(DBT_PROJECT_DIR).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def state_path(settings: Settings) -> Path:
    """Return where the state of the last finished build is kept."""
    return settings.warehouse.parent / "build.json"


def read_state(settings: Settings) -> BuiltState | None:
    """Return the state of the last finished build, or None when there is none to continue from."""
    path = state_path(settings)
    if not path.exists() or not settings.warehouse.exists():
        return None
    return BuiltState(**json.loads(path.read_text(encoding="utf-8")))


def prepare_manifest() -> Path:
    """Parse the dbt project when no manifest was made from its files as they are; return the manifest."""
    path = _manifest_path(project_version())
    if not path.exists():
        parse_project()
    return path


def build(settings: Settings, plan: BuildPlan, on_node: Callable[[int, int, str], None] | None = None) -> BuildResult:
    """Run `dbt build` for `plan`; `on_node(done, total, name)` is called as nodes finish.

    The caller holds the writer lock. A result with failed nodes is returned, not raised, so that what went
    wrong can be shown; `TransformError` means that dbt could not run at all.
    """
    state_path(settings).unlink(missing_ok=True)
    settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
    variables = variables_of(settings, plan)
    kept = definition_nodes(parsed_project()) if plan.keeps_definitions and not plan.select else []
    # Unit tests prove the models, not the data: they belong to `make test`.
    chosen = ["--exclude-resource-type", "unit_test"]
    if plan.mode == "everything":
        chosen.append("--full-refresh")
    if plan.select:
        chosen += ["--select", *plan.select]
    if kept:
        # Their tests still run: "empty" leaves out what is named, and not the tests of it.
        chosen += ["--indirect-selection", "empty", "--exclude", *kept]
    nodes = _run_build(settings.warehouse, variables, chosen, on_node)
    state = BuiltState(
        build_id=uuid.uuid4().hex,
        through_batch_no=plan.through_batch_no,
        as_of_date=plan.as_of_date,
        project_version=project_version(),
        is_complete=not plan.select,
    )
    result = BuildResult(state=state, nodes=nodes, kept=tuple(kept))
    if not result.failed:
        write_text_atomically(state_path(settings), json.dumps(asdict(state), indent=2))
    return result


def build_known_until(
    settings: Settings,
    warehouse: Path,
    *,
    known_until: str,
    as_of_date: str,
    on_node: Callable[[int, int, str], None] | None = None,
) -> None:
    """Build the marts in a file of their own from what senders had sent by the end of a day (ISO).

    Nothing of single persons is left for readers, and no test runs: the data was tested when it was published.
    Raises TransformError.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    variables = variables_of(settings, BuildPlan(0, 0, as_of_date, mode="everything"))
    # What stewards decided later was not known then.
    variables |= {"known_until": known_until, "exclusions_file": ""}
    chosen = ["--exclude-resource-type", "test", "unit_test", "--exclude", "models/persons", "--full-refresh"]
    nodes = _run_build(warehouse, variables, chosen, on_node)
    if failed := [node for node in nodes if node.status in _FAILED]:
        raise TransformError(describe_failures(failed))


def variables_of(settings: Settings, plan: BuildPlan) -> dict[str, Any]:
    """Return the variables that the dbt project is given for `plan`, whatever the engine."""
    return {
        "lake_path": str(settings.lake),
        "facilities_path": str(settings.facilities),
        "identity_path": str(settings.identity),
        "exclusions_file": str(settings.exclusions) if settings.exclusions.exists() else "",
        "since_batch_no": 0 if plan.mode == "everything" else plan.since_batch_no,
        "as_of_date": plan.as_of_date,
        "rebuild_months": list(plan.months),
    }


def _run_build(
    warehouse: Path,
    variables: Mapping[str, Any],
    chosen: Sequence[str],
    on_node: Callable[[int, int, str], None] | None,
) -> tuple[NodeResult, ...]:
    """Run `dbt build` into a file and return what became of every node."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415
    from dbt.artifacts.schemas.run import RunExecutionResult  # noqa: PLC0415 - dbt takes a second to import
    from dbt.cli.main import dbtRunner  # noqa: PLC0415

    arguments = [*_QUIET, "--no-write-json", "build", *_project_arguments(warehouse.parent / "dbt")]
    arguments += ["--vars", json.dumps(variables)]
    manifest = parsed_project()
    total = sum(1 for node in manifest.nodes.values() if node.resource_type in {"model", "seed", "test", "snapshot"})
    with _warehouse_in_environment(warehouse):
        outcome = dbtRunner(manifest=manifest, callbacks=_callbacks(on_node, total)).invoke([*arguments, *chosen])
        # dbt keeps the file open until the process ends, and nobody else could open it to read.
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None:
        raise TransformError(f"dbt could not run: {outcome.exception}") from outcome.exception
    if not isinstance(outcome.result, RunExecutionResult):
        raise TransformError("dbt ended without results; look into the log of the run.")
    return tuple(_node_result(item) for item in outcome.result.results)


def _callbacks(on_node: Callable[[int, int, str], None] | None, total: int) -> list[Callable[[Any], None]]:
    if on_node is None:
        return []
    done = 0

    def count(event: Any) -> None:
        nonlocal done
        if event.info.name == "NodeFinished":
            done += 1
            on_node(done, max(total, done), event.data.node_info.node_name)

    return [count]


def _node_result(item: Any) -> NodeResult:
    is_test = item.node.resource_type == "test"
    attached = getattr(item.node, "attached_node", None)
    kind = getattr(item.node, "test_metadata", None)
    return NodeResult(
        unique_id=item.node.unique_id,
        name=item.node.name,
        resource_type=str(item.node.resource_type),
        status=str(item.status),
        failures=item.failures,
        seconds=item.execution_time,
        message=item.message or "",
        tested_table=attached.rsplit(".", 1)[-1] if attached else None,
        check_code=kind.name if kind else item.node.name,
        words=_words(kind.kwargs) if kind else {},
        is_warning=is_test and str(item.node.config.severity).lower() == "warn",
    )


def _words(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return what a generic test was given, as words: `ref('dim_areas')` is dim_areas."""
    return {
        "column": str(arguments.get("column_name", "")),
        "columns": ", ".join(arguments.get("columns", [])),
        "to": str(arguments.get("to", "")).removeprefix("ref('").removesuffix("')"),
    }


def _project_files() -> list[Path]:
    """Return the files that decide what dbt builds, in a fixed order, without dbt's own output."""
    output = {"target", "logs", "dbt_packages"}
    return sorted(
        path
        for path in DBT_PROJECT_DIR.rglob("*")
        if path.suffix in _PROJECT_SUFFIXES and path.relative_to(DBT_PROJECT_DIR).parts[0] not in output
    )


def _manifest_path(version: str) -> Path:
    """Return where the manifest of one version of the project lies.

    A copy: dbt writes its own file in place at every parse, and another process would read half of it.
    """
    return TARGET_DIR / f"manifest-{version}.json"


def _project_arguments(target: Path) -> list[str]:
    paths: Mapping[str, Path] = {
        "--project-dir": DBT_PROJECT_DIR,
        "--profiles-dir": DBT_PROJECT_DIR,
        "--target-path": target,
        "--log-path": target / "logs",
    }
    return [text for option, path in paths.items() for text in (option, str(path))]


def parsed_project() -> Manifest:
    """Return the parsed project; a process parses the same files once."""
    version = project_version()
    if version not in _parsed:
        _parsed.clear()
        _parsed[version] = parse_project()
    return _parsed[version]


def parse_project() -> Manifest:
    """Parse the project with the same settings every time, so that dbt's partial parsing can reuse the last parse."""
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - dbt takes a second to import
    from dbt.contracts.graph.manifest import Manifest  # noqa: PLC0415

    turn_telemetry_off()
    TARGET_DIR.mkdir(parents=True, exist_ok=True)
    version = project_version()
    # dbt names the database after the file, and the name becomes part of the manifest: one for all homes.
    with FileLock(TARGET_DIR / "parse.lock"), _warehouse_in_environment(TARGET_DIR / WAREHOUSE_NAME):
        outcome = dbtRunner().invoke([*_QUIET, "parse", *_project_arguments(TARGET_DIR)])
        if not isinstance(outcome.result, Manifest):
            raise TransformError(f"The dbt project cannot be parsed: {outcome.exception}") from outcome.exception
        if not _manifest_path(version).exists():
            write_bytes_atomically(_manifest_path(version), (TARGET_DIR / "manifest.json").read_bytes())
        for path in TARGET_DIR.glob("manifest-*.json"):
            if path != _manifest_path(version):
                path.unlink(missing_ok=True)
    return outcome.result


def _warehouse_in_environment(path: Path) -> AbstractContextManager[None]:
    """Set the variable that the dbt profile reads, for the time of one invocation."""
    return variable_set("NIIS_WAREHOUSE", path)


def describe_failures(nodes: Sequence[NodeResult], limit: int = 5) -> str:
    """Say in one sentence which nodes failed and why."""
    named = "; ".join(f"{node.name}: {node.message.strip() or node.status}" for node in nodes[:limit])
    more = f"; and {len(nodes) - limit} more" if len(nodes) > limit else ""
    return f"{len(nodes)} dbt node(s) failed: {named}{more}"
