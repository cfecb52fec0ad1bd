"""Publishing: complete, verified, atomic, and nothing personal."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from data_quality.results import CheckResult
from pipelines.publish import (
    PublicationError,
    PublicationRefusedError,
    Release,
    current_release,
    publish,
    verify_release,
)
from pipelines.settings import Settings
from pipelines.transform import BuiltState

NOON = datetime(2026, 4, 5, 12, 0, tzinfo=UTC)
STATE = BuiltState(build_id="b1", through_batch_no=7, as_of_date="2026-03-31", project_version="p", is_complete=True)


def check(status: str = "passed", severity: str = "blocking") -> CheckResult:
    return CheckResult(
        rule_code="coverage_is_plausible",
        name_vi="Tỷ lệ hợp lý",
        name_en="Coverage is plausible",
        dataset="summary_indicator_values",
        scope="2026-03-31",
        violations=0,
        evaluated=10,
        threshold=0.0,
        status=status,  # type: ignore[arg-type]
        severity=severity,  # type: ignore[arg-type]
        checked_at=datetime(2026, 4, 5, 19, 0),
        message_vi="vi",
        message_en="en",
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with a small build: one fact, two dimensions, a view over them, and tables that stay private."""
    home = Settings(tmp_path)
    home.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create table stg_lake__dose_records as select 'Nguyễn Văn A' as full_name")
        connection.execute("create table dim_sources as select 'routine' as source_code, false as is_synthetic")
        connection.execute("insert into dim_sources values ('synthetic', true)")
        connection.execute(
            "create table fct_measure_values as"
            " select 'VN' as area_code, 'routine' as source_code, range::double as value from range(1000)"
            " order by value desc"
        )
        connection.execute(
            "create view fct_indicator_values as select area_code, sum(value) as value"
            ' from "build"."main"."fct_measure_values"'
            " inner join build.main.dim_sources using (source_code) group by area_code"
        )
    return home


def do_publish(settings: Settings, at: datetime = NOON, **changes: object) -> Release:
    arguments = {"definition_version": "d1", "checks": [check()], "built_at": at, **changes}
    return publish(settings, STATE, **arguments)  # type: ignore[arg-type]


def test_the_release_is_whole_and_reads_without_the_warehouse(settings: Settings) -> None:
    release = do_publish(settings)
    settings.warehouse.unlink()
    assert release.release_id == "20260405T120000Z-000007"
    assert current_release(settings) == release
    database = settings.published / release.release_id / release.file
    with duckdb.connect(str(database), read_only=True) as connection:
        tables = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
        assert tables == {"dim_sources", "fct_measure_values", "rpt_check_results", "rpt_release"}
        assert connection.execute("select * from fct_indicator_values").fetchall() == [("VN", 499500.0)]
        assert connection.execute("select value from fct_measure_values limit 2").fetchall() == [
            (999.0,),
            (998.0,),
        ]
        assert connection.execute("select release_id, as_of_date::text, is_synthetic from rpt_release").fetchall() == [
            (release.release_id, "2026-03-31", False)
        ]
        assert connection.execute("select rule_code, status from rpt_check_results").fetchall() == [
            ("coverage_is_plausible", "passed")
        ]
    assert release.row_counts["fct_measure_values"] == 1000
    assert release.row_counts["fct_indicator_values"] is None


def test_a_release_with_a_synthetic_source_says_so(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("insert into fct_measure_values values ('VN', 'synthetic', 1)")
    assert do_publish(settings).is_synthetic


def with_persons(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(
            "create table per_persons as select 'k' || (99 - range) as person_key, 'Nguyễn Văn A' as full_name"
            " from range(100)"
        )
        connection.execute("create table int_events as select 'k7' as person_key, 3 as dose_number")
        connection.execute("create view per_events as select * from build.main.int_events")
        connection.execute(
            "create view per_states as select persons.person_key, events.dose_number"
            " from build.main.per_persons as persons left join build.main.per_events as events using (person_key)"
        )


def test_persons_are_published_in_a_file_of_their_own_for_its_owner_alone(settings: Settings) -> None:
    with_persons(settings)
    release = do_publish(settings)
    folder = settings.published / release.release_id
    assert release.persons_file == "persons.duckdb"
    assert (folder / "persons.duckdb").stat().st_mode & 0o777 == 0o600
    assert (folder / "niis.duckdb").stat().st_mode & 0o044, "others may read what is not personal"
    with duckdb.connect(str(folder / "persons.duckdb"), read_only=True) as connection:
        tables = {row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()}
        assert tables == {"dim_sources", "per_persons", "per_events"}
        # What rests on relations of the file alone is worked out when it is read.
        assert connection.execute("select count(*), sum(dose_number) from per_states").fetchall() == [(100, 3)]
        assert connection.execute("select person_key from per_persons limit 1").fetchall() == [("k0",)]
    with duckdb.connect(str(folder / "niis.duckdb"), read_only=True) as connection:
        names = connection.execute("select table_name from information_schema.tables").fetchall()
        assert not [name for (name,) in names if name.startswith("per_")]
    assert release.persons_row_counts == {"dim_sources": 2, "per_events": 1, "per_persons": 100, "per_states": None}
    assert current_release(settings) == release


def test_a_changed_file_of_persons_is_told_from_a_whole_one(settings: Settings) -> None:
    with_persons(settings)
    release = do_publish(settings)
    verify_release(settings, release)
    with (settings.published / release.release_id / "persons.duckdb").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(PublicationError, match=r"persons\.duckdb is missing or not what"):
        verify_release(settings, release)


def test_a_warehouse_without_persons_publishes_one_file(settings: Settings) -> None:
    release = do_publish(settings)
    assert release.persons_file is None
    assert not (settings.published / release.release_id / "persons.duckdb").exists()


@pytest.mark.parametrize("status", ["failed", "error"])
def test_a_failed_blocking_check_keeps_the_last_good_copy(settings: Settings, status: str) -> None:
    before = do_publish(settings)
    with pytest.raises(PublicationRefusedError, match="coverage_is_plausible"):
        do_publish(settings, NOON + timedelta(days=1), checks=[check(status)])
    assert current_release(settings) == before


@pytest.mark.parametrize("result", [check("failed", "warning"), check("not_applicable")])
def test_a_warning_or_a_check_with_nothing_to_look_at_does_not_stop_publication(
    settings: Settings, result: CheckResult
) -> None:
    assert do_publish(settings, checks=[result]).check_counts == {result.status: 1}


def test_a_build_of_chosen_models_is_not_published(settings: Settings) -> None:
    partial = BuiltState(**{**vars(STATE), "is_complete": False})
    with pytest.raises(PublicationError, match="chosen models"):
        publish(settings, partial, "d1", [check()], built_at=NOON)


def test_a_personal_column_is_refused_and_nothing_is_left_behind(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create table rpt_children as select 'Nguyễn Văn A' as full_name")
    with pytest.raises(PublicationError, match=r"rpt_children\.full_name"):
        do_publish(settings)
    assert current_release(settings) is None
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("drop table rpt_children")
    release = do_publish(settings)
    assert [path.name for path in settings.published.iterdir() if path.is_dir()] == [release.release_id]


def test_a_view_over_a_private_relation_is_refused_with_a_sentence(settings: Settings) -> None:
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create view rpt_names as select count(*) as n from build.main.stg_lake__dose_records")
    with pytest.raises(PublicationError, match="rpt_names rests on a relation that is not published"):
        do_publish(settings)


def test_the_same_moment_twice_is_refused_rather_than_changed(settings: Settings) -> None:
    do_publish(settings)
    with pytest.raises(PublicationError, match="exists already"):
        do_publish(settings)


def test_a_reader_finishes_on_the_copy_that_it_opened(settings: Settings) -> None:
    first = do_publish(settings)
    with duckdb.connect(str(settings.published / first.release_id / first.file), read_only=True) as reader:
        with duckdb.connect(str(settings.warehouse)) as connection:
            connection.execute("update fct_measure_values set value = 0")
        for day in range(1, 8):
            do_publish(settings, NOON + timedelta(days=day))
        assert not (settings.published / first.release_id).exists()
        assert reader.execute("select value from fct_indicator_values").fetchall() == [(499500.0,)]


def test_the_newest_releases_are_kept_and_the_current_one_always(settings: Settings) -> None:
    for day in range(4):
        do_publish(settings, NOON + timedelta(days=day), keep=2)
    kept = sorted(path.name for path in settings.published.iterdir() if path.is_dir())
    assert kept == ["20260407T120000Z-000007", "20260408T120000Z-000007"]
    # A clock that was set back publishes a release that sorts before the others.
    earlier = do_publish(settings, NOON - timedelta(days=1), keep=2)
    assert current_release(settings) == earlier
    verify_release(settings, earlier)


def test_a_damaged_copy_is_told_from_a_whole_one(settings: Settings) -> None:
    release = do_publish(settings)
    verify_release(settings, release)
    database = settings.published / release.release_id / release.file
    content = bytearray(database.read_bytes())
    content[len(content) // 2] ^= 1
    database.write_bytes(content)
    with pytest.raises(PublicationError, match="must not be read"):
        verify_release(settings, release)


def test_the_manifest_says_what_the_copy_is(settings: Settings) -> None:
    release = do_publish(settings)
    manifest = json.loads((settings.published / release.release_id / "manifest.json").read_text(encoding="utf-8"))
    assert {
        "sha256",
        "row_counts",
        "definition_version",
        "code_version",
        "as_of_date",
        "check_counts",
    } <= set(manifest)


def test_a_pointer_to_a_release_that_is_gone_is_a_sentence(settings: Settings) -> None:
    release = do_publish(settings)
    (settings.published / release.release_id / "manifest.json").unlink()
    with pytest.raises(PublicationError, match="without a manifest"):
        current_release(settings)
