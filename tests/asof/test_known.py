"""What was known on a day: the copy published then, and before the first one what senders had sent."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines.asof import SENT_PREFIX, sweep
from pipelines.history import records, restored
from pipelines.inbox import submit
from pipelines.progress import SilentReporter
from pipelines.publish import MANIFEST_NAME, current_release
from pipelines.reference import load_registry
from pipelines.resources import Clock
from pipelines.runner import run
from pipelines.settings import Settings
from tests.asof.test_history import content
from tests.cli.test_commands import headline, niis
from tests.conftest import Programme
from tests.metrics.building import RECEIVED_AT, indicator_rows
from tests.metrics.test_oracle import REPORTED, differences
from tests.oracles.indicators import Oracle, values_of, with_denominators
from tests.oracles.plain_files import read_programme

REGISTRY = with_denominators(load_registry())
# Facilities send June in the first days of July; some have not yet, and May's corrections came on the third.
DAY = date(2025, 7, 3)


def correction_of(programme: Programme, folder: Path) -> Path:
    """A file that arrives later: one record taken back, one changed, one more than a month after its own."""
    source = next(path for path in programme.files() if path.name.startswith("dose_records_202506"))
    rows = list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))[20:23]
    for row, action in zip(rows, ("hủy", "sửa", "add"), strict=True):
        row["action"], row["submitted_at"] = action, "2025-09-20 08:00:00"
    rows[2]["record_id"] += "X"
    path = folder / "late_and_corrected.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_past_day_equals_the_copy_published_on_it(home_copy: Settings, programme: Programme, tmp_path: Path) -> None:
    first = current_release(home_copy)
    assert first is not None
    before = content(home_copy.published / first.release_id)
    arguments = ("indicator", headline(), "--children", "--format", "json")
    said = json.loads(niis(home_copy, *arguments).stdout)

    submit(home_copy, [correction_of(programme, tmp_path)])
    run(home_copy, SilentReporter(), clock=Clock(fixed_at="2026-04-07T12:00:00+07:00"))
    run(home_copy, SilentReporter(), clock=Clock(fixed_at="2026-04-08T12:00:00+07:00"), mode="everything")
    shutil.rmtree(home_copy.published / first.release_id)
    # The file of a build is not what history rests on.
    shutil.rmtree(home_copy.warehouse.parent)

    known = records(home_copy)
    assert [record.published_on.day for record in known] == [5, 7, 8]
    assert content(restored(home_copy, known[0])) == before
    changed = known[1].relations["fct_reported_measure_values"]
    assert (changed.kind, known[2].relations["fct_reported_measure_values"].kind) == ("difference", "same")
    assert 0 < changed.changed < changed.rows / 20
    for day in ("2026-04-05", "2026-04-06"):
        then = json.loads(niis(home_copy, *arguments, "--as-of", day).stdout)
        assert [{k: v for k, v in row.items() if k not in {"known_on", "knowledge_basis"}} for row in then] == said
        assert {(row["known_on"], row["knowledge_basis"]) for row in then} == {(day, "release")}
    now = json.loads(niis(home_copy, *arguments).stdout)
    assert [row | {"known_on": "2026-04-07", "knowledge_basis": "release"} for row in now] == json.loads(
        niis(home_copy, *arguments, "--as-of", "2026-04-07").stdout
    )


def test_before_the_first_release_it_is_what_senders_had_sent(home_copy: Settings, programme: Programme) -> None:
    asked = ("indicator", headline(), "--format", "json", "--as-of", DAY.isoformat())
    answer = niis(home_copy, *asked)
    assert answer.exit_code == 0, answer.stderr
    assert {(row["known_on"], row["knowledge_basis"]) for row in json.loads(answer.stdout)} == {
        (DAY.isoformat(), "sent")
    }
    folder = home_copy.as_of / f"{SENT_PREFIX}{DAY.isoformat()}"
    assert {path.name for path in folder.iterdir()} == {"niis.duckdb", "manifest.json"}, "nothing of persons is left"

    everything = read_programme(programme.folder, REGISTRY, RECEIVED_AT)
    doses = [row for row in everything.doses if row["submitted_at"].date() <= DAY]
    reports = [row for row in everything.reports if row["submitted_at"].date() <= DAY]
    assert 0 < len(doses) < len(everything.doses)
    oracle = Oracle(REGISTRY, replace(everything, doses=doses, reports=reports, as_of=DAY))
    areas = [area for area in oracle.areas if REGISTRY.areas[area].level_code != "commune"]
    found = indicator_rows(folder / "niis.duckdb", REPORTED, areas)
    assert differences(values_of(oracle, REPORTED, areas), found) == []

    made = (folder / MANIFEST_NAME).stat().st_mtime_ns
    assert niis(home_copy, *asked).stdout == answer.stdout
    assert (folder / MANIFEST_NAME).stat().st_mtime_ns == made, "a copy that still holds is not built again"
    sweep(home_copy, REGISTRY)
    assert folder.exists(), "the same files and definitions say the same"
    home_copy.facilities.write_text(home_copy.facilities.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    sweep(home_copy, REGISTRY)
    assert not folder.exists(), "another register may say something else"


def test_a_day_that_is_none_is_a_sentence(published_home: Settings) -> None:
    result = niis(published_home, "indicator", headline(), "--as-of", "5/6/2025")
    assert result.exit_code == 2
    assert "YYYY-MM-DD" in result.stderr


def test_nothing_is_known_where_nothing_was_sent(tmp_path: Path) -> None:
    result = niis(Settings(tmp_path), "indicator", headline(), "--as-of", "2025-06-05")
    assert result.exit_code == 1
    assert "niis submit" in result.stderr


def test_releases_are_listed_with_what_changed(published_home: Settings) -> None:
    (row,) = json.loads(niis(published_home, "releases", "--format", "json").stdout)
    release = current_release(published_home)
    assert release is not None
    assert (row["release_id"], row["published_on"], row["is_current"]) == (release.release_id, "2026-04-05", True)
    assert row["changed_rows"] > 0


@pytest.fixture(autouse=True)
def _no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wide output, so that a sentence is not broken."""
    monkeypatch.setenv("COLUMNS", "400")
