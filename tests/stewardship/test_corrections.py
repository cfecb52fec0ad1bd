"""A corrected file waits until a steward approves it; the next run takes it in, and nothing raw changes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.facilities import write_facilities
from pipelines.inbox import submit, take_in_waiting, waiting
from pipelines.ledger import Ledger
from pipelines.progress import SilentReporter
from pipelines.reference import load_registry
from pipelines.resources import Clock
from pipelines.runner import run
from pipelines.sensors import request_take_in
from pipelines.settings import Settings
from pipelines.stewardship.corrections import held, hold
from pipelines.stewardship.door import corrections_waiting, decisions, propose_correction
from pipelines.stewardship.events import SUBMISSION, StewardshipError, Subject
from tests.conftest import RUN_AT
from tests.intake.conftest import register
from tests.steps import run_steps, start_with

AT = datetime(2026, 4, 6, 9)
HEADER = "record_id,facility_code,person_code,full_name,birth_date,product_code,given_at,dose_number,dose_status\n"
# The second line has no date of birth, so it is rejected; the last file is no submission at all.
SENT = HEADER + (
    "R1,0000101,P1,Trẻ một,2022-08-01,penta_sii,2022-11-11,1,2\nR2,0000101,P2,Trẻ hai,,penta_sii,2022-11-12,1,2\n"
)
CORRECTED = SENT.replace("Trẻ hai,,", "Trẻ hai,2022-08-02,")
UNREADABLE = "this,is,no,header\n1,2,3,4\n"


@pytest.fixture(scope="module")
def home(no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A home in which one file had a line rejected and another was refused."""
    folder = tmp_path_factory.mktemp("corrections")
    settings = Settings(folder / "home")
    settings.facilities.parent.mkdir(parents=True)
    start_with(settings, no_data)
    write_facilities(register(), settings.facilities)
    for name, text in (("sent.csv", SENT), ("unreadable.csv", UNREADABLE)):
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "corrected.csv").write_text(CORRECTED, encoding="utf-8")
    submit(settings, [folder / "sent.csv", folder / "unreadable.csv"])
    run_steps(settings, RUN_AT)
    yield settings
    shutil.rmtree(folder)


@pytest.fixture
def own_home(home: Settings, tmp_path: Path) -> Settings:
    shutil.copytree(home.home, tmp_path / "home")
    return Settings(tmp_path / "home")


def niis(settings: Settings, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["--home", str(settings.home), *map(str, arguments)])


def id_of(settings: Settings, name: str) -> str:
    found = Ledger(settings.ledger).submission(name)
    assert found is not None
    return str(found["submission_id"])


def proposed(home: Settings, own_home: Settings) -> str:
    """Propose the corrected file with the command; return the id of the rejected one."""
    wrong = id_of(own_home, "sent.csv")
    file = home.home.parent / "corrected.csv"
    done = niis(
        own_home, "decide", "propose_correction", wrong, "--file", file, "--by", "Lan", "--reason", "trạm gửi lại"
    )
    assert done.exit_code == 0, done.stderr
    return wrong


def doses(settings: Settings) -> list[tuple[object, ...]]:
    current = (settings.published / "CURRENT").read_text(encoding="utf-8").strip()
    with duckdb.connect(str(settings.published / current / "niis.duckdb"), read_only=True) as connection:
        return connection.execute(
            "select sum(value) from fct_measure_values where hierarchy_code = '34' and area_code = 'VN'"
            " and measure_code = 'doses_penta1'"
        ).fetchall()


def test_an_approved_correction_is_taken_in_by_the_next_run_and_says_who_let_it_in(
    home: Settings, own_home: Settings
) -> None:
    raw_before = {path: path.read_bytes() for path in own_home.lake.rglob("*") if path.suffix == ".parquet"}
    assert doses(own_home) == [(1,)]
    wrong = proposed(home, own_home)
    assert waiting(own_home) == []
    assert not corrections_waiting(own_home, load_registry())
    done = niis(own_home, "decide", "approve_correction", wrong, "--by", "Minh", "--reason", "đúng tệp")
    assert done.exit_code == 0, done.stderr
    assert corrections_waiting(own_home, load_registry())
    outcome = run(own_home, SilentReporter(), clock=Clock(fixed_at="2026-04-07T12:00:00+07:00"))
    assert outcome.is_new
    assert doses(own_home) == [(2,)]
    state = decisions(own_home).state(Subject(SUBMISSION, wrong))
    assert state.detail is not None
    taken = Ledger(own_home.ledger).correction(state.detail)
    assert taken is not None
    assert (taken.corrects, taken.decision_version, taken.decided_at) == (wrong, 2, state.decided_at)
    assert Ledger(own_home.ledger).correction(wrong) is None
    assert (
        f"Tệp sửa của {wrong}, duyệt bằng quyết định số 2"
        in niis(own_home, "receipt", state.detail, "--language", "vi").stdout
    )
    assert {path: path.read_bytes() for path in raw_before} == raw_before
    assert held(own_home, state.detail) is None
    assert not corrections_waiting(own_home, load_registry())
    undone = niis(own_home, "decide", "undo_correction", wrong, "--by", "Minh", "--reason", "nhầm")
    assert undone.exit_code == 1
    assert "was taken in" in undone.stderr.replace("\n", " ")


def test_a_refused_correction_stays_where_it_is_and_moves_nothing(home: Settings, own_home: Settings) -> None:
    wrong = proposed(home, own_home)
    file_id = decisions(own_home).state(Subject(SUBMISSION, wrong)).detail
    done = niis(own_home, "decide", "refuse_correction", wrong, "--by", "Minh", "--reason", "sai tháng")
    assert done.exit_code == 0, done.stderr
    assert take_in_waiting(own_home, load_registry(), AT).file_count == 0
    assert file_id is not None
    assert held(own_home, file_id) is not None
    assert decisions(own_home).state(Subject(SUBMISSION, wrong)).state_code == "open"


def test_an_approval_that_is_taken_back_before_a_run_lets_nothing_in(home: Settings, own_home: Settings) -> None:
    wrong = proposed(home, own_home)
    for code in ("approve_correction", "undo_correction"):
        done = niis(own_home, "decide", code, wrong, "--by", "Minh", "--reason", "xem lại")
        assert done.exit_code == 0, done.stderr
    assert take_in_waiting(own_home, load_registry(), AT).file_count == 0


def test_a_run_that_died_after_the_batch_takes_a_correction_in_once(home: Settings, own_home: Settings) -> None:
    wrong = proposed(home, own_home)
    niis(own_home, "decide", "approve_correction", wrong, "--by", "Minh", "--reason", "đúng tệp")

    def die(step: str) -> None:
        if step == "committed":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_in_waiting(own_home, load_registry(), AT, on_step=die)
    batch_no = Ledger(own_home.ledger).latest_batch_no()
    take_in_waiting(own_home, load_registry(), AT)
    assert Ledger(own_home.ledger).latest_batch_no() == batch_no
    assert list(own_home.corrections.iterdir()) == []


def test_the_sensor_starts_a_run_for_an_approved_correction(home: Settings, own_home: Settings) -> None:
    from datetime import UTC, timedelta  # noqa: PLC0415

    import dagster as dg  # noqa: PLC0415

    soon = datetime.now(UTC) + timedelta(minutes=1)
    wrong = proposed(home, own_home)
    assert isinstance(request_take_in(own_home, load_registry(), soon), dg.SkipReason)
    niis(own_home, "decide", "approve_correction", wrong, "--by", "Minh", "--reason", "đúng tệp")
    assert isinstance(request_take_in(own_home, load_registry(), soon), dg.RunRequest)


def test_what_cannot_be_held_is_refused_and_leaves_nothing(home: Settings, own_home: Settings) -> None:
    subject = Subject(SUBMISSION, id_of(own_home, "unreadable.csv"))
    with pytest.raises(StewardshipError, match="is empty"):
        propose_correction(own_home, subject, "x.csv", b" \n", decided_by="Lan", decided_at=AT, reason="x")
    with pytest.raises(StewardshipError, match="a reason"):
        propose_correction(own_home, subject, "x.csv", b"a,b\n", decided_by="Lan", decided_at=AT, reason=" ")
    assert list(own_home.corrections.iterdir()) == []
    with hold(own_home, "../../outside.csv", b"a,b\n"):
        (path,) = own_home.corrections.iterdir()
    assert path.name.endswith("__outside.csv")
    assert path.stat().st_mode & 0o077 == 0
    done = niis(own_home, "decide", "propose_correction", subject.subject_key, "--by", "Lan", "--reason", "x")
    assert done.exit_code == 1
    assert "--file" in done.stderr
