"""What the design forbids in code: definitions, readers of the environment, stray SQL, and paths of a machine."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.reference import load_registry
from pipelines.settings import DBT_PROJECT_DIR, PROJECT_ROOT

REGISTRY = load_registry()
ROOMS = ("pipelines", "dashboards", "data_quality")
# The generator is fitted to real figures, vaccine by vaccine: it stands for a country, not for a definition.
CALIBRATED = PROJECT_ROOT / "pipelines" / "synthetic"
SQL_BELONGS = (
    "dashboards/warehouse.py", "dashboards/persons.py", "data_quality/frames.py", "pipelines/build.py",
    "pipelines/compute/", "pipelines/evaluation/", "pipelines/history.py", "pipelines/identity/", "pipelines/ledger.py",
    "pipelines/publish.py", "pipelines/stewardship/store.py",
)  # fmt: skip
# What the engine itself counts has its name in the engine.
COMPUTED = {row.measure_code for row in REGISTRY.measures.values() if not row.is_reportable}
CODES = (
    {*REGISTRY.antigens, *REGISTRY.doses, *REGISTRY.series, *REGISTRY.products}
    | set(REGISTRY.indicators)
    | (set(REGISTRY.measures) - COMPUTED)
)
NAMES = {
    name
    for row in (*REGISTRY.antigens.values(), *REGISTRY.doses.values(), *REGISTRY.products.values())
    for name in (row.name_vi, row.name_en)
}
BOUNDS = {edge for row in REGISTRY.thresholds for edge in (row.lower_bound, row.upper_bound) if edge is not None}
# Small whole numbers (months of stock, say) are counts of anything before they are thresholds.
THRESHOLDS = {float(edge) for edge in BOUNDS} - {float(count) for count in range(10)}


def python_files() -> list[Path]:
    found = [path for room in ROOMS for path in sorted((PROJECT_ROOT / room).rglob("*.py"))]
    return [path for path in found if CALIBRATED not in path.parents]


def sql_files() -> list[Path]:
    folders = (DBT_PROJECT_DIR / name for name in ("models", "macros", "tests"))
    return sorted(path for folder in folders for path in folder.rglob("*.sql"))


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the strings of a module that are not docstrings, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def bare(path: Path) -> list[str]:
    """Return the lines of a SQL file without comments."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\{#.*?#\}", lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)
    return [re.sub(r"--.*", "", line) for line in text.splitlines()]


def where(path: Path, line: int, what: str) -> str:
    return f"{path.relative_to(PROJECT_ROOT)}:{line}: {what}"


def definitions_in(text: str) -> set[str]:
    """Return the codes and names of the registry that a text holds; short ones only when it is nothing else."""
    words = set(re.findall(r"\w+", text))
    found = {code for code in CODES & words if len(code) > 3 or text.strip("'\" ") == code}
    return found | {name for name in NAMES if len(name) > 3 and re.search(rf"\b{re.escape(name)}\b", text)}


def test_the_word_list_finds_what_it_is_for() -> None:
    assert definitions_in("coverage_penta3") == {"coverage_penta3"}
    assert definitions_in("'bcg'") == {"bcg"}
    assert definitions_in("sum(doses_mcv1_u1)") == {"doses_mcv1_u1"}
    assert definitions_in("Tỷ lệ tiêm Viêm não Nhật Bản") >= {"Viêm não Nhật Bản"}
    assert definitions_in("select measure_code, units_included from facts") == set()
    assert {80.0, 90.0} <= THRESHOLDS


def test_no_antigen_dose_product_measure_or_indicator_stands_in_python() -> None:
    found = [
        where(path, line, f"{sorted(named)} in {text[:60]!r}")
        for path in python_files()
        for line, text in texts(path)
        if (named := definitions_in(text))
    ]
    assert found == []


def test_no_antigen_dose_product_measure_or_indicator_stands_in_sql() -> None:
    found = [
        where(path, number, f"{sorted(named)}")
        for path in sql_files()
        for number, line in enumerate(bare(path), 1)
        for text in [*re.findall(r"'[^']*'", line), line]
        if (named := definitions_in(text))
    ]
    assert found == []


def test_no_threshold_is_compared_with_in_code() -> None:
    found = []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Compare):
                for side in (node.left, *node.comparators):
                    value = side.value if isinstance(side, ast.Constant) else None
                    if isinstance(value, int | float) and not isinstance(value, bool) and float(value) in THRESHOLDS:
                        found.append(where(path, node.lineno, ast.unparse(node)))
    for path in sql_files():
        for number, line in enumerate(bare(path), 1):
            for value in re.findall(r"(?:[<>]=?|<>|\bbetween|\band)\s*(\d+(?:\.\d+)?)\b", line):
                if float(value) in THRESHOLDS:
                    found.append(where(path, number, line.strip()))
    assert found == []


def test_only_settings_reads_or_sets_the_environment() -> None:
    found = []
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_environment = isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "putenv"}
            if is_environment and path != PROJECT_ROOT / "pipelines" / "settings.py":
                found.append(where(path, node.lineno, ast.unparse(node)))
    assert found == []


def test_no_expression_of_a_page_calls_back_into_python() -> None:
    """Polars calls back from threads of its own, which wait for the interpreter: many readers at once stop for ever."""
    found = []
    for path in python_files():
        if path.is_relative_to(PROJECT_ROOT / "dashboards"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Attribute) and node.attr in {"map_elements", "map_batches", "map_groups"}:
                    found.append(where(path, node.lineno, ast.unparse(node)))
    assert found == []


def test_sql_stands_only_where_it_belongs() -> None:
    statement = re.compile(
        r"^\s*(with\s+\w+\s+as\s*\(|select\b.*|insert\s+into\b|update\s+\w+\s+set\b|delete\s+from\b|create\s+(or|table|view)\b)",
        re.IGNORECASE,
    )
    found = [
        where(path, line, text[:60])
        for path in python_files()
        if not str(path.relative_to(PROJECT_ROOT)).startswith(SQL_BELONGS)
        for line, text in texts(path)
        if statement.match(text)
    ]
    assert found == []


def committed_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT_ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no checkout of git, so nothing says which files are committed")
    return [PROJECT_ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_committed_file_names_a_folder_of_somebodys_machine() -> None:
    roots = "|".join(["home", "root", "Users", "work", "mnt", "private", "workspace"])
    machine = re.compile(rf"(?<![\w.:/}}\])*-])/(?:{roots})/[\w.-]+|[A-Z]:\\\\?Users\\")
    found = []
    for path in committed_files():
        if path.is_file() and path.stat().st_size < 2_000_000:
            content = path.read_bytes()
            if b"\0" not in content:
                found += [f"{path.name}: {match}" for match in machine.findall(content.decode("utf-8", "replace"))]
    assert found == []
