"""The files of `niis compute`: what may differ in how they are written, and bad input told in sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.compute.compute import COLUMNS
from pipelines.settings import PROJECT_ROOT
from tests.compute.files import HEADERS, call, compute, read, run, write

TREE = [("N", ""), ("01", "N"), ("02", "N")]
VALUES = [("01", "2024", "doses", "9"), ("01", "2024", "target", "10")]
TERMS = [("coverage", "numerator", "doses", "1", "100"), ("coverage", "denominator", "target", "1", "100")]


def test_a_mark_of_byte_order_windows_lines_quotes_and_other_columns_change_nothing(tmp_path: Path) -> None:
    expected = compute(tmp_path, TREE, VALUES, TERMS)
    (tmp_path / "areas.csv").write_bytes(
        '\ufeffname,"parent_code",area_code\r\n"Hà Nội, tất cả",,N\r\n"a ""b""",N,01\r\n,"N",02\r\n'.encode()
    )
    (tmp_path / "measures.csv").write_bytes(
        b'\xef\xbb\xbf"value","measure_code",period,area_code\r\n"9",doses,2024,"01"\r\n10.0,target,"2024",01\r\n\r\n'
    )
    (tmp_path / "indicators.csv").write_text(
        "multiplier;weight;term_role;measure_code;indicator_code;note\n1e2;1.0;denominator;target;coverage;x\n"
        "100;;numerator;doses;coverage;y\n",
        encoding="utf-16",
    )
    result = call(tmp_path)
    assert result.exit_code == 0, result.stderr
    assert read(tmp_path / "values.csv") == expected
    assert "indicators.csv: columns that mean nothing here are passed over: note." in result.stderr


def test_codes_are_text(tmp_path: Path) -> None:
    found = compute(tmp_path, [("N", ""), ("01", "N"), ("1", "N")], VALUES, TERMS)
    assert found["01", "2024", "coverage"][2] == "90"
    assert found["1", "2024", "coverage"] == ("", "", "", "not_reported")
    assert found["N", "2024", "coverage"][3] == "calculated_partial"


def test_no_value_gives_no_row_and_an_area_without_data_has_rows(tmp_path: Path) -> None:
    assert compute(tmp_path, TREE, [], TERMS) == {}
    assert (tmp_path / "values.csv").read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n"
    assert compute(tmp_path, TREE, VALUES, TERMS)["02", "2024", "coverage"] == ("", "", "", "not_reported")


def test_measures_that_are_used_nowhere_or_are_nowhere_are_named(tmp_path: Path) -> None:
    result = run(
        tmp_path, TREE, [*VALUES, ("N", "2024", "extra", "1")], [*TERMS, ("other", "numerator", "dose", "1", "1")]
    )
    assert result.exit_code == 0
    assert "no indicator uses extra." in result.stderr
    assert "has no line of dose; what needs one of them has no value." in result.stderr


def test_values_can_go_to_standard_output_and_never_over_a_file_that_is_read(tmp_path: Path) -> None:
    run(tmp_path, TREE, VALUES, TERMS)
    written = (tmp_path / "values.csv").read_text(encoding="utf-8")
    (tmp_path / "values.csv").unlink()
    assert call(tmp_path, out="-").stdout == written
    assert not (tmp_path / "values.csv").exists()
    before = (tmp_path / "measures.csv").read_text(encoding="utf-8")
    result = call(tmp_path, out=str(tmp_path / "measures.csv"))
    assert result.exit_code == 1
    assert "is one of the files to be read" in result.stderr
    assert (tmp_path / "measures.csv").read_text(encoding="utf-8") == before


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert call(tmp_path).exit_code == 2
    run(tmp_path, TREE, VALUES, TERMS)
    assert call(tmp_path, indicators=str(tmp_path / "no.csv")).exit_code == 2


@pytest.mark.parametrize(
    ("areas", "told"),
    [
        ([("N", ""), ("M", ""), ("01", "N")], "areas.csv, lines 2, 3: N, M have no parent_code; a tree has one area"),
        (
            [("N", ""), ("01", "02"), ("02", "01")],
            "areas.csv, lines 3, 4: 01, 02 lie in a circle, each within the next",
        ),
        ([("N", "N"), ("01", "N")], "areas.csv, line 2: N lie in a circle"),
        ([("N", ""), ("01", "X")], "areas.csv, line 3: parent_code is 'X': no line has this area; add a line for it"),
        ([("N", ""), ("01", "N"), ("01", "N")], "areas.csv, lines 3, 4: area_code 01 is given 2 times; leave one line"),
        ([("N", ""), ("", "N")], "areas.csv, line 3: area_code is empty: a value is needed"),
        ([], "areas.csv: there is no area; give a line an area"),
    ],
)
def test_areas_that_are_no_tree_are_told(tmp_path: Path, areas: list[tuple[str, str]], told: str) -> None:
    check_refused(tmp_path, told, areas=areas)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("03", "2024", "doses", "1"), "measures.csv, line 4: area_code is '03': areas.csv has no such area; add"),
        (("01", "2024-13", "doses", "1"), "line 4: period is '2024-13': this is no period; write a year as 2024"),
        (("01", "202403", "doses", "1"), "line 4: period is '202403': this is no period"),
        (("01", "2024Q5", "doses", "1"), "line 4: period is '2024Q5': this is no period"),
        (("01", "2024-3", "doses", "1"), "line 4: period is '2024-3': this is no period"),
        (("01", "", "doses", "1"), "line 4: period is empty: a value is needed"),
        (("01", "2023", "doses", "1,234"), "line 4: value is '1,234': this is no number; write digits with a decimal"),
        (("01", "2023", "doses", "NA"), "line 4: value is 'NA': this is no number"),
        (("01", "2023", "doses", "nan"), "line 4: value is 'nan': this is no number"),
        (("01", "2023", "doses", "inf"), "line 4: value is 'inf': this is no number"),
        (("01", "2023", "doses", "9 5"), "line 4: value is '9 5': this is no number"),
        (("01", "2023", "doses", "1e99"), "this number is too large"),
        (
            ("01", "2024", "doses", "9"),
            "measures.csv, lines 2, 4: area_code 01, period 2024, measure_code doses is given",
        ),
        (
            ("01", "2024", "doses", ""),
            "measures.csv, lines 2, 4: area_code 01, period 2024, measure_code doses is given",
        ),
    ],
)
def test_a_bad_value_is_told_with_line_column_and_what_to_do(tmp_path: Path, line: tuple[str, ...], told: str) -> None:
    check_refused(tmp_path, told, measures=[*VALUES, line])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("coverage", "top", "x", "1", "100"), "indicators.csv, line 4: term_role is 'top': this is not known; write"),
        (("coverage", "numerator", "x", "one", "100"), "line 4: weight is 'one': this is no number"),
        (
            ("coverage", "numerator", "x", "1", "1"),
            "lines 2, 3, 4: multiplier of indicator_code coverage is not the same",
        ),
        (
            ("other", "denominator", "x", "1", "1"),
            "indicators.csv, line 4: other has no numerator; add a line with one",
        ),
        (("coverage", "numerator", "doses", "1", "100"), "lines 2, 4: indicator_code coverage, term_role numerator"),
        (("coverage", "numerator", "", "1", "100"), "line 4: measure_code is empty: a value is needed"),
    ],
)
def test_a_bad_term_is_told(tmp_path: Path, line: tuple[str, ...], told: str) -> None:
    check_refused(tmp_path, told, indicators=[*TERMS, line])


@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        (
            "missing_policy",
            ("full", "full"),
            "line 2: missing_policy is 'full': this is not known; write full_target or",
        ),
        (
            "missing_policy",
            ("full_target", "matched_units"),
            "lines 2, 3: missing_policy of indicator_code coverage is",
        ),
        (
            "annual_spread",
            ("twelve", ""),
            "line 2: annual_spread is 'twelve': this is not known; write none or twelfths",
        ),
        ("offset_years", ("0.5", ""), "line 2: offset_years is '0.5': this is no such number of years"),
        ("ofset_years", ("0", ""), "the column 'ofset_years' is not known; call it offset_years"),
    ],
)
def test_a_bad_optional_column_is_told(tmp_path: Path, column: str, values: tuple[str, str], told: str) -> None:
    rows = [(*term, value) for term, value in zip(TERMS, values, strict=True)]
    check_refused(tmp_path, told, indicators=rows, header=f"{HEADERS['indicators']},{column}")


def test_a_measure_is_spread_in_every_indicator_or_in_none(tmp_path: Path) -> None:
    rows = [(*TERMS[0], ""), (*TERMS[1], "twelfths"), ("other", "numerator", "target", "1", "1", "")]
    check_refused(
        tmp_path,
        "lines 3, 4: annual_spread of measure_code target is not the same in all lines",
        indicators=rows,
        header=f"{HEADERS['indicators']},annual_spread",
    )


def test_a_missing_column_and_a_torn_line_are_told(tmp_path: Path) -> None:
    run(tmp_path, TREE, VALUES, TERMS)
    write(tmp_path / "measures.csv", "area_code,period,value", [("01", "2024", "1")])
    assert "measures.csv: the column measure_code is missing" in call(tmp_path).stderr
    (tmp_path / "measures.csv").write_text(HEADERS["measures"] + "\n01,2024,doses\n", encoding="utf-8")
    assert "measures.csv, line 2: 3 cells instead of 4" in call(tmp_path).stderr


def test_the_guide_works_as_it_is_written(tmp_path: Path) -> None:
    guide = (PROJECT_ROOT / "docs" / "how_to" / "compute_indicators.md").read_text(encoding="utf-8")
    blocks = [block.split("```")[0] for block in guide.split("```csv\n")[1:]]
    for name, text in zip(("areas", "measures", "indicators", "expected"), blocks, strict=True):
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    result = call(tmp_path)
    assert result.exit_code == 0, result.stderr
    found = (tmp_path / "values.csv").read_text(encoding="utf-8").splitlines()
    expected = (tmp_path / "expected.csv").read_text(encoding="utf-8").splitlines()
    assert expected == [line for line in found if line in expected]


def check_refused(folder: Path, told: str, header: str | None = None, **changed: list[tuple[str, ...]]) -> None:
    """Assert that the files are refused with a sentence and that what was written before stays."""
    (folder / "values.csv").write_text("old\n", encoding="utf-8")
    tables = {"areas": TREE, "measures": VALUES, "indicators": TERMS} | changed
    result = run(folder, tables["areas"], tables["measures"], tables["indicators"], header)
    assert result.exit_code == 1
    assert told in result.stderr
    assert (folder / "values.csv").read_text(encoding="utf-8") == "old\n"
