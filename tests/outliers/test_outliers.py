"""`niis outliers` against the oracle in plain Python, and what can be written and read."""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.compute.outliers import find_outliers
from pipelines.reference import load_registry
from tests.compute.files import HEADERS, write
from tests.oracles.outliers import by_rule, largest_score
from tests.outliers.files import find, months, run

values = st.none() | st.sampled_from([0.0, 100.0, 100.0, 101.0]) | st.integers(0, 1500).map(lambda number: number / 2)
series = st.lists(values, min_size=1, max_size=30)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(one=series, other=series, seed=st.integers(0, 99))
def test_the_oracle_says_the_same_of_any_series(one: list[float | None], other: list[float | None], seed: int) -> None:
    rows = [*months(one, "A"), *months(other, "B", first=2023)]
    random.Random(seed).shuffle(rows)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "v.csv"
        write(path, HEADERS["measures"], [["" if cell is None else cell for cell in row] for row in rows])
        found = find_outliers(path).rows
    assert [(row["area_code"], row["period"], row["value"]) for row in found] == [
        (row[0], row[1], row[3]) for row in rows
    ]
    known = [row for row in found if row["value"] is not None]
    years = [int(row["period"][:4]) for row in known]
    for row in found:
        if row["value"] is None:
            assert {row[f"{rule}_flag"] for rule in load_registry().outlier_rules} == {"missing"}
            continue
        its = {other["period"]: other["value"] for other in known if other["area_code"] == row["area_code"]}
        expected = by_rule(its, row["period"], max(years), min(years))
        for rule, (score, lower, upper, flag) in expected.items():
            said = (row[f"{rule}_score"], row.get(f"{rule}_lower_bound"), row[f"{rule}_upper_bound"])
            wanted = [
                None if number is None else pytest.approx(number, rel=1e-6, abs=1e-6)
                for number in (score, lower, upper)
            ]
            assert list(said) == wanted, (rule, row)
            assert row[f"{rule}_flag"] == flag, (rule, row)
        in_year = sum(period[:4] == row["period"][:4] for period in its)
        assert row["mean_sd_largest_score"] == pytest.approx(largest_score(in_year))
        assert row["is_outlier"] == (expected["modified_z"][3] == "extreme")


def test_a_facility_month_above_80_percent_of_its_year_is_told_only_above_100(tmp_path: Path) -> None:
    rows = find(tmp_path, months([0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 101]))
    assert rows[-1]["fastr_flag"] == "extreme"
    assert float(rows[-1]["fastr_year_share"]) == pytest.approx(101 / 106)
    assert find(tmp_path, months([0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 100]))[-1]["fastr_flag"] == "none"


def test_a_value_below_is_none_of_those_that_look_only_for_high_ones(tmp_path: Path) -> None:
    rows = find(tmp_path, months([5000, 5010, 4990, 5000, 5005, 200]))
    assert (rows[-1]["fastr_flag"], rows[-1]["is_outlier"]) == ("none", "true")


def test_the_three_formats_and_a_file_say_the_same(tmp_path: Path) -> None:
    rows = months([100, 101, 99, 100, 102, 500])
    csv_rows = find(tmp_path, rows)
    as_json = json.loads(run(tmp_path, rows, "--format", "json").stdout)
    assert [row["is_outlier"] for row in as_json] == [row["is_outlier"] == "true" for row in csv_rows]
    assert [str(row["modified_z_score"]) for row in as_json] == [row["modified_z_score"] for row in csv_rows]
    table = run(tmp_path, rows)
    assert "modified_z" in table.stdout
    assert "1 bất thường theo modified_z" in table.stderr
    out = tmp_path / "out" / "found.csv"
    silent = run(tmp_path, rows, "--format", "csv", "--out", str(out))
    assert (silent.exit_code, silent.stdout) == (0, "")
    assert out.read_text(encoding="utf-8") == run(tmp_path, rows, "--format", "csv").stdout


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("A", "2024-13", "doses", 1), "values.csv, line 3: period is '2024-13': this is no period"),
        (("A", "2024-02", "doses", "1 000"), "values.csv, line 3: value is '1 000': this is no number"),
        (
            ("A", "2024-01", "doses", 2),
            "values.csv, lines 2, 3: area_code A, period 2024-01, measure_code doses is given",
        ),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(tmp_path: Path, row: tuple[object, ...], told: str) -> None:
    out = tmp_path / "found.csv"
    result = run(tmp_path, [("A", "2024-01", "doses", 1), row], "--format", "csv", "--out", str(out))
    assert result.exit_code == 1
    assert told in result.stderr
    assert (result.stdout, out.exists()) == ("", False)
    assert run(tmp_path, [], "--out", str(tmp_path / "values.csv")).exit_code == 1


def test_no_value_gives_no_row(tmp_path: Path) -> None:
    assert find(tmp_path, []) == []
