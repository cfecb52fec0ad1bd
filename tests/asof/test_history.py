"""History: any release can be made again, value by value, after its copy is gone, whatever happened in between."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import history
from pipelines.history import HistoryError, record_current, records, release_on, restored, sweep_restored
from pipelines.publish import publish
from pipelines.settings import Settings
from tests.orchestration.test_publish import STATE, check

NOON = datetime(2026, 4, 5, 12, 0, tzinfo=UTC)
Rows = list[tuple[object, ...]]

_VIEW = (
    "create view fct_indicator_values as select area_code, month, sum(value) as value"
    ' from "build"."main"."fct_measure_values" inner join build.main.dim_sources using (source_code) group by all'
)


def home_at(folder: Path) -> Settings:
    """A home with a warehouse of one fact by month, one without, a definition and a view."""
    home = Settings(folder)
    home.warehouse.parent.mkdir(parents=True)
    change(
        home,
        "create table dim_sources as select 'routine' as source_code, false as is_synthetic",
        "create table fct_measure_values (area_code text, month date, source_code text, value double)",
        "create table fct_curve (n bigint, moment timestamp, tags text)",
        _VIEW,
    )
    return home


def change(home: Settings, *statements: str) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def content(folder: Path) -> dict[str, Rows]:
    """Every row of every relation of a copy, views too."""
    with duckdb.connect(str(folder / "niis.duckdb"), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'main' order by 1"
        ).fetchall()
        return {name: connection.execute(f'select * from "{name}" order by all').fetchall() for (name,) in names}


def release(home: Settings, day: int) -> dict[str, Rows]:
    made = publish(home, STATE, "d1", [check()], built_at=NOON + timedelta(days=day), keep=2)
    return content(home.published / made.release_id)


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return home_at(tmp_path / "home")


STEPS: tuple[Callable[[Settings], None], ...] = (
    lambda home: change(
        home, "insert into fct_measure_values select 'A', date '2024-01-01', 'routine', range / 3 from range(200)"
    ),
    lambda home: change(
        home,
        # Rows that are alike, a value that nobody knows, a month that is none, and numbers that no text would keep.
        "insert into fct_measure_values select 'B', date '2024-02-01', 'routine', 0.1 + 0.2 from range(3)",
        "insert into fct_measure_values values ('C', null, 'routine', null), ('C', date '2024-02-01', null, 1e-300)",
        "insert into fct_curve select range, timestamp '2024-01-01 00:00:00.000001', null from range(5)",
    ),
    lambda home: change(home, "update fct_measure_values set value = value + 1 where month = date '2024-02-01'"),
    lambda home: change(home, "delete from fct_measure_values where value > 50"),
    # A whole re-build in which nothing changed.
    lambda home: change(home, "create or replace table fct_measure_values as from fct_measure_values order by value"),
    # New definitions: a column more, a relation more, one less, another engine.
    lambda home: change(
        home,
        "alter table fct_measure_values add column note text",
        "create table dim_notes as select 'x' as note",
        "drop table fct_curve",
        _VIEW.replace("create view", "create or replace view").replace("sum(value)", "max(value)"),
    ),
    lambda home: change(home, "delete from fct_measure_values"),
)


def test_every_release_is_made_again_value_by_value_after_its_copy_is_gone(home: Settings) -> None:
    published = []
    for day, step in enumerate(STEPS):
        step(home)
        published.append(release(home, day))
    known = records(home)
    assert len([path for path in home.published.iterdir() if path.is_dir()]) == 2
    assert [record.sequence for record in known] == list(range(1, len(STEPS) + 1))
    for record, expected in zip(known, published, strict=True):
        assert content(restored(home, record)) == expected
    shutil.rmtree(home.published)
    sweep_restored(home)
    assert not list(home.as_of.glob("2*"))
    for record, expected in zip(known, published, strict=True):
        assert content(restored(home, record)) == expected


def test_only_what_changed_is_written(home: Settings) -> None:
    for day, step in enumerate(STEPS[:5]):
        step(home)
        release(home, day)
    kinds = [record.relations["fct_measure_values"].kind for record in records(home)]
    assert kinds == ["whole", "difference", "difference", "difference", "same"]
    rebuilt = records(home)[4]
    assert {name for name, relation in rebuilt.relations.items() if relation.kind != "same"} <= {
        "rpt_release",
        "rpt_check_results",
    }
    assert records(home)[1].relations["fct_measure_values"].changed == 3, "rows that are alike are written once"
    written = {path.name for path in (home.history / rebuilt.release_id).iterdir()}
    assert "fct_measure_values.parquet" not in written


def test_a_day_is_answered_by_the_release_that_stood_at_its_end_in_viet_nam(home: Settings) -> None:
    for hours in (0, 4, 6, 48):
        publish(home, STATE, "d1", [check()], built_at=NOON + timedelta(hours=hours))
    known = records(home)
    # 18:00 UTC on the 5th is the 6th in Viet Nam.
    assert [release_on(known, date(2026, 4, day)) for day in (4, 5, 6, 7, 30)] == [
        None, known[1], known[2], known[3], known[3],
    ]  # fmt: skip


def test_a_release_that_was_not_switched_to_leaves_no_history(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    STEPS[0](home)
    release(home, 0)

    def crash(*_: object) -> None:
        raise OSError("power is gone")

    with monkeypatch.context() as broken:
        broken.setattr("pipelines.publish.write_text_atomically", crash)
        with pytest.raises(OSError, match="power"):
            release(home, 1)
    assert len(records(home)) == 1
    release(home, 2)
    assert len(records(home)) == 2


def test_a_crash_between_the_switch_and_the_history_is_repaired(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    STEPS[0](home)
    release(home, 0)
    STEPS[1](home)

    def crash(*_: object) -> None:
        raise OSError("power is gone")

    with monkeypatch.context() as broken:
        broken.setattr("pipelines.history.write_text_atomically", crash)
        with pytest.raises(OSError, match="power"):
            release(home, 1)
    switched_to = (home.published / "CURRENT").read_text().strip()
    expected = content(home.published / switched_to)
    assert [record.release_id for record in records(home)] != [switched_to]
    STEPS[2](home)
    release(home, 2)
    known = records(home)
    assert [record.release_id for record in known][1] == switched_to
    shutil.rmtree(home.published / switched_to)
    assert content(restored(home, known[1])) == expected
    assert record_current(home) == known[2], "what stands already is not written again"


def test_a_file_of_the_history_that_was_changed_is_refused(home: Settings) -> None:
    STEPS[0](home)
    release(home, 0)
    (record,) = records(home)
    path = home.history / record.release_id / "fct_measure_values.parquet"
    content_before = bytearray(path.read_bytes())
    content_before[len(content_before) // 2] ^= 1
    path.write_bytes(content_before)
    shutil.rmtree(home.published)
    with pytest.raises(HistoryError, match="not what its record says"):
        restored(home, record)


def test_a_release_is_found_by_the_beginning_of_its_name(home: Settings) -> None:
    release(home, 0)
    release(home, 1)
    known = records(home)
    assert history.find_release(known, "20260405") == known[0]
    with pytest.raises(HistoryError, match="several releases begin with '202604'"):
        history.find_release(known, "202604")
    with pytest.raises(HistoryError, match="no release begins with '1999'"):
        history.find_release(known, "1999")


facts = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from(["2024-01-01", "2024-02-01"]), st.integers(0, 2)), max_size=8
)


@settings(max_examples=12, deadline=None)
@given(states=st.lists(facts, min_size=1, max_size=4))
def test_any_sequence_of_states_comes_back(
    tmp_path_factory: pytest.TempPathFactory, states: list[list[tuple[str, str, int]]]
) -> None:
    home = home_at(tmp_path_factory.mktemp("states") / "home")
    published = []
    for day, rows in enumerate(states):
        change(home, "delete from fct_measure_values")
        with duckdb.connect(str(home.warehouse)) as connection:
            for row in rows:
                connection.execute("insert into fct_measure_values values (?, ?::date, 'routine', ?)", row)
        published.append(release(home, day))
    shutil.rmtree(home.published)
    assert [content(restored(home, record)) for record in records(home)] == published
