"""Extracts hold what `niis indicator` says, open in other software, and say where they come from."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from dashboards.exports import archive, extracts
from dashboards.exports.scope import Scope
from dashboards.geography import AreaTree
from dashboards.i18n import Texts
from dashboards.warehouse import Area, Release, open_release
from pipelines.cli import app
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.conftest import PROVINCES

PERIOD = "2025-06"


def niis(settings: Settings, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["--home", str(settings.home), *map(str, arguments)])


@pytest.fixture(scope="module")
def released(published_home: Settings) -> Release:
    return open_release(published_home.published)


@pytest.fixture(scope="module")
def district(released: Release) -> Area:
    return AreaTree("63", released.areas("63")).children(PROVINCES[0])[0]


@pytest.fixture(scope="module")
def catalogue(published_home: Settings, district: Area, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("catalogue") / "district.zip"
    made = niis(published_home, "extract", "all", "--area", district.area_code, "--period", PERIOD, "--out", out)
    assert made.exit_code == 0, made.stderr
    return zipfile.ZipFile(out)


def rows_in(catalogue: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(catalogue.read(name).decode("utf-8-sig"))))


def test_every_indicator_of_the_registry_is_in_one_extract() -> None:
    registry = load_registry()
    held = [
        code
        for content in registry.extract_contents
        for code, row in registry.indicators.items()
        if content.content_code == {"indicator": code, "indicator_kind": row.indicator_kind}.get(content.content_kind)
    ]
    assert sorted(held) == sorted(registry.indicators)
    assert {row.relation_code for row in registry.extracts.values()} == extracts.SHAPES


def test_the_zip_of_a_district_has_every_extract_and_says_so(catalogue: zipfile.ZipFile, released: Release) -> None:
    names = set(catalogue.namelist())
    for code in load_registry().extracts:
        assert {f"{code}.csv", f"{code}.csv-metadata.json"} <= names
        assert catalogue.read(f"{code}.csv").startswith(b"\xef\xbb\xbf")
        facts = json.loads(catalogue.read(f"{code}.csv-metadata.json"))["niis:facts"]
        assert facts["Bản phát hành"] == released.release_id
        assert {"Số liệu đến ngày", "Độ đầy đủ", "Kiểm tra số liệu", "Phiên bản chương trình"} <= facts.keys()
    read_me = catalogue.read("README.txt").decode("utf-8-sig")
    assert all(f"{code}.csv: " in read_me for code in load_registry().extracts)


def test_the_numbers_of_the_zip_are_those_of_niis_indicator(
    published_home: Settings, catalogue: zipfile.ZipFile, district: Area
) -> None:
    compared = 0
    for extract in ("coverage", "dropout", "completeness"):
        rows = rows_in(catalogue, f"{extract}.csv")
        for code in sorted({row["indicator_code"] for row in rows})[:2]:
            asked = [
                "indicator",
                code,
                "--from",
                PERIOD,
                "--to",
                PERIOD,
                "--area",
                district.area_code,
                "--format",
                "csv",
            ]
            for children in ([], ["--children"]):
                printed = niis(published_home, *asked, *children)
                assert printed.exit_code == 0, printed.stderr
                for expected in csv.DictReader(io.StringIO(printed.stdout)):
                    (found,) = (
                        row
                        for row in rows
                        if (row["indicator_code"], row["area_code"]) == (code, expected["area_code"])
                    )
                    assert {name: found[name] for name in expected if name != "split_share"} == {
                        name: text for name, text in expected.items() if name != "split_share"
                    }
                    compared += 1
    assert compared > 10


def test_doses_are_the_numerators_of_coverage(catalogue: zipfile.ZipFile, released: Release, district: Area) -> None:
    terms = released.terms().filter(pl.col("term_role") == "numerator")
    doses = {(row["area_code"], row["measure_code"]): row["value"] for row in rows_in(catalogue, "doses.csv")}
    checked = 0
    for row in rows_in(catalogue, "coverage.csv"):
        measures = terms.filter(pl.col("indicator_code") == row["indicator_code"])["measure_code"].to_list()
        if row["numerator"] and len(measures) == 1 and (row["area_code"], measures[0]) in doses:
            assert float(row["numerator"]) == float(doses[row["area_code"], measures[0]] or 0)
            checked += 1
    assert checked > 20


def test_an_area_that_did_not_report_is_said_and_is_no_zero(catalogue: zipfile.ZipFile) -> None:
    silent = [row for row in rows_in(catalogue, "coverage.csv") if row["value_status"] == "not_reported"]
    assert all(row["value"] == "" for row in silent)
    assert all(row["status_name"] for row in rows_in(catalogue, "coverage.csv"))


def test_excel_and_parquet_hold_the_same_rows(published_home: Settings, district: Area, tmp_path: Path) -> None:
    read: dict[str, list[list[object]]] = {}
    for form in archive.FORMATS:
        out = tmp_path / f"coverage.{form}"
        made = niis(
            published_home, "extract", "coverage", "--area", district.area_code, "--period", PERIOD,
            "--format", form, "--lang", "en", "--out", out,
        )  # fmt: skip
        assert made.exit_code == 0, made.stderr
    frame = pl.read_parquet(tmp_path / "coverage.parquet").select("area_code", "indicator_code", "numerator", "value")
    read["parquet"] = [list(row) for row in frame.iter_rows()]
    book = openpyxl.load_workbook(tmp_path / "coverage.xlsx")
    header, *lines = book["Data"].iter_rows(values_only=True)
    wanted = [header.index(name) for name in ("Area code", "Indicator code", "Numerator", "Value")]
    assert [[line[index] for index in wanted] for line in lines] == read["parquet"]
    assert book["Data"].freeze_panes == "A2"
    said = dict(book.worksheets[2].iter_rows(values_only=True, max_col=2))
    assert said["Extract"] == "Coverage"
    assert "passed" in said["Checks of the data"]
    stored = pl.read_parquet_metadata(tmp_path / "coverage.parquet")
    assert json.loads(stored["niis.facts"])["Extract"] == "Coverage"
    assert (tmp_path / "coverage.csv-metadata.json").exists()


def test_the_same_release_gives_the_same_zip(released: Release, district: Area) -> None:
    registry = load_registry()
    tree = AreaTree("63", released.areas("63"))
    scope = Scope(released, tree, district, "month", PERIOD, Texts("vi"))
    kinds = extracts.in_order(registry)[:3]
    steps: list[tuple[int, int]] = []
    first, second = (
        archive.to_zip(registry, kinds, scope, form="csv", step=lambda done, total, _: steps.append((done, total)))
        for _ in range(2)
    )
    assert first == second
    assert steps[:4] == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["covrage", "--period", PERIOD, "--out", "x.csv"], "did you mean coverage"),
        (["coverage", "--out", "x.csv"], "name a period"),
        (["coverage", "--period", PERIOD], "name the file to write"),
        (["coverage", "--period", "June", "--out", "x.csv"], "a month is YYYY-MM"),
        (["coverage", "--period", "1999", "--out", "x.csv"], "the release has no year 1999; it has from"),
        (["coverage", "--period", PERIOD, "--area", "ZZ", "--out", "x.csv"], "has no area 'ZZ'"),
        (["coverage", "--period", PERIOD, "--level", "village", "--out", "x.csv"], "There is no level 'village'"),
        (["coverage", "--period", PERIOD, "--lang", "fr", "--out", "x.csv"], "none of vi, en"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_said_in_a_sentence(
    published_home: Settings, tmp_path: Path, arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    failed = niis(published_home, "extract", *arguments)
    assert failed.exit_code in {1, 2}
    assert sentence in " ".join(failed.stderr.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []
