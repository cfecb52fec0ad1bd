"""What Python renders of the macros is what dbt compiles, and age texts mean what they say."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from pipelines.evaluation.macros import render
from pipelines.settings import DBT_PROJECT_DIR


def compiled(expression: str, folder: Path) -> str:
    """Return what dbt makes of an expression in the project."""
    arguments = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    arguments += ["--target-path", str(folder / "target"), "--log-path", str(folder), "--quiet", "--no-version-check"]
    result = dbtRunner().invoke(["compile", *arguments, "--inline", expression])
    assert result.success, result.exception
    return str(result.result.results[0].node.compiled_code)


def test_dbt_and_python_render_the_same_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIIS_WAREHOUSE", str(tmp_path / "build.duckdb"))
    without = "['sequence', 'not_needed_from_age']"
    calls = [
        "evaluate_doses('doses', 'schedule', 3)",
        f"evaluate_doses('doses', 'schedule', 4, grace_days=4, products='products', without={without})",
        "add_age_text('birth_date', 'minimum_age')",
        "outlier_scores('series', 'rules', ['area_code', 'measure_code'])",
        "judged_values('sums', 'indicators', ['area_code', 'period'])",
        "containers_inside('reports', 'ancestors')",
        "climbed_areas('areas')",
    ]
    ours = [
        render("evaluate_doses", "doses", "schedule", 3),
        render(
            "evaluate_doses", "doses", "schedule", 4, grace_days=4, products="products",
            without=["sequence", "not_needed_from_age"],
        ),
        render("add_age_text", "birth_date", "minimum_age"),
        render("outlier_scores", "series", "rules", ["area_code", "measure_code"]),
        render("judged_values", "sums", "indicators", ["area_code", "period"]),
        render("containers_inside", "reports", "ancestors"),
        render("climbed_areas", "areas"),
    ]  # fmt: skip
    marker = "\n-- next --\n"
    assert compiled(marker.join("{{ " + call + " }}" for call in calls), tmp_path).split(marker) == ours


@pytest.mark.parametrize(
    ("text", "months", "days"),
    [
        ("0 days", 0, 0),
        ("6 weeks", 0, 42),
        ("1 week", 0, 7),
        ("12 months - 4 days", 12, -4),
        ("12 months 14 days", 12, 14),
        ("9 months + 7 days", 9, 7),
        ("8 months + 1 day", 8, 1),
        ("2 years", 24, 0),
        ("1 year 6 months - 2 weeks + 3 days", 18, -11),
        ("12  months -4  days", 12, -4),
        ("6 tuần", 0, 42),
        ("12 tháng - 4 ngày", 12, -4),
        ("5 tuổi", 60, 0),
        ("birth", 0, 0),
        ("Sơ sinh", 0, 0),
        ("6 Weeks", 0, 42),
        ("6weeks", 0, 42),
        ("16 years - 4 months", 188, 0),
        ("12 months–4 days", 12, -4),
        ("12 months − 4 days", 12, -4),
    ],
)
def test_an_age_text_means_months_and_days(text: str, months: int, days: int) -> None:
    assert read(text) == (True, months, days)


@pytest.mark.parametrize(
    "text",
    ["", "6", "weeks", "-4 days", "6 wk", "6 weeks 3", "4 days 1 month", "1 month 1 month", "1.5 months", "6weeks!"],
)
def test_what_is_no_age_is_not_readable(text: str) -> None:
    assert read(text)[0] is False


def read(text: str) -> tuple:
    """Return whether a text is readable, and its months and days."""
    parts = ", ".join(render(name, "age") for name in ("age_is_readable", "age_months", "age_days"))
    with duckdb.connect() as database:
        return database.execute(f"select {parts} from (select ? as age)", [text]).fetchall()[0]


def test_the_ages_of_the_national_schedule_are_readable() -> None:
    from pipelines.reference import load_registry  # noqa: PLC0415

    for dose in load_registry().schedule_doses:
        for text in (dose.recommended_age, dose.minimum_age, dose.maximum_age, dose.minimum_interval):
            assert text is None or read(text)[0], f"{dose.schedule_code} {dose.dose_code}: {text}"
