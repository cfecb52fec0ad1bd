"""Whatever the order, the repetition and the interruptions of deliveries, the state is that of the set of files."""

from __future__ import annotations

import itertools
import random
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.inbox import IntakeSummary, WriterBusyError, submit, take_in_waiting, waiting, writer_lock
from pipelines.intake.schemas import SUBMISSIONS
from pipelines.lake import DamagedPartError, Lake
from pipelines.ledger import Ledger, Part
from pipelines.receipts import receipt_csv, receipt_text
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.intake.conftest import (
    GOOD,
    GOOD_APPOINTMENT,
    HEADER,
    RECEIVED_AT,
    appointment,
    appointments,
    changed,
    text,
)
from tests.oracles.current_state import current_records

FILES = {
    "march": text(GOOD, changed(record_id="R2"), changed(record_id="R3")),
    "late": text(changed(record_id="R9", submitted_at="2024-06-01")),
    "change": text(
        changed(action="sửa", lot_number="L2", submitted_at="2024-05-01"),
        changed(record_id="R2", action="hủy", submitted_at="2024-05-01"),
    ),
    "reinstate": text(changed(record_id="R2", action="add", lot_number="L7", submitted_at="2024-05-02")),
    "tie": text(changed(record_id="R3", lot_number="L8"), changed(record_id="R3", lot_number="L9")),
    "replace": text(changed(record_id="R4", submission_mode="thay thế", submitted_at="2024-04-20")),
    "other": text(changed(facility_code="0000401")),
    "bad": text(changed(record_id="R5", sex="?"), "x"),
    "unreadable": b"%PDF",
    "booked": appointments(GOOD_APPOINTMENT, appointment(appointment_id="H2"), appointment(appointment_id="H3")),
    "kept": appointments(
        appointment(action="sửa", appointment_status="Đã đến", submitted_at="2024-04-05 16:00:00"),
        appointment(appointment_id="H2", action="hủy", appointment_date="", submitted_at="2024-04-01 08:00:00"),
    ),
    "april": appointments(
        appointment(appointment_id="H4", submission_mode="thay thế", submitted_at="2024-03-20 08:00:00")
    ),
}


class KilledError(Exception):
    """Stands for the end of the process between two steps."""


def deliver(home: Settings, folder: Path, names: list[str], kill_at: int | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        path = folder / f"{number}-{name}.csv"
        path.write_bytes(FILES[name])
        submit(home, [path])
    steps = itertools.count()

    def step(_name: str) -> None:
        if next(steps) == kill_at:
            raise KilledError

    take_in_waiting(home, load_registry(), RECEIVED_AT, on_step=step if kill_at is not None else None)


def state(home: Settings) -> tuple[dict[str, str], dict[str, str], list[tuple], list[tuple]]:
    """Return live records and appointments, receipts and rejected rows of a home."""
    known = Ledger(home.ledger).part_paths()

    def read(dataset: str) -> pl.DataFrame:
        paths = [home.lake / path for path in known if path.startswith(dataset + "/")]
        empty = home.lake / dataset / "part-000000-empty.parquet"
        return pl.concat([pl.read_parquet(path) for path in [empty, *paths]])

    receipts = read("submissions").select(
        "submission_id", "status", "line_count", "accepted_count", "rejected_count", "duplicate_count"
    )
    rejected = read("rejected_rows").select("submission_id", "line_no", "reason_codes", "raw_text")
    return (
        current_records(read("dose_records").to_dicts()),
        current_records(read("appointments").to_dicts(), "appointment_key"),
        sorted(receipts.rows(), key=str),
        sorted(rejected.rows(), key=str),
    )


def test_the_worked_example(home: Callable[[str], Settings], tmp_path: Path) -> None:
    here = home("a")
    deliver(here, tmp_path / "files", list(FILES))
    records, booked, receipts, rejected = state(here)
    # March was replaced on 20 April: only R4 of it stands. The change of R1 and the return of R2 came later.
    assert set(records) == {"0000101|R1", "0000101|R2", "0000101|R4", "0000101|R9", "0000401|R1"}
    # April was booked again on 20 March: H2 and H3 are gone with what was booked before, H1 was kept later.
    assert set(booked) == {"0000101|H1", "0000101|H4"}
    assert len(receipts) == len(FILES)
    assert len(rejected) == 2


@given(
    order=st.permutations(list(FILES)),
    repeats=st.lists(st.sampled_from(list(FILES)), max_size=4),
    cuts=st.lists(st.integers(1, 10), max_size=3),
    kills=st.lists(st.integers(0, 6), max_size=3),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_state_is_a_function_of_the_set_of_files(
    order: list[str],
    repeats: list[str],
    cuts: list[int],
    kills: list[int],
    home: Callable[[str], Settings],
    tmp_path: Path,
) -> None:
    number = random.getrandbits(40)
    plain, other = home(f"plain{number}"), home(f"other{number}")
    deliver(plain, tmp_path / f"p{number}", list(FILES))
    sequence = [*order, *repeats]
    edges = sorted({0, len(sequence), *(cut for cut in cuts if cut < len(sequence))})
    for turn, (first, last) in enumerate(itertools.pairwise(edges)):
        kill_at = kills[turn] if turn < len(kills) else None
        try:
            deliver(other, tmp_path / f"o{number}-{turn}", sequence[first:last], kill_at)
        except KilledError:
            take_in_waiting(other, load_registry(), RECEIVED_AT)
    assert state(other) == state(plain)
    assert waiting(other) == []


def test_the_same_bytes_twice_change_nothing(home: Callable[[str], Settings], tmp_path: Path) -> None:
    here = home("a")
    deliver(here, tmp_path / "first", ["march"])
    before = state(here), Ledger(here.ledger).latest_batch_no()
    deliver(here, tmp_path / "second", ["march"])
    assert (state(here), Ledger(here.ledger).latest_batch_no()) == before
    assert Ledger(here.ledger).delivery_count() == 2


def test_every_original_is_kept_and_every_part_is_what_was_written(
    home: Callable[[str], Settings], tmp_path: Path
) -> None:
    here = home("a")
    deliver(here, tmp_path / "files", list(FILES))
    kept = {path.read_bytes() for path in (here.lake / "raw").rglob("*") if path.is_file()}
    assert kept == set(FILES.values())
    lake, parts = Lake(here), Ledger(here.ledger).parts()
    for part in parts:
        lake.verify(part)
    broken = here.lake / parts[0].path
    content = bytearray(broken.read_bytes())
    content[len(content) // 2] ^= 1
    broken.write_bytes(content)
    with pytest.raises(DamagedPartError, match="changed"):
        lake.verify(parts[0])


def test_the_ledger_refuses_a_batch_that_does_not_balance(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    row = dict.fromkeys(SUBMISSIONS)
    row |= {"submission_id": "a", "batch_no": 1, "sha256": "a", "original_name": "n", "byte_count": 1, "language": "vi"}
    row |= {"received_at": RECEIVED_AT, "status": "accepted", "line_count": 10, "header_count": 1, "blank_count": 0}
    row |= {"accepted_count": 8, "rejected_count": 0, "duplicate_count": 0}
    with pytest.raises(sqlite3.IntegrityError):
        ledger.commit_batch(1, [row], [Part("p", "s", 1)], [], RECEIVED_AT)
    assert ledger.latest_batch_no() == 0
    assert ledger.parts() == []


def test_only_one_writer_at_a_time(home: Callable[[str], Settings]) -> None:
    here = home("a")
    with writer_lock(here), pytest.raises(WriterBusyError, match="another process"), writer_lock(here, seconds=0.1):
        pass


def test_an_empty_inbox_commits_nothing(home: Callable[[str], Settings]) -> None:
    here = home("a")
    assert take_in_waiting(here, load_registry(), RECEIVED_AT) == IntakeSummary()
    assert Ledger(here.ledger).latest_batch_no() == 0


def test_the_receipt_says_what_was_kept_and_what_to_do(home: Callable[[str], Settings], tmp_path: Path) -> None:
    here = home("a")
    deliver(here, tmp_path / "files", ["bad", "unreadable"])
    registry, ledger = load_registry(), Ledger(here.ledger)
    found = ledger.submission("0-bad.csv")
    assert found is not None
    vi = receipt_text(here, registry, found, "vi")
    assert "3 dòng = 1 tiêu đề + 0 trống + 0 đã nhận + 2 bị từ chối + 0 trùng" in vi
    assert "Dòng 2, Giới tính = '?': Giới tính phải là nam hoặc nữ" in vi
    assert "Line 3: The line has another number of cells than the header" in receipt_text(here, registry, found, "en")
    lines = receipt_csv(here, registry, found, None).splitlines()
    assert lines[0] == "line_no,field,value,reason_code,reason,what_to_do,original_line"
    assert [line.split(",")[:4] for line in lines[1:]] == [["2", "Sex", "?", "SEX_UNKNOWN"], ["3", "", "", "ROW_WIDTH"]]
    refused = ledger.submission("1-unreadable.csv")
    assert refused is not None
    assert "Không hỗ trợ định dạng của tệp" in receipt_text(here, registry, refused, "vi")


def test_the_sender_may_call_a_submission_by_the_beginning_of_its_id(
    home: Callable[[str], Settings], tmp_path: Path
) -> None:
    here = home("a")
    deliver(here, tmp_path / "files", ["march"])
    ledger = Ledger(here.ledger)
    found = ledger.submission("0-march.csv")
    assert found is not None
    assert ledger.submission(found["submission_id"][:8]) == found
    assert ledger.submission("nothing") is None
    assert ledger.as_of_date() == date(2024, 4, 3)
    assert HEADER.startswith("record_id")


def test_appointments_say_nothing_of_the_time_up_to_which_facilities_have_reported(
    home: Callable[[str], Settings], tmp_path: Path
) -> None:
    here = home("a")
    deliver(here, tmp_path / "files", ["march", "booked"])
    ledger = Ledger(here.ledger)
    found = ledger.submission("1-booked.csv")
    assert found is not None
    assert (found["submission_kind"], found["accepted_count"], found["first_report_month"]) == ("appointments", 3, None)
    assert ledger.as_of_date() == date(2024, 4, 3)
    assert ledger.report_months(0) == (date(2024, 3, 1), date(2024, 3, 1))


def test_a_receipt_says_how_many_doses_are_declared_by_families(
    home: Callable[[str], Settings], tmp_path: Path
) -> None:
    here = home("a")
    header, row = HEADER + ",record_origin", changed(record_id="R2")
    path = tmp_path / "declared.csv"
    path.write_text("\n".join([header, GOOD + ",", row + ",Tự khai"]) + "\n", encoding="utf-8")
    submit(here, [path])
    take_in_waiting(here, load_registry(), RECEIVED_AT)
    found = Ledger(here.ledger).submission("declared.csv")
    assert found is not None
    assert found["accepted_count"] == 2
    assert "1 mũi do gia đình tự khai" in receipt_text(here, load_registry(), found, "vi")
    assert "1 of the accepted doses are declared" in receipt_text(here, load_registry(), found, "en")
    deliver(here, tmp_path / "files", ["march"])
    plain = Ledger(here.ledger).submission("0-march.csv")
    assert plain is not None
    assert "tự khai" not in receipt_text(here, load_registry(), plain, "vi")
