"""The audit log: one line of JSON an event, only ever added to, each chained to the one before by its hash.

A line holds `seq`, `at`, `who`, `action`, codes and counts (never a name, a number or the text of a search), `prev`
(the hash of the line before) and `hash` (SHA-256 of the line without it). Beside the log, `head.json` holds number and
hash of the last line, so that lines cut off at the end are missed too; whoever notes the head elsewhere can compare.

    AuditError     the log cannot be written or is not whole; what was to be logged must not happen
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.care.private import write_private

_START = "0" * 64
_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700
_STEP = 8192


class AuditError(Exception):
    """The audit log cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Chain:
    """What checking a log found: how many lines hold, the hash of the last of them, and the first that does not."""

    lines: int
    head: str
    problem: str | None = None


class AuditLog:
    """The log in a folder of a home. Several processes may append at once."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made by the first event."""
        self.path = path
        self._head = path.with_name("head.json")

    def append(self, *, who: str, at: datetime, action: str, **what: str | int | None) -> str:
        """Add an event and return its hash, once it is on the disk.

        Raises AuditError: what was to be logged must then not happen.
        """
        try:
            with self._locked() as stream:
                last = _last_row(stream)
                self._compare(last)
                row: dict[str, Any] = {
                    "seq": last["seq"] + 1 if last else 1,
                    "at": at.isoformat(timespec="seconds"),
                    "who": who,
                    "action": action,
                    **{name: value for name, value in what.items() if value is not None},
                    "prev": last["hash"] if last else _START,
                }
                row["hash"] = _hash(row)
                os.write(stream, (json.dumps(row, ensure_ascii=False) + "\n").encode())
                os.fsync(stream)
                write_private(self._head, json.dumps({"seq": row["seq"], "hash": row["hash"]}).encode())
                return str(row["hash"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AuditError(
                f"Không ghi được nhật ký truy cập {self.path} ({error}) nên không mở dữ liệu; báo người quản trị. / "
                f"The audit log {self.path} cannot be written ({error}), so nothing is shown; tell the administrator,"
                " who checks it with: niis audit --verify."
            ) from error

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the events, the oldest first; a line that is no event is given as it is, under `text`."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as stream:
            for line in stream:
                try:
                    row = json.loads(line)
                except ValueError:
                    row = None
                yield row if isinstance(row, dict) else {"text": line.rstrip("\n")}

    def verify(self) -> Chain:
        """Walk the chain from its start: every line, its number, its link to the one before, and the noted head."""
        head, count = _START, 0
        for count, row in enumerate(self.rows(), start=1):
            problem = _problem(row, count, head)
            if problem:
                return Chain(count - 1, head, f"dòng / line {count}: {problem}")
            head = row["hash"]
        try:
            noted = json.loads(self._head.read_text(encoding="utf-8"))
        except FileNotFoundError:
            noted = {"seq": 0, "hash": _START}
        except ValueError:
            noted = {"seq": -1, "hash": ""}
        if (noted.get("seq"), noted.get("hash")) != (count, head):
            said = (
                f"{self._head.name} ghi {noted.get('seq')} dòng, nhật ký có {count} dòng; cuối nhật ký đã bị cắt, thêm"
                f" hoặc thay / {self._head.name} notes {noted.get('seq')} lines, the log has {count}; its end was cut"
                " off, added to or replaced"
            )
            return Chain(count, head, said)
        return Chain(count, head)

    def resume(self, *, who: str, at: datetime) -> Path:
        """Put a log that is not whole aside and begin another, whose first event says so. Raises AuditError.

        Nothing is lost: the file that was put aside is kept, and named with what is wrong with it.
        """
        found = self.verify()
        if found.problem is None:
            raise AuditError("Nhật ký còn nguyên vẹn. / The log is whole; there is nothing to resume.")
        aside = self.path.with_name(f"log-{at.strftime('%Y%m%dT%H%M%S')}.jsonl")
        self.path.rename(aside)
        self._head.unlink(missing_ok=True)
        self.append(
            who=who, at=at, action="audit_resumed", aside=aside.name, lines=found.lines, head=found.head,
            problem=found.problem,
        )  # fmt: skip
        return aside

    def _compare(self, last: dict[str, Any] | None) -> None:
        """Raise ValueError unless the log ends where its head says, or one line later (a head that was not written)."""
        try:
            noted = json.loads(self._head.read_text(encoding="utf-8"))
        except FileNotFoundError:
            noted = {"seq": 0, "hash": _START}
        ends = [(last["seq"], last["hash"]), (last["seq"] - 1, last["prev"])] if last else [(0, _START)]
        if (noted["seq"], noted["hash"]) not in ends:
            raise ValueError("it does not end where its head says")

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self.path.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        stream = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _OWNER_ONLY)
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield stream
        finally:
            os.close(stream)


def _problem(row: dict[str, Any], seq: int, prev: str) -> str | None:
    if "hash" not in row:
        return "không phải một sự kiện / is no event"
    if row["hash"] != _hash({name: value for name, value in row.items() if name != "hash"}):
        return "nội dung đã bị sửa / its text was changed"
    if row.get("prev") != prev:
        return (
            "không nối với dòng trước: có dòng bị xóa, chèn hoặc đổi chỗ / does not follow from the line before:"
            " a line was removed, put in or moved"
        )
    if row.get("seq") != seq:
        return f"mang số {row.get('seq')} / bears the number {row.get('seq')}"
    return None


def _hash(row: dict[str, Any]) -> str:
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _last_row(stream: int) -> dict[str, Any] | None:
    """Return the last event. Raises ValueError when the last line is no whole event."""
    end = os.lseek(stream, 0, os.SEEK_END)
    held = b""
    while end > 0 and b"\n" not in held[:-1]:
        begin = max(0, end - _STEP)
        held = os.pread(stream, end - begin, begin) + held
        end = begin
    if not held:
        return None
    if not held.endswith(b"\n"):
        raise ValueError("its last line is cut off")
    row = json.loads(held[:-1].rsplit(b"\n", 1)[-1])
    if not isinstance(row, dict):
        raise ValueError("its last line is no event")  # noqa: TRY004 - a damaged file, not a wrong argument
    return row
