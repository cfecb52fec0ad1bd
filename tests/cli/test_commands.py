"""The commands on a home with data: what a person types from delivery to a number."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.commands.indicator import COLUMNS
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.conftest import Programme
from tests.orchestration.published import query


def niis(settings: Settings, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["--home", str(settings.home), *map(str, arguments)])


def headline() -> str:
    """Return the code of the first headline indicator of the registry."""
    indicators = [row for row in load_registry().indicators.values() if row.is_headline]
    return min(indicators, key=lambda row: row.sort_order).indicator_code


def test_from_a_register_and_files_to_a_release(programme: Programme, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    assert niis(settings, "facilities", programme.facilities).exit_code == 0
    submitted = niis(settings, "submit", programme.submissions, "--format", "json")
    assert submitted.exit_code == 0
    rows = json.loads(submitted.stdout)
    assert len({row["submission_id"] for row in rows}) == len({path.read_bytes() for path in programme.files()})
    done = niis(settings, "run")
    assert done.exit_code == 0, done.stderr
    assert "published" in done.stderr
    again = niis(settings, "run")
    assert again.exit_code == 0
    assert "nothing new" in again.stderr
    status = {row["name"]: row["value"] for row in json.loads(niis(settings, "status", "--format", "json").stdout)}
    assert status["waiting_files"] == 0
    assert status["published_batch_no"] == status["latest_batch_no"] > 0
    assert niis(settings, "doctor", "--quiet").exit_code == 0


def test_a_list_of_files_can_be_submitted(programme: Programme, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    listing = tmp_path / "files.txt"
    listing.write_text("\n".join(str(path) for path in programme.files()), encoding="utf-8")
    submitted = niis(settings, "submit", "--from-list", listing, "--format", "csv")
    assert submitted.exit_code == 0
    assert len(submitted.stdout.splitlines()) > len({path.read_bytes() for path in programme.files()})


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_receipt_by_id_and_by_name_is_the_same(published_home: Settings, language: str) -> None:
    ((submission_id, name),) = query(
        published_home,
        "select submission_id, original_name from rpt_submissions where rejected_count > 0 order by 1 limit 1",
    )
    by_id = niis(published_home, "receipt", str(submission_id), "--language", language)
    assert by_id.exit_code == 0, by_id.stderr
    assert str(submission_id) in by_id.stdout
    assert niis(published_home, "receipt", str(name), "--language", language).stdout == by_id.stdout
    lines = niis(published_home, "receipt", str(submission_id), "--format", "csv").stdout.splitlines()
    assert len(lines) > 1


def test_a_receipt_of_nothing_is_a_sentence(published_home: Settings) -> None:
    result = niis(published_home, "receipt", "khong-co-tep-nay.csv")
    assert result.exit_code == 1
    assert "khong-co-tep-nay.csv" in result.stderr


def test_an_indicator_prints_what_is_published_with_every_digit(published_home: Settings) -> None:
    code = headline()
    result = niis(published_home, "indicator", code, "--period-type", "month", "--format", "csv")
    assert result.exit_code == 0, result.stderr
    printed = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(printed[0]) == COLUMNS
    published = query(
        published_home,
        "select period, value from fct_indicator_values"
        f" where indicator_code = '{code}' and hierarchy_code = '63' and area_code = 'VN' and period_type = 'month'"
        " order by period",
    )
    assert [(row["period"], float(row["value"]) if row["value"] else None) for row in printed] == published


def test_as_was_and_another_denominator_are_printed_and_an_unknown_one_is_refused(published_home: Settings) -> None:
    code = headline()
    arguments = ["--hierarchy", "was", "--denominator", "penta1_derived", "--format", "json"]
    result = niis(published_home, "indicator", code, *arguments)
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)
    assert [row["hierarchy_code"] for row in rows if row["period"] in {"2025-06", "2025-07"}] == ["63", "34"]
    published = query(
        published_home,
        "select denominator from fct_indicator_values where hierarchy_code = '63' and area_code = 'VN'"
        f" and indicator_code = '{code}@penta1_derived' and period_type = 'month' and period = '2025-06'",
    )
    assert [(row["denominator"],) for row in rows if row["period"] == "2025-06"] == published
    refused = niis(published_home, "indicator", code, "--denominator", "guess")
    assert refused.exit_code == 1
    assert "un_estimate" in refused.stderr


def test_children_and_periods_narrow_what_is_printed(published_home: Settings) -> None:
    arguments = ["--hierarchy", "34", "--period-type", "month", "--from", "2025-06", "--to", "2025-06", "--children"]
    result = niis(published_home, "indicator", headline(), *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)
    assert {row["period"] for row in rows} == {"2025-06"}
    assert "VN" not in {row["area_code"] for row in rows}


def test_areas_of_a_day_between_the_trees_are_made_of_those_they_came_from(published_home: Settings) -> None:
    code = headline()
    asked = ["indicator", code, "--from", "2025-06", "--to", "2025-06", "--format", "json"]

    def values(*more: str) -> dict[str, tuple[float, float, int]]:
        result = niis(published_home, *asked, *more)
        assert result.exit_code == 0, result.stderr
        return {
            row["area_code"]: (row["numerator"] or 0, row["denominator"] or 0, row["units_expected"])
            for row in json.loads(result.stdout)
        }

    ended = query(
        published_home,
        "select v.area_code, v.successor_code, a.parent_code from dim_area_versions as v join dim_areas as a"
        " on a.hierarchy_code = v.hierarchy_code and a.area_code = v.area_code join dim_areas as d"
        " on d.hierarchy_code = v.hierarchy_code and d.area_code = a.parent_code and d.parent_code = '06'"
        " where v.successor_code is not null and v.valid_to < '2021-01-01' and v.level_code = 'commune'",
    )
    assert ended
    merged, successor, district = ended[0]
    before = values("--area", str(district), "--children")
    after = values("--area", str(district), "--children", "--areas-of", "2021-06-30")
    assert merged in before.keys() - after.keys()
    parts = [code for code, became, _ in ended if became == successor and code in before]
    whole = [sum(numbers) for numbers in zip(*(before[str(part)] for part in [successor, *parts]), strict=True)]
    assert list(after[str(successor)]) == whole
    assert values("--area", str(successor), "--hierarchy", "was") == {successor: after[str(successor)]}
    assert values("--area", str(district), "--areas-of", "2021-06-30") == values("--area", str(district))
    refused = niis(published_home, *asked, "--area", str(merged), "--areas-of", "2021-06-30")
    assert refused.exit_code == 1
    assert f"it lies in '{successor}' there" in refused.stderr
    assert niis(published_home, *asked, "--hierarchy", "was", "--areas-of", "2021-06-30").exit_code == 2


def test_red_categories_come_with_the_values_and_the_limits_they_were_judged_by(published_home: Settings) -> None:
    asked = ["red", "--hierarchy", "34", "--area", "VN", "--period-type", "month", "--period", "2025-06"]
    found = {}
    for rule in query(published_home, "select rule_code from dim_red_rules"):
        result = niis(published_home, *asked, "--rule", str(rule[0]), "--format", "json")
        assert result.exit_code == 0, result.stderr
        found[rule[0]] = json.loads(result.stdout)
    below = query(published_home, "select count(*) from dim_areas where hierarchy_code = '34' and parent_code = 'VN'")
    for rule, rows in found.items():
        assert 0 < len(rows) <= below[0][0]
        for row in rows:
            limit, good = row["utilisation_limit"], row["is_limit_good"]
            is_used = row["utilisation"] < limit or (good and row["utilisation"] == limit)
            expected = 4 if row["utilisation"] < 0 else 1 + 2 * (row["access"] < row["access_minimum"]) + (not is_used)
            assert str(row["category_code"]) == str(expected), (rule, row)
    assert niis(published_home, *asked).stdout
    refused = niis(published_home, *asked, "--rule", "guess")
    assert refused.exit_code == 1
    assert "dhis2_90" in refused.stderr
    assert "has no area" in niis(published_home, "red", "--area", "99").stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["no_such_indicator"], "there is no indicator"), ([headline(), "--area", "99"], "has no area '99'")],
)
def test_what_does_not_exist_is_a_sentence(published_home: Settings, arguments: list[str], sentence: str) -> None:
    result = niis(published_home, "indicator", *arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_generate_writes_the_same_bytes_for_the_same_seed(tmp_path: Path) -> None:
    arguments = ["--provinces", "06", "--from", "2025-06", "--to", "2025-06", "--scale", "0.01", "--layout", "bulk"]
    for name in ("a", "b"):
        result = CliRunner().invoke(app, ["generate", "--out", str(tmp_path / name), *arguments])
        assert result.exit_code == 0, result.stderr
    first, second = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("a", "b")
    )
    assert first
    assert first == second
