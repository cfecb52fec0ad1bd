"""A report opens in other software, says what the release says, and draws Hoàng Sa and Trường Sa."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from dashboards import formats
from dashboards.exports import report
from dashboards.exports.chart_files import specification, titled, to_file
from dashboards.exports.scope import Scope
from dashboards.geography import AreaTree
from dashboards.i18n import Texts
from dashboards.warehouse import Release, open_release
from pipelines.cli import app
from pipelines.settings import Settings
from tests.conftest import PROVINCES

PERIOD = "2025-06"


def niis(settings: Settings, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["--home", str(settings.home), *map(str, arguments)])


@pytest.fixture(scope="module")
def released(published_home: Settings) -> Release:
    return open_release(published_home.published)


def scope_of(released: Release, code: str, language: str = "vi", tree: str = "63") -> Scope:
    areas = AreaTree(tree, released.areas(tree))
    return Scope(released, areas, areas.areas[code], "month", PERIOD, Texts(language))


def text_of(pdf: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    read = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True)
    return re.sub(r"[ \xa0]+", " ", read.stdout)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_report_says_what_niis_indicator_says(published_home: Settings, tmp_path: Path, language: str) -> None:
    out = tmp_path / "report.pdf"
    asked = ["report", "--area", PROVINCES[0], "--period", PERIOD, "--lang", language, "--out", out]
    made = niis(published_home, *asked)
    assert made.exit_code == 0, made.stderr
    text = text_of(out)
    texts = Texts(language)
    release = open_release(published_home.published)
    for fact in (release.release_id, texts("kind_synthetic"), formats.period(PERIOD, "month", language)):
        assert fact in text
    assert f"{texts('report_page')} 1 / " in text
    headline = release.indicators().filter(pl.col("is_headline"))
    shown = 0
    for row in headline.iter_rows(named=True):
        code = row["indicator_code"]
        printed = niis(
            published_home, "indicator", code, "--area", PROVINCES[0], "--from", PERIOD, "--to", PERIOD,
            "--format", "json",
        )  # fmt: skip
        for value in json.loads(printed.stdout):
            if value["value"] is not None:
                assert formats.in_unit(value["value"], row["unit"], language, row["decimals"]) in text
                assert formats.number(value["numerator"], language) in text
                shown += 1
    assert shown > 5


def test_areas_below_are_ranked_and_those_without_a_value_come_last(released: Release) -> None:
    said = report.content(scope_of(released, PROVINCES[0]))
    tree = AreaTree("63", released.areas("63"))
    below = tree.shown_below(PROVINCES[0])
    assert {row["area"] for row in said["rows"]} == {area.name_vi for area in below}
    places = [row["place"] for row in said["rows"]]
    assert places == [*map(str, range(1, len([place for place in places if place]) + 1)), *[""] * places.count("")]
    assert all(row["value"] == formats.NOTHING for row in said["rows"] if not row["place"])


def test_the_map_names_the_archipelagos_and_the_same_release_gives_the_same_pages(released: Release) -> None:
    scope = scope_of(released, "VN")
    drawn = report.content(scope)["map"]
    assert ">Hoàng Sa<" in drawn
    assert ">Trường Sa<" in drawn
    assert drawn.count("<path") > len(scope.tree.of_level("province"))
    steps: list[tuple[int, int]] = []
    first = report.to_pdf(scope, step=lambda done, total, _: steps.append((done, total)))
    assert steps[-1] == (4, 4)
    assert first == report.to_pdf(scope)


def test_a_commune_has_a_report_too(published_home: Settings, released: Release, tmp_path: Path) -> None:
    tree = AreaTree("63", released.areas("63"))
    commune = tree.children(tree.children(PROVINCES[0])[0].area_code)[0].area_code
    out = tmp_path / "commune.pdf"
    made = niis(published_home, "report", "--area", commune, "--period", "2025", "--out", out)
    assert made.exit_code == 0, made.stderr
    text = text_of(out)
    assert "Địa bàn này không có cấp dưới." in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--period", "2025-13"], "a month is YYYY-MM"),
        (["--period", PERIOD, "--area", "ZZ"], "has no area 'ZZ'"),
        (["--period", PERIOD, "--indicator", "nothing"], "there is no indicator 'nothing'"),
    ],
)
def test_what_cannot_be_printed_is_said_in_a_sentence(
    published_home: Settings, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    out = tmp_path / "report.pdf"
    failed = niis(published_home, "report", *arguments, "--out", out)
    assert failed.exit_code in {1, 2}
    assert sentence in " ".join(failed.stderr.replace("│", " ").split())
    assert not out.exists()


def test_a_chart_stands_alone(released: Release) -> None:
    import altair as alt  # noqa: PLC0415

    layer = AreaTree("63", released.areas("63"))
    shapes = layer.layer(layer.of_level("province"))
    assert shapes is not None
    chart = alt.Chart(alt.UrlData(url=shapes.url, format=alt.JsonDataFormat(property="features"))).mark_geoshape()
    spec = titled(specification(chart.to_dict()), "Bản đồ Việt Nam", "Số liệu mô phỏng")
    assert "url" not in json.dumps(spec["data"])
    assert to_file(spec, "png").startswith(b"\x89PNG")
    drawn = to_file(spec, "svg").decode()
    assert "Bản đồ Việt Nam" in drawn
    assert "Số liệu mô phỏng" in drawn
    assert drawn.count("<path") > len(layer.of_level("province"))
