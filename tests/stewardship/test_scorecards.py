"""Scorecards against plain Python, their ranks and bands, and the letter that is made of them."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from dashboards.scorecards import letter_of
from dashboards.warehouse import open_release
from pipelines.access.policy import AccessDeniedError, Place
from pipelines.access.readers import Readers, now
from pipelines.cli import app
from pipelines.reference import load_registry
from pipelines.settings import Settings
from pipelines.stewardship.letter import render_pdf

REGISTRY = load_registry()
PART_OF = {rule.rule_code: rule.component_code for rule in REGISTRY.scorecard_rules}
POINTS = {code: part.points for code, part in REGISTRY.scorecard_components.items()}
(WHOLE,) = [code for code, points in POINTS.items() if points is None]
COMMUNES = {"63": "commune_code_2017", "34": "commune_code_2025"}

Counts = dict[tuple[str, int, str], list[int]]


def rows(database: Path, query: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        result = connection.execute(query)
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


def files(built: Path) -> Iterator[tuple[str, int, int, int]]:
    """Facility, first year, rejected lines and lines of each file that tells of one facility alone."""
    places = defaultdict(set)
    first: dict[str, Any] = {}
    for row in rows(built, "select * from rpt_submission_places"):
        places[row["submission_id"]].add(row["facility_code"])
        first[row["submission_id"]] = min(first.get(row["submission_id"], row["first_month"]), row["first_month"])
    for row in rows(built, "select * from rpt_submissions where line_count is not null"):
        own = places[row["submission_id"]]
        lines = row["line_count"] - row["header_count"] - row["blank_count"]
        if len(own) == 1 and None not in own:
            yield next(iter(own)), first[row["submission_id"]].year, row["rejected_count"], lines


def counted(settings: Settings) -> Counts:
    """Violations and evaluated of each facility, year and part, added up row by row."""
    found: Counts = defaultdict(lambda: [0, 0])

    def add(facility: str, year: int, rule: str, violations: int, evaluated: int) -> None:
        if rule in PART_OF and evaluated:
            entry = found[facility, year, PART_OF[rule]]
            entry[0] += violations
            entry[1] += evaluated

    built = settings.warehouse
    for row in rows(built, "select * from int_facility_months"):
        year = row["month"].year
        add(row["facility_code"], year, "reports_missing", int(not row["is_received"]), 1)
        if row["is_received"]:
            add(row["facility_code"], year, "reports_late", int(not row["is_on_time"]), 1)
    given: dict[tuple[str, int], int] = defaultdict(int)
    for row in rows(built, "select * from int_quality_record_counts"):
        year = row["month"].year
        given[row["facility_code"], year] += row["given_count"]
        for name in row:
            if name.endswith("_violations"):
                code = name.removesuffix("_violations")
                add(row["facility_code"], year, code, row[name], row[f"{code}_evaluated"])
    hits: dict[tuple[str, int, str], int] = defaultdict(int)
    for row in rows(built, "select facility_code, month, rule_code from int_quality_person_hits"):
        hits[row["facility_code"], row["month"].year, row["rule_code"]] += 1
    for rule in REGISTRY.finding_rules.values():
        if rule.rule_stage == "person":
            for (facility, year), count in given.items():
                wrong = hits[facility, year, rule.rule_code]
                add(facility, year, rule.rule_code, wrong, max(count, wrong))
    heaped = "select * from int_quality_subjects where rule_code in ('birth_day_heaping', 'given_day_heaping')"
    for row in rows(built, heaped):
        add(row["facility_code"], int(row["period"][:4]), row["rule_code"], row["violations"], row["evaluated"])
    for facility, year, rejected, lines in files(built):
        add(facility, year, "lines_rejected", rejected, lines)
    return found


def scored(counts: dict[str, list[int]]) -> dict[str, float]:
    """Return the score of each part and of the whole."""
    scores = {part: 100 * (1 - wrong / looked_at) for part, (wrong, looked_at) in counts.items()}
    weights = {part: POINTS[part] or 0 for part in scores}
    return {**scores, WHOLE: sum(weights[part] * scores[part] for part in scores) / sum(weights.values())}


def test_every_score_is_what_plain_python_makes_of_the_results_of_the_rules(published_home: Settings) -> None:
    built = published_home.warehouse
    facilities = rows(built, "select * from dim_facilities")
    parents = {
        (row["hierarchy_code"], row["area_code"]): row["parent_code"] for row in rows(built, "select * from dim_areas")
    }
    homes: dict[str, set[tuple[str, str]]] = {}
    for row in facilities:
        homes[row["facility_code"]] = {("facility", row["facility_code"])}
        for tree, column in COMMUNES.items():
            code = row[column]
            while code is not None:
                homes[row["facility_code"]].add((tree, code))
                code = parents[tree, code]
    sums: dict[tuple[str, str, int], dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for (facility, year, part), (wrong, looked_at) in counted(published_home).items():
        for kind, code in homes[facility]:
            entry = sums[kind, code, year][part]
            entry[0] += wrong
            entry[1] += looked_at
    expected = {
        (kind, code, year, part): score
        for (kind, code, year), counts in sums.items()
        for part, score in scored(counts).items()
    }
    found = {
        (
            "facility" if row["facility_code"] else row["hierarchy_code"],
            row["place_code"],
            row["score_year"],
            row["component_code"],
        ): row["score"]
        for row in rows(built, "select * from rpt_scorecards")
    }
    assert found.keys() == expected.keys()
    assert {key: score for key, score in found.items() if abs(score - expected[key]) > 0.0002} == {}
    assert len({round(score, 1) for score in found.values()}) > 5


def test_bands_and_ranks_follow_from_the_scores(published_home: Settings) -> None:
    bands = {(band.component_code, band.band_code): band for band in REGISTRY.scorecard_bands}
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows(published_home.warehouse, "select * from rpt_scorecards"):
        band = bands[row["component_code"], row["band_code"]]
        assert band.lower_bound is None or row["score"] >= band.lower_bound
        assert band.upper_bound is None or row["score"] < band.upper_bound
        keys = ("hierarchy_code", "level_code", "peer_code", "score_year", "component_code")
        groups[tuple(row[key] for key in keys)].append(row)
    for peers in groups.values():
        for row in peers:
            assert row["peer_count"] == len(peers)
            assert row["peer_rank"] == 1 + sum(other["score"] > row["score"] for other in peers)


def niis(home: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(home.home), *arguments])


def listed(home: Settings, *arguments: str) -> list[dict[str, str]]:
    told = niis(home, "scorecard", *arguments, "--format", "csv")
    assert told.exit_code == 0, told.stderr
    return list(csv.DictReader(io.StringIO(told.stdout)))


def worst(home: Settings) -> str:
    """Return the facility of which most rules found something."""
    query = (
        "select facility_code from rpt_findings where facility_code is not null group by 1"
        " order by count(distinct rule_code) desc, facility_code limit 1"
    )
    return str(rows(home.warehouse, query)[0]["facility_code"])


def test_scorecards_and_rankings_are_printed(published_home: Settings) -> None:
    (nation,) = (row for row in listed(published_home, "--area", "VN") if row["component_code"] == WHOLE)
    assert (nation["place_vi"], nation["peer_rank"], nation["peer_count"]) == ("Việt Nam", "1", "1")
    region = listed(published_home, "--area", "VN", "--ranking")[0]["place_code"]
    ranked = listed(published_home, "--area", region, "--ranking")
    scores = [float(row["score"]) for row in ranked]
    assert scores == sorted(scores, reverse=True)
    release = open_release(published_home.published)
    code = worst(published_home)
    own = listed(published_home, "--facility", code)
    assert own[0]["component_code"] == WHOLE
    assert {row["place_code"] for row in own} == {code}
    place = release.facility_place(code, "34")
    assert place is not None
    assert code in [row["place_code"] for row in listed(published_home, "--area", place.area_code, "--ranking")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("scorecard",), "name either --area or --facility"),
        (("scorecard", "--facility", "1", "--ranking"), "--ranking is of what lies below an area"),
        (("scorecard", "--facility", "nowhere"), "There is no facility nowhere"),
        (("scorecard", "--area", "nowhere"), "has no area 'nowhere'"),
        (("scorecard", "--area", "VN", "--year", "1999"), "There are no scorecards of 1999; there are: "),
        (("letter", "nowhere", "--out", "never.pdf"), "There is no facility nowhere"),
    ],
)
def test_what_is_not_there_is_said(published_home: Settings, arguments: tuple[str, ...], sentence: str) -> None:
    told = niis(published_home, *arguments)
    assert told.exit_code == 1
    assert sentence in told.stderr


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not installed")
def test_the_letter_says_what_was_found_and_what_to_do(home_copy: Settings, tmp_path: Path) -> None:
    code, out = worst(home_copy), tmp_path / "letter.pdf"
    told = niis(home_copy, "letter", code, "--out", str(out))
    assert told.exit_code == 0, told.stderr
    text = subprocess.run(["pdftotext", "-layout", str(out), "-"], capture_output=True, text=True, check=True).stdout
    words = " ".join(text.split())
    release = open_release(home_copy.published)
    letter = letter_of(release, code)
    assert render_pdf(letter) == out.read_bytes()
    assert letter.facility in words
    assert letter.overall is not None
    assert f"{letter.overall.score}" in words
    found = release.facility_findings(code, letter.year).filter(pl.col("facility_action_vi").is_not_null())
    assert len(letter.tasks) == found["rule_code"].n_unique() > 1
    for task in letter.tasks:
        assert task.action in words
        assert all(detail in words for detail in task.details)


def test_only_who_sees_findings_writes_letters(published_home: Settings) -> None:
    release, readers, code = (
        open_release(published_home.published),
        Readers(published_home, REGISTRY),
        worst(published_home),
    )
    place = release.facility_place(code, "34")
    assert place is not None
    official = readers.role_in("official", place, "Hoa", now())
    with pytest.raises(AccessDeniedError):
        letter_of(release.within(readers.scope(official)), code)
    steward = readers.role_in("steward", Place("34", place.area_code), "Tuấn", now())
    assert letter_of(release.within(readers.scope(steward)), code).tasks
