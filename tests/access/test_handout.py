"""The endpoint of files with personal data: one use, one browser, a short time, and a line in the log before a byte."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dashboards import access
from dashboards.handout import SESSION_COOKIE, Handout, Handouts, handouts
from dashboards.server import hand_out
from pipelines.access.audit import AuditLog
from pipelines.settings import Settings

LASTS = timedelta(seconds=120)
CONTENT = "Nguyễn Thị Ánh".encode()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Settings]:
    settings = Settings(tmp_path)
    access.open_door(access.Door(access.Entry.MACHINE, settings))
    yield settings
    access.open_door(None)


def waiting(session: str = "mine", make: object = None) -> Handout:
    made = make if callable(make) else lambda: CONTENT
    return Handout(session, "hoa@x.vn", "danh sách.csv", "text/csv", made, {"area": "001", "rows": 3})


def fetched(token: str, session: str | None = "mine") -> Response:
    cookie = [(b"cookie", f"{SESSION_COOKIE}={session}".encode())] if session else []
    scope = {
        "type": "http", "method": "GET", "path": f"/download/{token}", "path_params": {"token": token},
        "headers": cookie, "query_string": b"", "client": ("10.0.0.9", 1),
    }  # fmt: skip
    return asyncio.run(hand_out(Request(scope)))


def test_a_token_is_used_once_by_its_own_browser_in_time() -> None:
    now = [0.0]
    kept = Handouts(clock=lambda: now[0])
    token = kept.issue(waiting(), LASTS)
    assert len(token) >= 40
    assert kept.take(token, "mine") is not None
    assert kept.take(token, "mine") is None
    late = kept.issue(waiting(), LASTS)
    now[0] += 120
    assert kept.take(late, "mine") is None
    for other in (None, "another", ""):
        stolen = kept.issue(waiting(), LASTS)
        assert kept.take(stolen, other) is None
        assert kept.take(stolen, "mine") is None, "void in the wrong hands"
    dropped, stays = kept.issue(waiting(), LASTS), kept.issue(waiting("another"), LASTS)
    kept.drop("mine")
    assert kept.take(dropped, "mine") is None
    assert kept.take(stays, "another") is not None


def test_a_file_is_logged_with_its_hash_and_kept_by_nobody(installation: Settings) -> None:
    answer = fetched(handouts.issue(waiting(), LASTS))
    assert (answer.status_code, answer.body) == (200, CONTENT)
    assert answer.headers["cache-control"] == "no-store"
    assert "attachment" in answer.headers["content-disposition"]
    (row,) = AuditLog(installation.audit_log).rows()
    assert (row["who"], row["action"], row["area"], row["rows"]) == ("hoa@x.vn", "download", "001", 3)
    assert (row["bytes"], row["sha256"]) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


@pytest.mark.parametrize("session", [None, "another"])
def test_another_browser_gets_a_sentence_and_is_logged(installation: Settings, session: str | None) -> None:
    answer = fetched(handouts.issue(waiting(), LASTS), session)
    assert answer.status_code == 404
    assert "another browser" in bytes(answer.body).decode()
    (row,) = AuditLog(installation.audit_log).rows()
    assert (row["who"], row["action"], row["page"]) == ("page:10.0.0.9", "refused", "download")


def test_without_a_line_in_the_log_there_is_no_file(installation: Settings) -> None:
    installation.audit_log.mkdir(parents=True)
    answer = fetched(handouts.issue(waiting(), LASTS))
    assert answer.status_code == 503
    assert CONTENT not in bytes(answer.body)
    assert "niis audit --verify" in bytes(answer.body).decode()
