"""Stewards' decisions: what follows on what, and that nothing which was said is lost, whoever else decides at once."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.settings import PROJECT_ROOT, Settings, decisions_url
from pipelines.stewardship.events import Decision, StaleDecisionError, StewardshipError, Subject, allowed, state_of
from pipelines.stewardship.store import Decisions
from tests.stewardship.conftest import REGISTRY, store_at

AT = datetime(2026, 4, 5, 12, 30)
FINDING = Subject("finding", "0123456789abcdef0123")
OUTLIER = Subject("outlier", "F:0100101|2025-06|doses_any")


def decide(
    store: Decisions, code: str, *, subject: Subject = FINDING, by: str = "Lan", seen: int | None = None,
    detail: str | None = None, reason: str = "đã gọi cho trạm",
) -> Decision:  # fmt: skip
    return store.decide(
        subject, code, decided_by=by, decided_at=AT, reason=reason, seen_version=seen, detail=detail
    )  # fmt: skip


def test_a_finding_goes_its_way_and_its_history_says_who_when_and_why(url: str) -> None:
    store = store_at(url)
    assert store.history() == []
    assert store.state(FINDING).state_code == "open"
    decide(store, "assign", detail="Minh")
    decide(store, "comment", by="Minh", reason="trạm gửi lại tuần sau")
    decide(store, "resolve", by="Minh", reason="đã gửi lại")
    state = store.state(FINDING)
    assert (state.state_code, state.assignee, state.version) == ("resolved", "Minh", 3)
    decide(store, "reopen", reason="vẫn sai")
    decide(store, "accept", reason="chiến dịch tiêm bù")
    told = [(row.version, row.decision_code, row.decided_by, row.reason) for row in store.history(FINDING)]
    assert told == [
        (1, "assign", "Lan", "đã gọi cho trạm"),
        (2, "comment", "Minh", "trạm gửi lại tuần sau"),
        (3, "resolve", "Minh", "đã gửi lại"),
        (4, "reopen", "Lan", "vẫn sai"),
        (5, "accept", "Lan", "chiến dịch tiêm bù"),
    ]
    assert {row.decided_at for row in store.history()} == {AT}
    assert store.states()[FINDING] == store.state(FINDING)


def test_the_state_rests_on_the_order_of_versions_alone(tmp_path: Path) -> None:
    store = store_at(f"sqlite:///{tmp_path / 'd.sqlite'}")
    for code, detail in [("assign", "Minh"), ("resolve", None), ("reopen", None)]:
        decide(store, code, detail=detail)
    told = store.history(FINDING)
    assert state_of(FINDING, reversed(told), REGISTRY.decision_kinds) == store.state(FINDING)


def test_an_outlier_is_excluded_confirmed_and_let_alone_again(url: str) -> None:
    store = store_at(url)
    decide(store, "exclude_outlier", subject=OUTLIER)
    assert store.state(OUTLIER).state_code == "excluded"
    decide(store, "confirm_outlier", subject=OUTLIER)
    assert store.state(OUTLIER).state_code == "confirmed"
    decide(store, "undo_outlier", subject=OUTLIER)
    assert [kind.decision_code for kind in allowed(store.state(OUTLIER), REGISTRY.decision_kinds)] == [
        "confirm_outlier",
        "exclude_outlier",
    ]


@pytest.mark.parametrize(
    ("code", "changes", "sentence"),
    [
        ("reopen", {}, "is open; reopen cannot follow, it can be: assign, comment, resolve, accept"),
        ("exclude_outlier", {}, "'exclude_outlier' is no decision on a finding"),
        ("wave", {}, "'wave' is no decision on a finding"),
        ("assign", {}, "needs assignee"),
        ("resolve", {"detail": "x"}, "takes nothing beside its reason"),
        ("accept", {"reason": "  "}, "needs the name of whoever takes it and a reason"),
        ("accept", {"by": ""}, "needs the name of whoever takes it and a reason"),
        ("accept", {"seen": 2}, "has 0 decisions, not 2; look again"),
        ("exclude_outlier", {"subject": Subject("outlier", "somewhere")}, "names no reported value"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    tmp_path: Path, code: str, changes: dict[str, str], sentence: str
) -> None:
    store = store_at(f"sqlite:///{tmp_path / 'd.sqlite'}")
    with pytest.raises(StewardshipError, match=sentence):
        decide(store, code, **changes)  # type: ignore[arg-type]
    assert store.history() == []


def test_a_decision_on_what_was_not_seen_is_refused_and_says_who_was_first(url: str) -> None:
    store = store_at(url)
    decide(store, "assign", detail="Minh", seen=0)
    with pytest.raises(StaleDecisionError, match=r"Lan decided .*: you saw 0 decisions, now there are 1"):
        decide(store, "accept", by="Hoa", seen=0)
    assert len(store.history()) == 1


def test_nothing_is_ever_changed_or_removed(url: str) -> None:
    store = store_at(url)
    decide(store, "comment")
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    for statement in ("update steward_decisions set reason = 'x'", "delete from steward_decisions"):
        with pytest.raises(sa.exc.DBAPIError, match="never changed or removed"), engine.begin() as connection:
            connection.execute(sa.text(statement))
    engine.dispose()
    assert [row.reason for row in store.history()] == ["đã gọi cho trạm"]


def test_of_two_stewards_who_saw_the_same_one_is_told_and_no_decision_is_lost(url: str) -> None:
    rounds, stewards = 8, 4

    def try_once(asked: tuple[int, int]) -> str:
        steward, seen = asked
        try:
            decide(store_at(url), "comment", by=f"steward {steward}", seen=seen, reason=f"vòng {seen}")
        except StaleDecisionError as error:
            return str(error)
        return "written"

    with ThreadPoolExecutor(stewards) as pool:
        for seen in range(rounds):
            answers = list(pool.map(try_once, [(steward, seen) for steward in range(stewards)]))
            assert answers.count("written") == 1
            assert sum("Read it, then decide again" in answer for answer in answers) == stewards - 1
    assert [row.version for row in store_at(url).history(FINDING)] == list(range(1, rounds + 1))


def keep_deciding(asked: tuple[str, int, int]) -> int:
    """Write so many comments in a process, looking again after each refusal; return how often one was refused."""
    url, steward, wanted = asked
    store, written, refused = store_at(url), 0, 0
    while written < wanted:
        seen = store.state(FINDING).version
        try:
            decide(store, "comment", by=f"steward {steward}", seen=seen, reason=f"lần {written}")
            written += 1
        except StaleDecisionError:
            refused += 1
    return refused


def test_processes_that_decide_at_once_lose_nothing(url: str) -> None:
    # Programs of their own: a pool would start from what other tests left as the main module of this process.
    script = "import sys; from tests.stewardship.test_decisions import keep_deciding as keep; "
    script += "keep((sys.argv[1], int(sys.argv[2]), 15))"
    stewards = [
        subprocess.Popen([sys.executable, "-c", script, url, str(steward)], cwd=PROJECT_ROOT) for steward in range(2)
    ]
    assert [steward.wait(timeout=120) for steward in stewards] == [0, 0]
    told = store_at(url).history(FINDING)
    assert [row.version for row in told] == list(range(1, 31))
    for steward in range(2):
        own = [row.reason for row in told if row.decided_by == f"steward {steward}"]
        assert own == [f"lần {number}" for number in range(15)]


def test_the_store_is_a_file_of_the_home_unless_a_database_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NIIS_DECISIONS_URL", raising=False)
    assert decisions_url(Settings(tmp_path)) == f"sqlite:///{tmp_path}/stewardship/decisions.sqlite"
    monkeypatch.setenv("NIIS_DECISIONS_URL", "mysql://somewhere/else")
    with pytest.raises(StewardshipError, match="kept in sqlite or postgresql, not in mysql"):
        store_at(decisions_url(Settings(tmp_path)))
    monkeypatch.setenv("NIIS_DECISIONS_URL", f"postgresql://nobody@/x?host={tmp_path}")
    with pytest.raises(StewardshipError, match="cannot be reached"):
        store_at(decisions_url(Settings(tmp_path))).history()
