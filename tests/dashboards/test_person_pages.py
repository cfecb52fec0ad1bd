"""The pages of persons: absent unless opened, then in both languages, with every look written down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import access, shell, source
from dashboards.i18n import Texts
from pipelines.access.policy import AccessDeniedError
from pipelines.settings import Settings
from tests.care.register import NEW_COMMUNE, Given, Person, make_persons_release
from tests.care.test_series_states import EVERYONE
from tests.dashboards.fixture_release import make_release
from tests.dashboards.test_pages import SCRIPT, texts_of

MOVER = Person(
    "mover",
    "Trịnh Thị Lụa",
    date(2025, 5, 1),
    [
        Given("bcg", date(2025, 5, 2), 1, product="bcg"),
        Given("dtp", date(2025, 6, 20), None, "too_early"),
        Given("dtp", date(2025, 7, 5), 1),
        Given("mcv", date(2026, 2, 2), None, product="measles", is_confirmed=False),
    ],
    moved=[(date(2025, 9, 1), "00004")],
    appointments=[(date(2026, 4, 10), "booked")],
    opt_out=True,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(tmp_path_factory.mktemp("home"))
    make_release(settings.published)
    make_persons_release(settings.published, [*EVERYONE, MOVER])
    return settings


@pytest.fixture
def opened_home(home: Settings) -> Iterator[Settings]:
    access.open_door(access.Door(access.Entry.MACHINE, home, persons=True))
    yield home
    access.open_door(None)


def opened(home: Settings, page: str, **params: str) -> AppTest:
    source.use(home.published)
    app = AppTest.from_file(SCRIPT, default_timeout=60)
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    app.switch_page(f"app_pages/{page}.py")
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def looks(home: Settings) -> list[dict[str, object]]:
    path = home.audit_log
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def test_the_pages_do_not_exist_and_the_file_is_not_opened_while_persons_are_closed(home: Settings) -> None:
    access.open_door(None)
    assert shell.pages() == shell.PAGES | shell.DESK_PAGES
    source.use(home.published)
    with pytest.raises(AccessDeniedError, match="niis serve --persons"):
        access.persons()
    (persons,) = home.published.rglob("persons.duckdb")
    hidden = persons.with_suffix(".hidden")
    persons.rename(hidden)
    try:
        app = AppTest.from_file(SCRIPT, default_timeout=60).run()
        assert not app.exception
        assert not app.error
    finally:
        hidden.rename(persons)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_due_list_of_a_commune(opened_home: Settings, language: str) -> None:
    app = opened(opened_home, "due", lang=language, hierarchy="34", area=NEW_COMMUNE)
    assert [item.message for item in app.exception] == []
    assert [item.value for item in app.error] == []
    texts = Texts(language)
    assert app.title[0].value == texts("page_due")
    cards = next(item.proto.body for item in app.get("html") if 'class="kpis"' in item.proto.body)
    for state in ("Chống chỉ định", "Từ chối") if language == "vi" else ("Contraindicated", "Refused"):
        assert f'<div class="name">{state}</div><div class="figure">1</div>' in cards
    shown = app.dataframe[0].value
    names = shown[texts("full_name")].to_list()
    assert "Trần Văn Bình" in names
    assert "Hoàng Thị Em" in names, "refused measles, and is due for others"
    assert MOVER.name not in names, "moved away"
    assert set(shown[texts("due_state")]) <= {"Đến hạn", "Quá hạn", "Due", "Overdue"}
    look = looks(opened_home)[-1]
    assert look["action"] == "due_list"
    assert (look["area"], look["hierarchy"], look["day"], look["persons"]) == (NEW_COMMUNE, "34", "2026-03-31", 9)


def test_reasons_not_to_invite_are_said_in_words(opened_home: Settings) -> None:
    app = opened(opened_home, "due", hierarchy="34", area=NEW_COMMUNE)
    app.get("button_group")[-1].set_value(["contraindicated", "refused", "deferred", "too_old", "dead"]).run()
    assert not app.exception
    texts = Texts("vi")
    shown = app.dataframe[0].value
    notes = {
        (name, series): note
        for name, series, note in zip(
            shown[texts("full_name")], shown[texts("series")], shown[texts("note")], strict=True
        )
    }
    assert notes["Hoàng Thị Em", "Sởi"] == "Cơ sở ghi ngày 05/12/2025"
    assert notes["Đỗ Thị Giang", "Sởi"] == "Đã tử vong ngày 01/04/2025"
    assert notes["Bùi Văn Hải", "Viêm não Nhật Bản"] == "Quá tuổi tối đa theo lịch từ 01/02/2026"


def test_the_nation_is_too_wide_for_a_list(opened_home: Settings) -> None:
    app = opened(opened_home, "due")
    assert Texts("vi")("due_choose_area") in [item.value for item in app.info]
    assert not app.dataframe


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_person_is_found_by_code_and_shown_whole(opened_home: Settings, language: str) -> None:
    texts = Texts(language)
    app = opened(opened_home, "person", lang=language)
    assert texts("person_none") in [item.value for item in app.info]
    app.text_input(key="w_person_search").set_value("p-mover").run()
    assert [item.message for item in app.exception] == []
    said = texts_of(app)
    assert MOVER.name in said
    assert texts("due_note_opt_out") in said
    timeline = app.dataframe[1].value
    assert timeline[texts("event")].to_list() == [
        texts(f"timeline_{kind}_kind")
        for kind in ("born", "moved", "given", "given", "given", "moved", "declared", "appointment")
    ]
    verdicts = timeline[texts("verdict")].to_list()
    assert verdicts[3].startswith("Bạch hầu" if language == "vi" else "Diphtheria")
    assert texts("verdict_invalid") in verdicts[3]
    assert verdicts[6] == texts("timeline_declared")
    assert timeline[texts("row_source")][2].startswith("tram_y_te_00001.csv")
    actions = [look["action"] for look in looks(opened_home)]
    assert "search" in actions
    last = looks(opened_home)[-1]
    assert (last["action"], last["person_key"]) == ("person", "mover")
    assert set(last) == {"seq", "at", "who", "action", "person_key", "prev", "hash"}


def test_a_name_without_diacritics_is_looked_for_in_the_area_only_and_never_written_down(opened_home: Settings) -> None:
    app = opened(opened_home, "person", hierarchy="34", area=NEW_COMMUNE)
    app.text_input(key="w_person_search").set_value("trinh thi lua").run()
    assert Texts("vi")("person_nobody") in [item.value for item in app.info]
    app = opened(opened_home, "person", hierarchy="34", area="01")
    app.text_input(key="w_person_search").set_value("trinh thi lua").run()
    assert MOVER.name in texts_of(app)
    log = opened_home.audit_log
    assert log.stat().st_mode & 0o777 == 0o600
    said = log.read_text(encoding="utf-8").lower()
    assert "trinh" not in said
    assert "trịnh" not in said


def test_the_pages_of_persons_are_offered_where_they_are_open(opened_home: Settings) -> None:
    assert set(shell.pages()) == {*shell.PAGES, *shell.PERSON_PAGES, *shell.DESK_PAGES, *shell.AUDIT_PAGES}


def test_the_file_of_another_release_is_refused(opened_home: Settings, tmp_path: Path) -> None:
    make_release(tmp_path)
    source.use(tmp_path)
    with pytest.raises(Exception, match="has no file of persons"):
        access.persons()
