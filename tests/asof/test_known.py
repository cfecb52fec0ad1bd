"""What was known on a day: the copy published then, and before the first one what senders had sent."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dashboards.i18n import Texts
from pipelines.asof import SENT_PREFIX, sweep
from pipelines.history import records, restored
from pipelines.inbox import submit
from pipelines.publish import current_release
from pipelines.reference import load_registry
from pipelines.settings import MANIFEST_NAME, Settings
from tests.asof.test_history import content
from tests.cli.test_commands import headline, niis
from tests.conftest import Programme
from tests.dashboards.test_pages import opened
from tests.metrics.building import RECEIVED_AT, indicator_rows
from tests.metrics.test_oracle import REPORTED, differences
from tests.oracles.indicators import Oracle, values_of, with_denominators
from tests.oracles.plain_files import read_programme
from tests.steps import run_steps

REGISTRY = with_denominators(load_registry())
# Facilities send June in the first days of July; some have not yet, and May's corrections came on the third.
DAY = date(2025, 7, 3)


def correction_of(programme: Programme, folder: Path) -> Path:
    """A file that arrives later: two records taken back, one told late."""
    source = next(path for path in programme.files() if path.name.startswith("dose_records_202506"))
    series = REGISTRY.doses[str(REGISTRY.indicators[headline()].dose_code)].series_code
    products = {way.product_code for way in REGISTRY.product_series if way.series_code == series}
    sent = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    rows = [row for row in sent if row["product_code"] in products and row["dose_status"] == "2"][:3]
    for row, action in zip(rows, ("hủy", "hủy", "add"), strict=True):
        row["action"], row["submitted_at"] = action, "2025-09-20 08:00:00"
    rows[2]["record_id"] += "X"
    path = folder / "late_and_corrected.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def what_changed_and_why(home: Settings) -> None:
    """The values that the late file moved are told, with both sides; it is named for those, and no other file is."""
    old, new = (
        {(code, period): value for code, period, value in content_rows(restored(home, record))}
        for record in records(home)
    )
    told = json.loads(niis(home, "changes", "--format", "json").stdout)
    # Over its own denominator: the others are read only when asked for.
    headlines = {row.indicator_code for row in REGISTRY.indicators.values() if row.is_headline}
    headlines = {code for code in headlines if "@" not in code}
    differing = {key for key in old.keys() | new.keys() if key[0] in headlines and old.get(key) != new.get(key)}
    assert differing
    assert {(row["indicator_code"], row["period"]) for row in told} >= differing
    for row in told:
        key = (row["indicator_code"], row["period"])
        assert (row["value_then"], row["value_now"]) == (old.get(key), new.get(key))
        if None not in (row["value_then"], row["value_now"]):
            assert row["difference"] == row["value_now"] - row["value_then"]
    assert niis(home, "changes", "--since", "2026-04-05", "--format", "json").stdout == json.dumps(
        told, ensure_ascii=False, indent=2
    ) + "\n"  # fmt: skip
    files = json.loads(niis(home, "changes", "--files", "--format", "json").stdout)
    assert {row["original_name"] for row in files} == {"late_and_corrected.csv"}
    assert {row["row_count"] for row in files} <= {1, 2, 3}
    assert json.loads(niis(home, "changes", "--area", "01", "--format", "json").stdout) == [], "another province"


def pages_say_so(home: Settings) -> None:
    """A day in the link is shown with a banner; the page of late data names what changed and the file behind it."""
    texts = Texts("en")
    then = opened(home.published, lang="en", as_of="2026-04-06", period_type="month")
    assert [item.message for item in then.exception] == []
    release = records(home)[0].release_id
    assert texts("as_of_banner_release", day="6 Apr 2026", release=release) in [item.value for item in then.warning]
    assert then.query_params["as_of"] in ("2026-04-06", ["2026-04-06"])
    now = opened(home.published, "knowledge", lang="en", period_type="month", indicator=headline())
    assert [item.message for item in now.exception] == []
    shown = now.selectbox(key="changes_since").set_value("2026-04-05").run()
    assert [item.message for item in shown.exception] == []
    tables = [table.value for table in shown.dataframe]
    (files,) = (table for table in tables if texts("file_name") in table.columns)
    assert files[texts("file_name")].to_list() == ["late_and_corrected.csv"]
    (values,) = (table for table in tables if texts("value_then") in table.columns)
    assert values[texts("period")].to_list() == ["Jun 2025"]


def content_rows(folder: Path) -> list[tuple[str, str, float | None]]:
    """Indicator, month and value of the nation."""
    with duckdb.connect(str(folder / "niis.duckdb"), read_only=True) as connection:
        return connection.execute(
            "select indicator_code, period, value from fct_indicator_values"
            " where hierarchy_code = '63' and area_code = 'VN' and period_type = 'month'"
        ).fetchall()


def test_a_past_day_equals_the_copy_published_on_it(home_copy: Settings, programme: Programme, tmp_path: Path) -> None:
    first = current_release(home_copy)
    assert first is not None
    before = content(home_copy.published / first.release_id)
    arguments = ("indicator", headline(), "--children", "--format", "json")
    said = json.loads(niis(home_copy, *arguments).stdout)

    submit(home_copy, [correction_of(programme, tmp_path)])
    run_steps(home_copy, "2026-04-07T12:00:00+07:00")
    what_changed_and_why(home_copy)
    run_steps(home_copy, "2026-04-08T12:00:00+07:00", "everything")
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
    pages_say_so(home_copy)
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
