"""The files of `niis doses evaluate`: every line has a verdict in its order, and bad input is told in sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.evaluation.evaluate import COLUMNS
from tests.evaluation.files import Rows, evaluate, read, run

SCHEDULE: Rows = [
    {"antigen_code": "dtp", "dose_number": 1, "minimum_age": "6 weeks"},
    {"antigen_code": "dtp", "dose_number": 2, "minimum_age": "10 weeks", "minimum_interval": "28 days"},
]
DOSE = {"person_code": "p1", "birth_date": "2024-01-01", "antigen_code": "dtp", "given_date": "2024-03-01"}


def dose(**changes: object) -> dict[str, object]:
    return DOSE | changes


def test_a_verdict_a_line_in_the_order_of_the_file(tmp_path: Path) -> None:
    doses = [
        dose(given_date="05/04/2024", person_code=" Trần  Văn A "),
        dose(antigen_code="mumps"),
        dose(given_date="2024-03-01", person_code="Trần Văn A"),
        dose(given_date="2024-03-01", person_code="Trần Văn A"),
    ]
    found = evaluate(tmp_path, doses=doses, schedule=SCHEDULE)
    assert tuple(found[0]) == COLUMNS
    assert [tuple(row.values()) for row in found] == [
        ("Trần Văn A", "dtp", "2024-04-05", "3", "valid", "valid", "2", "95", "35"),
        ("p1", "mumps", "2024-03-01", "1", "invalid", "series_unknown", "", "60", ""),
        ("Trần Văn A", "dtp", "2024-03-01", "1", "valid", "valid", "1", "60", ""),
        ("Trần Văn A", "dtp", "2024-03-01", "2", "invalid", "same_day", "", "60", "0"),
    ]


def test_ages_as_text_and_in_days_say_the_same(tmp_path: Path) -> None:
    in_days: Rows = [
        {"antigen_code": "dtp", "dose_number": 1, "minimum_age_days": 42},
        {"antigen_code": "dtp", "dose_number": 2, "minimum_age_days": 70, "minimum_interval_days": 28},
    ]
    doses = [dose(given_date=f"2024-{month:02}-{day:02}") for month in (2, 3, 4) for day in (5, 11, 12, 20)]
    (tmp_path / "text").mkdir()
    (tmp_path / "days").mkdir()
    assert evaluate(tmp_path / "text", doses=doses, schedule=SCHEDULE) == evaluate(
        tmp_path / "days", doses=doses, schedule=in_days
    )


def test_vietnamese_ages_are_understood(tmp_path: Path) -> None:
    schedule: Rows = [{"antigen_code": "dtp", "dose_number": 1, "minimum_age": "12 tháng - 4 ngày"}]
    days = ["2024-12-27", "2024-12-28"]
    found = evaluate(tmp_path, doses=[dose(given_date=day) for day in days], schedule=schedule)
    assert [row["reason"] for row in found] == ["too_early", "valid"]


def test_a_file_of_doses_without_a_line_gives_a_file_without_a_line(tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text(",".join(DOSE) + "\n", encoding="utf-8")
    result = run(tmp_path, "--doses", str(tmp_path / "none.csv"), schedule=SCHEDULE)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "verdicts.csv").read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n"


def test_verdicts_can_go_to_standard_output(tmp_path: Path) -> None:
    result = run(tmp_path, "--out", "-", doses=[dose()], schedule=SCHEDULE)
    assert result.stdout.splitlines() == [",".join(COLUMNS), "p1,dtp,2024-03-01,1,valid,valid,1,60,"]
    assert "1 hợp lệ" in result.stderr
    assert not (tmp_path / "verdicts.csv").exists()


def test_grace_days_and_products_are_options(tmp_path: Path) -> None:
    doses = [dose(given_date="2024-02-08", product_code="dpt")]
    assert evaluate(tmp_path, doses=doses, schedule=SCHEDULE)[0]["reason"] == "too_early"
    assert evaluate(tmp_path, "--grace-days", "4", doses=doses, schedule=SCHEDULE)[0]["reason"] == "valid"
    products: Rows = [{"product_code": "dpt", "minimum_age": "3 months"}]
    found = evaluate(tmp_path, "--grace-days", "4", doses=doses, schedule=SCHEDULE, products=products)
    assert found[0]["reason"] == "wrong_product_for_age"


def test_columns_that_mean_nothing_are_named_and_passed_over(tmp_path: Path) -> None:
    result = run(tmp_path, doses=[dose(village="Bản Phố")], schedule=[{**SCHEDULE[0], "source": "WHO"}])
    assert result.exit_code == 0
    assert "doses.csv: columns that mean nothing here are passed over: village." in result.stderr
    assert "schedule.csv: columns that mean nothing here are passed over: source." in result.stderr


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"given_date": "2024-02-30"}, "doses.csv, line 3: given_date is '2024-02-30': this is no date; write it as"),
        ({"birth_date": ""}, "doses.csv, line 3: birth_date is empty: a value is needed; fill it in"),
        ({"birth_date": "2024-01-02"}, "line 3: birth_date is '2024-01-02': the first line of this person_code has"),
        ({"person_code": ""}, "doses.csv, line 3: person_code is empty"),
        ({"sequence": "first"}, "line 3: sequence is 'first': this is no such number; write a whole number"),
        ({"death_date": "soon"}, "line 3: death_date is 'soon': this is no date"),
    ],
)
def test_a_bad_dose_is_told_with_line_field_and_value(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    result = run(tmp_path, doses=[dose(sequence="1", death_date=""), dose() | changes], schedule=SCHEDULE)
    assert result.exit_code == 1
    assert told in result.stderr
    assert not (tmp_path / "verdicts.csv").exists()


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ([{"dose_number": 1, "minimum_age": "6 wks"}], "schedule.csv, line 2: minimum_age is '6 wks': this is no age"),
        ([{"dose_number": 1, "minimum_age": "4 days 1 month"}], "minimum_age is '4 days 1 month': this is no age"),
        ([{"dose_number": 1, "minimum_age_days": "-4"}], "minimum_age_days is '-4': this is no number of days"),
        ([{"dose_number": 0}], "dose_number is '0': this is no such number; write a whole number from 1"),
        ([{"dose_number": 1}, {"dose_number": 3}], "dtp has dose 3 but no dose 2 for births before any date named"),
        ([{"dose_number": 1}, {"dose_number": 1}], "schedule.csv, lines 2, 3: dtp has dose 1 more than once"),
        (
            [{"dose_number": 1, "minimum_age": "6 weeks", "minimum_age_days": "42"}],
            "minimum_age is '6 weeks': minimum_age_days is filled in as well; leave one of the two empty",
        ),
        (
            [{"dose_number": 1, "valid_to": "2024-02-01"}, {"dose_number": 1, "valid_from": "2024-01-01"}],
            "dtp has dose 1 more than once for births from 2024-01-01",
        ),
        ([{"dose_number": 1, "minimun_age": "6 weeks"}], "the column 'minimun_age' is not known; call it minimum_age"),
        (
            [{"dose_number": 1, "product_code": "a; b"}],
            "product_code is 'a; b': several products are joined by another",
        ),
        ([{"minimum_age": "6 weeks"}], "schedule.csv: the column dose_number is missing; a schedule needs it"),
    ],
)
def test_a_bad_schedule_is_told(tmp_path: Path, schedule: Rows, told: str) -> None:
    result = run(tmp_path, doses=[dose()], schedule=[{"antigen_code": "dtp", **line} for line in schedule])
    assert result.exit_code == 1
    assert told in result.stderr
    assert not (tmp_path / "verdicts.csv").exists()


def test_all_problems_of_all_files_are_told_at_once_and_the_old_verdicts_stay(tmp_path: Path) -> None:
    (tmp_path / "verdicts.csv").write_text("old\n", encoding="utf-8")
    doses = [dose(given_date="never")] * 30
    result = run(tmp_path, doses=doses, schedule=[{**SCHEDULE[0], "minimum_age": "six"}])
    assert result.exit_code == 1
    assert result.stderr.count("'never'") == 20
    assert "and 11 more problems" in result.stderr
    assert (tmp_path / "verdicts.csv").read_text(encoding="utf-8") == "old\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "The file"),
        ("person_code,birth_date,antigen_code,given_date\np1,2024-01-01,dtp\n", "line 2: 3 cells instead of 4"),
        ('person_code,birth_date,antigen_code,given_date\np1,2024-01-01,"dtp,2024-03-01\n', "line 2:"),
        ("person_code,birth_date,antigen_code,given_date,given_date\n", "the column given_date stands twice"),
    ],
)
def test_a_file_whose_cells_cannot_be_told_apart_is_not_guessed_at(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "torn.csv"
    path.write_text(text, encoding="utf-8")
    result = run(tmp_path, "--doses", str(path), schedule=SCHEDULE)
    assert result.exit_code == 1
    assert "torn.csv" in result.stderr
    assert told in result.stderr


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    arguments = ["doses", "evaluate", "--doses", str(tmp_path / "no.csv"), "--schedule", str(tmp_path / "no.csv")]
    assert CliRunner().invoke(app, [*arguments, "--out", "-"]).exit_code == 2


def test_the_guide_works_as_it_is_written(tmp_path: Path) -> None:
    from pipelines.settings import PROJECT_ROOT  # noqa: PLC0415

    guide = (PROJECT_ROOT / "docs" / "how_to" / "evaluate_doses.md").read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in guide.split("```csv\n")[1:]]
    for name, text in zip(("doses", "schedule", "expected"), blocks, strict=True):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    result = run(tmp_path, "--doses", str(tmp_path / "doses.csv"), "--schedule", str(tmp_path / "schedule.csv"))
    assert result.exit_code == 0, result.stderr
    assert read(tmp_path / "verdicts.csv") == read(tmp_path / "expected.csv")
