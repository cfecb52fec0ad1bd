"""The audit log: each line hangs on the one before, what is changed is found, and without a line nothing is given."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.access.audit import AuditError, AuditLog
from tests.access.conftest import NOON

WRITER = """
import sys
from datetime import datetime
from pathlib import Path
from pipelines.access.audit import AuditLog
log = AuditLog(Path(sys.argv[1]))
for number in range(40):
    log.append(who=sys.argv[2], at=datetime.fromisoformat(sys.argv[3]), action="person", number=number)
"""


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    made = AuditLog(tmp_path / "audit" / "log.jsonl")
    for number in range(6):
        made.append(who="cli:hoa", at=NOON, action="person", person_key=f"p{number}", nothing=None)
    return made


def test_lines_are_chained_and_private(log: AuditLog) -> None:
    found = log.verify()
    rows = list(log.rows())
    assert (found.lines, found.problem) == (6, None)
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0]["prev"] == "0" * 64
    assert [row["prev"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]
    assert found.head == rows[-1]["hash"]
    assert "nothing" not in rows[0]
    assert log.path.stat().st_mode & 0o777 == 0o600
    assert log.path.parent.stat().st_mode & 0o777 == 0o700


def rewritten(change: Callable[[list[str]], list[str]]) -> Callable[[AuditLog], None]:
    def tampered(log: AuditLog) -> None:
        lines = log.path.read_text(encoding="utf-8").splitlines()
        log.path.write_text("".join(f"{line}\n" for line in change(lines)), encoding="utf-8")

    return tampered


TAMPERED: dict[str, tuple[Callable[[AuditLog], None], str]] = {
    "changed": (rewritten(lambda lines: [*lines[:2], lines[2].replace("p2", "p9"), *lines[3:]]), "line 3: .*changed"),
    "removed": (rewritten(lambda lines: [*lines[:2], *lines[3:]]), "line 3: .*removed"),
    "moved": (rewritten(lambda lines: [lines[1], lines[0], *lines[2:]]), "line 1: .*moved"),
    "put in": (rewritten(lambda lines: [*lines[:4], lines[3], *lines[4:]]), "line 5: .*put in"),
    "no event": (rewritten(lambda lines: [*lines[:5], "{}", lines[5]]), "line 6: .*no event"),
    "cut off": (rewritten(lambda lines: lines[:4]), "notes 6 lines, the log has 4"),
    "emptied": (rewritten(lambda lines: []), "notes 6 lines, the log has 0"),
    "half a line": (rewritten(lambda lines: [*lines[:5], lines[5][:20]]), "line 6: .*no event"),
}


@pytest.mark.parametrize("kind", TAMPERED)
def test_what_is_changed_is_found_and_named(log: AuditLog, kind: str) -> None:
    tamper, sentence = TAMPERED[kind]
    tamper(log)
    problem = log.verify().problem
    assert problem is not None
    assert re.search(sentence, problem), problem


@pytest.mark.parametrize("kind", ["cut off", "emptied", "half a line"])
def test_nothing_is_added_to_a_log_whose_end_was_changed_until_it_is_put_aside(log: AuditLog, kind: str) -> None:
    TAMPERED[kind][0](log)
    with pytest.raises(AuditError, match=r"niis audit --verify"):
        log.append(who="cli:hoa", at=NOON, action="person")
    before = log.path.read_bytes()
    aside = log.resume(who="cli:keeper", at=NOON)
    assert aside.read_bytes() == before
    (row,) = log.rows()
    assert (row["action"], row["aside"]) == ("audit_resumed", aside.name)
    assert row["problem"]
    log.append(who="cli:hoa", at=NOON, action="person")
    assert log.verify().problem is None
    with pytest.raises(AuditError, match="whole"):
        log.resume(who="cli:keeper", at=NOON)


def test_a_head_that_was_not_written_any_more_is_caught_up(log: AuditLog) -> None:
    head = log.path.with_name("head.json")
    before = head.read_bytes()
    log.append(who="cli:hoa", at=NOON, action="person")
    head.write_bytes(before)
    assert "notes 6 lines, the log has 7" in str(log.verify().problem)
    log.append(who="cli:hoa", at=NOON, action="person")
    assert log.verify().problem is None


def test_several_processes_append_at_once(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "log.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), f"writer{number}", NOON.isoformat()])
        for number in range(3)
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    log = AuditLog(path)
    assert log.verify().problem is None
    rows = list(log.rows())
    assert len(rows) == 120
    for number in range(3):
        own = [row["number"] for row in rows if row["who"] == f"writer{number}"]
        assert own == list(range(40))


def test_a_log_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(AuditError, match="cannot be written"):
        AuditLog(tmp_path / "audit" / "log.jsonl").append(who="x", at=NOON, action="person")


def test_long_lines_are_followed_too(log: AuditLog) -> None:
    log.append(who="x", at=NOON, action="request", reason="lý do " * 4000)
    log.append(who="x", at=NOON, action="person")
    found = log.verify()
    assert (found.lines, found.problem) == (8, None)
    assert json.loads(log.path.with_name("head.json").read_text())["seq"] == 8
