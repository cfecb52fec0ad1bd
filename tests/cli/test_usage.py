"""The command line as a person meets it: help, exit codes, one sentence for what went wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app

COMMANDS = [
    "demo", "generate", "submit", "run", "status", "receipt", "indicator", "serve", "doctor", "doses", "facilities",
    "identity", "explain",
]  # fmt: skip
HEAVY = ["dagster", "dbt", "duckdb", "great_expectations", "pandas", "polars", "streamlit"]


@pytest.fixture
def niis(tmp_path: Path) -> NiisRunner:
    return NiisRunner(tmp_path)


class NiisRunner:
    """Calls `niis --home <an empty folder>`."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, ["--home", str(self.home), *arguments])
        return result.exit_code, result.stdout, result.stderr


def test_help_names_every_command(niis: NiisRunner) -> None:
    code, out, _ = niis("--help")
    assert code == 0
    assert [name for name in COMMANDS if name not in out] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_has_help_in_both_languages(niis: NiisRunner, command: str) -> None:
    import typer  # noqa: PLC0415

    code, _, _ = niis(command, "--help")
    assert code == 0
    described = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    for each in [described, *getattr(described, "commands", {}).values()]:
        assert " / " in each.help
        without = [parameter.name for parameter in each.params if " / " not in (parameter.help or "")]
        assert without == []


@pytest.mark.parametrize("command", ["status", "review", "decide", "deck", "score", "train"])
def test_every_command_about_persons_has_help_in_both_languages(command: str) -> None:
    import typer  # noqa: PLC0415

    described = typer.main.get_command(app).commands["identity"].commands[command]  # type: ignore[attr-defined]
    assert " / " in described.help
    assert [parameter.name for parameter in described.params if " / " not in (parameter.help or "")] == []


def test_help_loads_nothing_heavy() -> None:
    script = f"import sys, pipelines.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing-like-this",),
        ("generate",),
        ("generate", "--out", "x", "--from", "2024-13"),
        ("generate", "--out", "x", "--from", "2024-05", "--to", "2024-04"),
        ("submit", "/no/such/file"),
        ("indicator", "x", "--hierarchy", "64"),
        ("indicator", "x", "--period-type", "quarter", "--from", "2024-01"),
        ("explain", "x", "--period", "last year"),
        ("explain", "x", "--period", "2024", "--against", "2023-01"),
        ("status", "--format", "xml"),
        ("serve", "--port", "0"),
        ("identity", "decide", "a", "b"),
        ("identity", "decide", "a", "b", "--link", "--apart"),
    ],
)
def test_a_command_that_is_not_understood_exits_with_2(niis: NiisRunner, arguments: tuple[str, ...]) -> None:
    code, _, err = niis(*arguments)
    assert code == 2
    assert "Traceback" not in err
    assert err.strip()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("submit",), "no file was named"),
        (("receipt", "abc"), "nothing has been taken in yet"),
        (("facilities",), "there is no facility register"),
        (("identity", "status"), "nobody has been identified yet"),
    ],
)
def test_a_problem_is_one_sentence_and_exits_with_1(
    niis: NiisRunner, arguments: tuple[str, ...], sentence: str
) -> None:
    code, out, err = niis(*arguments)
    assert code == 1
    assert out == ""
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


def test_debug_shows_where_it_happened(niis: NiisRunner) -> None:
    result = CliRunner().invoke(app, ["--debug", "--home", str(niis.home), "facilities"])
    assert result.exit_code == 1
    assert "there is no facility register" in str(result.exception)


def test_status_of_an_empty_home(niis: NiisRunner) -> None:
    code, out, _ = niis("status", "--format", "json")
    assert code == 0
    rows = {row["name"]: row["value"] for row in json.loads(out)}
    assert rows == {"home": str(niis.home), "waiting_files": 0}


def test_doctor_prepares_the_home_and_says_what_is_missing(niis: NiisRunner) -> None:
    code, out, _ = niis("doctor", "--format", "csv")
    assert code == 0
    assert "niis facilities FILE" in out
    assert "default_limit: 1" in (niis.home / "dagster" / "dagster.yaml").read_text(encoding="utf-8")


def test_doctor_finds_a_damaged_release(niis: NiisRunner) -> None:
    published = niis.home / "published"
    published.mkdir()
    (published / "CURRENT").write_text("20260101T000000Z-000001\n", encoding="utf-8")
    code, out, _ = niis("doctor", "--quiet", "--format", "csv")
    assert code == 1
    assert "niis run --everything" in out
