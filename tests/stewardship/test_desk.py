"""The queue of findings and what may be decided on: on a small release, by role, and through the commands."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner, Result

from dashboards import source
from dashboards.desk import Filters, outlier_subject, queue, subject_of
from dashboards.i18n import Texts
from dashboards.warehouse import Release, open_release
from pipelines.access.audit import AuditLog
from pipelines.access.policy import AccessDeniedError, Place
from pipelines.access.readers import Readers
from pipelines.cli import app
from pipelines.settings import Settings
from pipelines.stewardship.door import decisions
from pipelines.stewardship.events import StewardshipError, Subject
from tests.dashboards.fixture_release import make_release
from tests.dashboards.test_pages import SCRIPT
from tests.stewardship.conftest import REGISTRY, store_at

BUILT_AT = datetime(2026, 4, 5, 12)  # when the small release was built, by Viet Nam's clock


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the small release and nothing else."""
    folder = tmp_path_factory.mktemp("desk")
    make_release(folder / "published")
    return Settings(folder)


@pytest.fixture(scope="module")
def release(home: Settings) -> Release:
    return open_release(home.published)


def rows(release: Release, store_url: str, filters: Filters | None = None) -> pl.DataFrame:
    states = store_at(store_url).states()
    return queue(release, states, REGISTRY.decision_states, filters or Filters())


def test_what_to_act_on_first_is_on_top_and_what_is_settled_below(release: Release, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'd.sqlite'}"
    found = rows(release, url)
    assert found["severity"].to_list() == ["blocking", "warning", "warning", "notice"]
    assert found["effect"].to_list() == [30, 480, 60, 7]
    first = Subject("finding", found["finding_key"][0])
    store_at(url).decide(
        first, "accept", decided_by="Lan", decided_at=BUILT_AT, reason="đã biết", seen_version=0
    )  # fmt: skip
    after = rows(release, url)
    assert after["finding_key"][-1] == first.subject_key
    assert after["state_code"].to_list() == ["open", "open", "open", "accepted"]


def test_what_was_mended_and_is_still_found_comes_back(release: Release, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'd.sqlite'}"
    keys = rows(release, url)["finding_key"].to_list()
    for key, at in ((keys[0], BUILT_AT - timedelta(hours=1)), (keys[1], BUILT_AT + timedelta(hours=1))):
        store_at(url).decide(
            Subject("finding", key), "resolve", decided_by="Lan", decided_at=at, reason="đã sửa", seen_version=0
        )
    back = {row["finding_key"]: (row["is_back"], row["is_settled"]) for row in rows(release, url).to_dicts()}
    assert (back[keys[0]], back[keys[1]]) == ((True, False), (False, True))


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (Filters(place=Place("34", "01")), 2),
        (Filters(place=Place("63", "VN")), 4),
        (Filters(place=Place("63", "48")), 1),
        (Filters(severity="warning"), 2),
        (Filters(state_code="assigned"), 0),
        (Filters(assignee="Minh"), 0),
    ],
)
def test_the_queue_is_filtered(release: Release, tmp_path: Path, filters: Filters, count: int) -> None:
    assert rows(release, f"sqlite:///{tmp_path / 'd.sqlite'}", filters).height == count


def test_a_steward_sees_and_settles_only_the_own_area(release: Release, home: Settings, tmp_path: Path) -> None:
    readers = Readers(home, REGISTRY)
    steward = readers.role_in("steward", Place("34", "01"), "Tuấn", BUILT_AT)
    own = release.within(readers.scope(steward))
    found = rows(own, f"sqlite:///{tmp_path / 'd.sqlite'}")
    # Of both trees: the areas of the steward's province, and those of the other tree that are the same ground.
    assert set(found.select("tree_code", "area_code").rows()) >= {("63", "01")}
    assert "48" not in found["area_code"].to_list()
    other = rows(release, f"sqlite:///{tmp_path / 'd.sqlite'}").filter(pl.col("area_code") == "48")["finding_key"][0]
    with pytest.raises(StewardshipError, match="no finding has a key"):
        subject_of(own, REGISTRY.decision_kinds["resolve"], other)
    outlier = REGISTRY.decision_kinds["exclude_outlier"]
    measure = next(iter(REGISTRY.measures))
    assert subject_of(own, outlier, f"A:63:01|2026-01|{measure}").subject_kind == "outlier"
    with pytest.raises(AccessDeniedError):
        subject_of(own, outlier, f"A:63:48|2026-01|{measure}")
    planner = readers.role_in("planner", Place("63", "VN"), "Lan", BUILT_AT)
    assert not rows(release.within(readers.scope(planner)), f"sqlite:///{tmp_path / 'd.sqlite'}").height


def test_a_finding_on_a_number_of_a_facility_names_it(release: Release, tmp_path: Path) -> None:
    named = {
        row["finding_key"][0]: subject.subject_key if (subject := outlier_subject(row)) else None
        for row in rows(release, f"sqlite:///{tmp_path / 'd.sqlite'}").to_dicts()
    }
    (facility,) = release.findings(key_prefix="1")["facility_code"].to_list()
    assert named == {
        "1": f"F:{facility}|2026-02|doses_penta3_u1",
        "2": None,
        "3": None,
        "4": None,
    }


def niis(home: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--home", str(home.home), *arguments])


def listed(home: Settings, *arguments: str) -> list[dict[str, str]]:
    told = niis(home, "findings", *arguments, "--format", "csv")
    assert told.exit_code == 0, told.stderr
    return list(csv.DictReader(io.StringIO(told.stdout)))


def test_decisions_are_taken_and_listed_with_commands(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NIIS_DECISIONS_URL", raising=False)
    key = listed(home)[0]["finding_key"]
    done = niis(home, "decide", "assign", key[:10], "--by", "Lan", "--reason", "xem giúp", "--assignee", "Minh")
    assert done.exit_code == 0, done.stderr
    (row,) = listed(home, "--state", "assigned", "--assignee", "Minh")
    assert (row["finding_key"], row["version"]) == (key, "1")
    stale = niis(home, "decide", "resolve", key, "--by", "Hoa", "--reason", "xong", "--seen", "0")
    assert stale.exit_code == 1
    assert "Lan decided on finding" in stale.stderr
    (told,) = listed(home, "--history")
    assert (told["decided_by"], told["reason"], told["detail"]) == ("Lan", "xem giúp", "Minh")
    assert date.fromisoformat(told["decided_at"][:10]) >= date(2026, 1, 1)
    assert AuditLog(home.audit_log).verify().problem is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["wave", "12345678", "--reason", "x"], "there is no decision 'wave'"),
        (["resolve", "99999999", "--reason", "x"], "no finding has a key that begins with '99999999'"),
        (["exclude_outlier", "F:nowhere|2026-02|x", "--reason", "x"], "There is no facility nowhere"),
        (["approve_correction", "a0000000000000000001", "--reason", "x", "--corrected-by", "a0000000000000000002"],
         "was accepted; there is nothing to correct"),
        (["approve_correction", "a0000000000000000003", "--reason", "x", "--corrected-by", "a0000000000000000002"],
         "a correction is another file that was accepted"),
        (["resolve", "1" * 8, "--reason", "x", "--assignee", "M"], "no finding has a key"),
        (["approve_correction", "a0000000000000000003", "--reason", "x"], "needs corrected_by"),
    ],
)  # fmt: skip
def test_a_decision_on_nothing_is_refused_with_a_sentence(home: Settings, arguments: list[str], sentence: str) -> None:
    done = niis(home, "decide", *arguments, "--by", "Lan")
    assert done.exit_code == 1
    assert sentence in done.stderr.replace("\n", " ")


def test_the_correction_of_a_rejected_file_is_approved(home: Settings) -> None:
    wrong, right = "a0000000000000000003", "a0000000000000000001"
    done = niis(
        home, "decide", "approve_correction", wrong, "--by", "Lan", "--reason", "đúng tệp", "--corrected-by", right
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    (told,) = [row for row in listed(home, "--history") if row["subject_kind"] == "submission"]
    assert (told["subject_key"], told["detail"]) == (wrong, right)


def opened(home: Settings, monkeypatch: pytest.MonkeyPatch, **params: str) -> AppTest:
    monkeypatch.delenv("NIIS_DECISIONS_URL", raising=False)
    source.use(home.published)
    app = AppTest.from_file(SCRIPT, default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    app.switch_page("app_pages/desk.py")
    return app.run()


@pytest.fixture
def own_home(tmp_path: Path) -> Settings:
    """A home with the small release that a test may write to."""
    make_release(tmp_path / "published")
    return Settings(tmp_path)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_finding_is_resolved_on_the_page(own_home: Settings, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    texts = Texts(language)
    app = opened(own_home, monkeypatch, lang=language)
    assert [item.message for item in app.exception] == []
    assert app.title[0].value == texts("page_desk")
    key = app.selectbox(key="w_desk_finding").value
    pair = f"finding_{key}"
    app.selectbox(key=f"w_desk_action_{pair}_0").select("resolve").run()
    app.text_area(key=f"w_desk_reason_{pair}").input("đã gửi lại báo cáo")
    app.button(key=f"w_desk_write_{pair}").click().run()
    assert "needs the name" in app.error[0].value
    app.text_input(key="desk_name").input("Lan")
    app.button(key=f"w_desk_write_{pair}").click().run()
    assert [item.value for item in app.success] == [texts("desk_written")]
    (told,) = decisions(own_home).history()
    assert (told.subject.subject_key, told.decision_code, told.decided_by) == (key, "resolve", "Lan")
    assert told.reason == "đã gửi lại báo cáo"
    assert "Lan" in "\n".join(item.value for item in app.text)


def test_a_steward_who_looks_at_an_old_page_is_told_and_loses_nothing_he_wrote(
    own_home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened(own_home, monkeypatch, lang="en")
    key = app.selectbox(key="w_desk_finding").value
    pair = f"finding_{key}"
    app.text_input(key="desk_name").input("Lan")
    app.text_area(key=f"w_desk_reason_{pair}").input("mine")
    decisions(own_home).decide(
        Subject("finding", key), "comment", decided_by="Hoa", decided_at=BUILT_AT, reason="hers", seen_version=0
    )
    app.selectbox(key=f"w_desk_action_{pair}_0").select("accept")
    app.button(key=f"w_desk_write_{pair}").click().run()
    assert "Hoa decided on finding" in app.error[0].value
    assert app.text_area(key=f"w_desk_reason_{pair}").value == "mine"
    assert [row.decided_by for row in decisions(own_home).history()] == ["Hoa"]


def test_a_value_is_excluded_on_the_page(own_home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(own_home, monkeypatch, lang="vi")
    listed = app.selectbox(key="w_desk_finding").options
    (outlier,) = [text for text in listed if "2026-02" in text and "Trạm" in text]
    app.selectbox(key="w_desk_finding").select_index(listed.index(outlier)).run()
    (write,) = [button for button in app.button if str(button.key).startswith("w_desk_write_outlier_")]
    pair = str(write.key).removeprefix("w_desk_write_")
    app.selectbox(key=f"w_desk_action_{pair}_0").select("exclude_outlier").run()
    app.text_area(key=f"w_desk_reason_{pair}").input("thừa một chữ số")
    app.text_input(key="desk_name").input("Lan")
    app.button(key=f"w_desk_write_{pair}").click().run()
    assert [item.value for item in app.error] == []
    states = decisions(own_home).states()
    assert [(subject.subject_kind, state.state_code) for subject, state in states.items()] == [("outlier", "excluded")]
