"""Each role asks for another area by the query layer, the pages and the command line, and gets nothing."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner, Result

from dashboards import access, source
from dashboards.area_lists import AreaList
from dashboards.i18n import Texts
from dashboards.persons import Persons, open_persons
from dashboards.warehouse import Release, open_release
from pipelines.access.audit import AuditLog
from pipelines.access.policy import AccessDeniedError, Place
from pipelines.access.readers import AccessSettingsError
from pipelines.cli import app as niis_app
from pipelines.settings import Settings
from tests.access.conftest import ScopeOf
from tests.care.register import NEW_COMMUNE
from tests.care.test_series_states import EVERYONE
from tests.dashboards.test_pages import SCRIPT
from tests.dashboards.test_person_pages import MOVER

DAY = date(2026, 3, 31)
CODE = "coverage_penta3"
SPAN = (date(2026, 1, 1), date(2026, 3, 1))
# What tells nothing of an area: definitions, names, time, and what holds of the release as a whole.
OPEN = {
    "within", "leaving", "remembering", "scope",
    "release_id", "info", "hierarchies", "area_levels", "areas", "area", "children", "search_areas",
    "indicators", "definition", "denominators", "thresholds", "terms", "value_statuses", "sources", "periods",
    "months_of", "periods_with_values", "latest_complete_period", "red_rules", "red_categories", "arrival_parameters",
    "reporting_deadlines", "counts_doses", "submission_ids", "doses_of", "events", "anomaly_causes",
    "checks_touching", "check_results", "is_listed", "area_list", "days_of_lists", "facility_place", "has_measure",
    "measures", "breakdown_categories", "facility", "scorecard_components", "scorecard_years",
}  # fmt: skip
ROW = pl.DataFrame({"area_code": ["79"], "period": ["2026-03"], "indicator_code": [CODE], "period_type": ["month"]})
# One call of everything that tells something of an area; of the area 63:79, or of all areas together.
ASKED: dict[str, Callable[[Release], Any]] = {
    "indicator_values": lambda r: r.indicator_values([CODE], "63", area_codes=["79"], period_type="month"),
    "values_as_was": lambda r: r.values_as_was([CODE], area_codes=["79"], period_type="month"),
    "values_on_list": lambda r: r.values_on_list(
        [CODE], "63", AreaList(r.areas("63").to_dicts(), [], DAY), area_codes=["79"], period_type="month"
    ),
    "adjusted_values": lambda r: r.adjusted_values([CODE], "63", area_codes=["79"], period_type="month"),
    "exclusions": lambda r: r.exclusions("63", "79"),
    "with_split_shares": lambda r: r.with_split_shares(ROW, "63"),
    "measure_values": lambda r: r.measure_values(["doses_bcg"], "63", ["001", "79"], *SPAN),
    "injections": lambda r: r.injections(["bcg"], "63", "79", *SPAN),
    "facility_measures": lambda r: r.facility_measures("2673401", ["doses_bcg"], *SPAN),
    "facility_indicators": lambda r: r.facility_indicators("2673401", [CODE], "month", "2026-03"),
    "facility_injections": lambda r: r.facility_injections("2673401", ["bcg"], *SPAN),
    "facility_months": lambda r: r.facility_months("2673401", *SPAN),
    "dose_breakdowns": lambda r: r.dose_breakdowns(["penta3"], "63", ["001", "79"], *SPAN),
    "dose_breakdown_months": lambda r: r.dose_breakdown_months("penta3", "63", "79", *SPAN),
    "dose_margins": lambda r: r.dose_margins(["penta3"], "63", ["001", "79"], *SPAN),
    "facilities": lambda r: r.facilities("63", ["00001", "26734"]),
    "arrivals": lambda r: r.arrivals("63", ["001", "79"]),
    "arrival_dates_of_senders": lambda r: r.arrival_dates_of_senders("63", "79"),
    "reports_expected": lambda r: r.reports_expected("63", "79"),
    "files_behind": lambda r: r.files_behind(CODE, "63", "79", *SPAN),
    "parts": lambda r: r.parts(CODE, "63", "79", *SPAN),
    "inflow_share": lambda r: r.inflow_share("63", "79", 2025, 2025),
    "differing_dose_numbers": lambda r: r.differing_dose_numbers("63", "79", ["penta3"], 2025, 2025),
    "cohort_curve": lambda r: r.cohort_curve("63", "79", "penta3"),
    "dose_delays": lambda r: r.dose_delays("63", "79", "penta3", "quarter"),
    "coverage_bridge": lambda r: r.coverage_bridge("63", "79", "penta3", 2025),
    "bridged": lambda r: r.bridged("63", "79"),
    "submissions": lambda r: r.submissions(),
    "submission_totals": lambda r: r.submission_totals(),
    "rejection_totals": lambda r: r.rejection_totals(),
    "rejected_rows": lambda r: r.rejected_rows(),
    "rejected_count": lambda r: r.rejected_count(),
    "area_scorecards": lambda r: r.area_scorecards("63", ["79"], 2026),
    "facility_findings": lambda r: r.facility_findings("2673401", 2026),
    "facility_scorecards": lambda r: r.facility_scorecards("63", ["26734"], 2026),
}
# These list what stewards may settle, and leave out what is not the reader's.
LISTED: dict[str, Callable[[Release], Any]] = {
    "findings": lambda r: r.findings().to_dicts(),
    "submissions_like": lambda r: r.submissions_like("a"),
    "submission": lambda r: r.submission("a0000000000000000001"),
    "rejected_files": lambda r: r.rejected_files(9).to_dicts(),
}
PERSON = "late"
OPEN_OF_PERSONS = {"within", "states", "has_area", "release_id", "as_of_date", "is_synthetic"}
ASKED_OF_PERSONS: dict[str, Callable[[Persons], Any]] = {
    "due_list": lambda p: p.due_list("63", "001", DAY),
    "find": lambda p: p.find("P-late", hierarchy_code="63", area_code="001", day=DAY),
    "series_states": lambda p: p.series_states(PERSON, DAY),
    "person": lambda p: p.person(PERSON),
    "cards": lambda p: p.cards(PERSON),
    "residences": lambda p: p.residences(PERSON),
    "doses": lambda p: p.doses(PERSON),
    "records": lambda p: p.records(PERSON),
    "appointments": lambda p: p.appointments(PERSON),
    "links": lambda p: p.links(PERSON),
    "protection": lambda p: p.protection(PERSON, DAY),
}
# These answer with keys: of other areas there are none.
KEYS_OF_PERSONS: dict[str, Callable[[Persons], Any]] = {
    "keys_of": lambda p: p.keys_of("P-late"),
    "current_key": lambda p: p.current_key(PERSON),
    "behind": lambda p: p.behind("1" * 20).rows.to_dicts(),
}


def public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}


def test_everything_that_can_be_asked_is_sorted_into_open_or_refused() -> None:
    """A new method goes into OPEN when it tells nothing of an area; else it asks the scope, and a call stands here."""
    assert public(Release) == OPEN | ASKED.keys() | LISTED.keys()
    assert public(Persons) | {"release_id", "as_of_date", "is_synthetic"} == (
        OPEN_OF_PERSONS | ASKED_OF_PERSONS.keys() | KEYS_OF_PERSONS.keys()
    )


@pytest.mark.parametrize("method", ASKED)
@pytest.mark.parametrize(("role", "own"), [("official", "63:01"), ("official", "34:00097"), ("steward", "63:001")])
def test_the_query_layer_refuses_another_area(
    home: Settings, scope_of: ScopeOf, role: str, own: str, method: str
) -> None:
    release = open_release(home.published)
    with pytest.raises(AccessDeniedError, match=own):
        ASKED[method](release.within(scope_of(role, own)))


@pytest.mark.parametrize("method", LISTED)
def test_what_stewards_settle_is_listed_for_stewards_alone(home: Settings, scope_of: ScopeOf, method: str) -> None:
    release = open_release(home.published)
    assert LISTED[method](release)
    assert not LISTED[method](release.within(scope_of("official", "63:79")))


def test_the_query_layer_gives_the_own_area_what_it_gives_the_keeper(home: Settings, scope_of: ScopeOf) -> None:
    release = open_release(home.published)
    bound = release.within(scope_of("official", "63:01"))
    for where in ({"area_codes": ["01"]}, {"parent_code": "01"}, {"parent_code": "001"}):
        asked = {"period_type": "month", **where}
        assert bound.indicator_values([CODE], "63", **asked).equals(release.indicator_values([CODE], "63", **asked))
    with pytest.raises(AccessDeniedError):
        bound.indicator_values([CODE], "63", parent_code="VN", period_type="month")
    with pytest.raises(AccessDeniedError):
        bound.indicator_values([CODE], "63", area_codes=["01", "79"], period_type="month")


NOT_THEIRS = [("planner", "63:VN"), ("administrator", "63:VN"), ("official", "63:79"), ("official", "63:00004")]


@pytest.mark.parametrize("method", ASKED_OF_PERSONS)
@pytest.mark.parametrize(("role", "own"), NOT_THEIRS)
def test_the_file_of_persons_refuses_whoever_lives_elsewhere(
    home: Settings, scope_of: ScopeOf, role: str, own: str, method: str
) -> None:
    with pytest.raises(AccessDeniedError, match=role.capitalize()):
        ASKED_OF_PERSONS[method](open_persons(home.published).within(scope_of(role, own)))


@pytest.mark.parametrize(("role", "own"), NOT_THEIRS)
def test_no_key_is_told_of_whoever_lives_elsewhere_and_an_unknown_one_is_refused_alike(
    home: Settings, scope_of: ScopeOf, role: str, own: str
) -> None:
    persons = open_persons(home.published).within(scope_of(role, own))
    assert [ask(persons) for ask in KEYS_OF_PERSONS.values()] == [[], None, []]
    said = set()
    for key in (PERSON, "nobody"):
        with pytest.raises(AccessDeniedError) as caught:
            persons.person(key)
        said.add(str(caught.value))
    assert len(said) == 1, "the sentence must not tell whether there is such a person"


def test_a_person_goes_with_its_home(home: Settings, scope_of: ScopeOf) -> None:
    persons = open_persons(home.published)
    before, after = (persons.within(scope_of("official", f"63:{commune}")) for commune in ("00001", "00004"))
    assert before.person(PERSON) is not None
    assert after.person(MOVER.key) is not None
    with pytest.raises(AccessDeniedError):
        before.person(MOVER.key)
    found = before.find(f"P-{MOVER.key}", hierarchy_code="63", area_code="00001", day=DAY)
    assert found.height == 0, "a code is looked up everywhere, and shown only of one's own area"
    district = persons.within(scope_of("official", "34:01"))
    assert district.due_list("63", "001", DAY).equals(persons.due_list("63", "001", DAY))


# The command line


def niis(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(niis_app, ["--home", str(settings.home), *arguments])


COMMANDS = [
    (("--role", "official", "--area-of", "63:79"), ("indicator", CODE, "--area", "01")),
    (("--role", "official", "--area-of", "63:79"), ("indicator", CODE, "--area", "VN", "--children")),
    (("--role", "official", "--area-of", "63:79"), ("due", "--area", "001")),
    (("--role", "official", "--area-of", "63:79"), ("person", "find", "P-late", "--area", "001")),
    (("--role", "official", "--area-of", "63:79"), ("person", "find", "P-late", "--area", "79")),
    (("--role", "official", "--area-of", "63:79"), ("person", "show", "P-late")),
    (("--role", "official", "--area-of", "63:79"), ("certificate", "late", "--out", "never.pdf")),
    (("--role", "official", "--area-of", "63:79"), ("reminders", "--area", "001", "--out", "never.csv")),
    (("--role", "official", "--area-of", "63:79"), ("audit",)),
    (("--role", "official", "--area-of", "63:79"), ("access", "users")),
    (("--role", "official", "--area-of", "63:79"), ("access", "grant", "x", "--role", "official", "--area", "63:01")),
    (("--role", "official", "--area-of", "63:79"), ("run",)),
    (("--role", "planner", "--area-of", "63:VN"), ("due", "--area", "001")),
    (("--role", "planner", "--area-of", "63:VN"), ("person", "show", "P-late")),
    (("--role", "administrator", "--area-of", "63:VN"), ("person", "show", "P-late")),
    (("--role", "steward", "--area-of", "34:79"), ("due", "--area", "001")),
    (("--role", "keeper", "--area-of", "63:VN"), ("due", "--area", "001")),
    (("--role", "official"), ("due", "--area", "001")),
    (("--as", "nobody@x.vn"), ("due", "--area", "001")),
]


@pytest.mark.parametrize(("who", "command"), COMMANDS)
def test_the_command_line_gives_nothing_of_another_area(
    home: Settings, who: tuple[str, ...], command: tuple[str, ...]
) -> None:
    result = niis(home, *who, *command)
    printed = result.stdout
    if command[:2] == ("person", "find") and command[-1] == "79":
        # The area is the own one; nobody of that code lives in it.
        assert result.exit_code in {0, 1}
    else:
        assert result.exit_code == 1, printed
        assert "Lỗi / error" in result.stderr
    for person in (*EVERYONE, MOVER):
        assert person.name not in printed + result.stderr
    assert "80" not in printed


def test_the_command_line_reads_for_a_user_of_the_home_and_logs_a_refusal(home: Settings) -> None:
    assert niis(home, "access", "grant", "hoa@x.vn", "--role", "official", "--area", "63:001").exit_code == 0
    assert "hoa@x.vn" in niis(home, "access", "users", "--format", "csv").stdout
    own = niis(home, "--as", "hoa@x.vn", "due", "--area", "001", "--format", "csv")
    assert own.exit_code == 0, own.stderr
    assert own.stdout == niis(home, "due", "--area", "001", "--format", "csv").stdout
    assert niis(home, "--as", "hoa@x.vn", "due", "--area", "VN").exit_code == 1
    last = list(AuditLog(home.audit_log).rows())[-1]
    assert (last["who"], last["action"], last["command"], last["area"]) == ("hoa@x.vn", "refused", "due", "63:VN")
    asked = ("access", "request", "--place", "63:VN", "--reason", "đối chiếu trẻ chuyển đi nơi khác")
    assert niis(home, "--as", "hoa@x.vn", *asked).exit_code == 0
    assert niis(home, "--as", "hoa@x.vn", "due", "--area", "VN").exit_code == 0
    assert niis(home, "access", "revoke", "hoa@x.vn").exit_code == 0
    assert niis(home, "--as", "hoa@x.vn", "due", "--area", "001").exit_code == 1


def test_the_log_is_printed_and_a_changed_line_is_named(home: Settings, tmp_path: Any) -> None:
    other = Settings(tmp_path)
    log = AuditLog(other.audit_log)
    for number in range(3):
        log.append(who="x", at=access.now(), action="person", person_key=f"p{number}")
    printed = niis(other, "audit", "--format", "json")
    assert [row["what"] for row in json.loads(printed.stdout)] == ["person_key=p0", "person_key=p1", "person_key=p2"]
    assert log.verify().head in printed.stderr
    log.path.write_text(log.path.read_text(encoding="utf-8").replace("p1", "p7"), encoding="utf-8")
    broken = niis(other, "audit", "--verify")
    assert broken.exit_code == 1
    assert "line 2" in broken.stderr
    assert niis(other, "audit", "--resume").exit_code == 0
    assert niis(other, "audit", "--verify").exit_code == 0


# The pages


@pytest.fixture
def demo(home: Settings) -> Iterator[Settings]:
    source.use(home.published)
    access.open_door(access.door_of(home, demo=True))
    yield home
    access.open_door(None)


def opened(reader: str, page: str | None = None, **params: str) -> AppTest:
    app = AppTest.from_file(SCRIPT, default_timeout=60)
    app.session_state["sample_reader"] = reader
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    if page is not None:
        app.switch_page(f"app_pages/{page}.py")
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
    assert [item.message for item in app.exception] == []
    return app


def shown(app: AppTest) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.info, app.error)
    tables = [str(frame.value.to_dict()) for frame in app.dataframe]
    return "\n".join([*(str(item.value) for kind in kinds for item in kind), *tables])


@pytest.mark.parametrize(
    ("reader", "page", "params"),
    [
        ("demo-province", "province", {"hierarchy": "63", "area": "48"}),
        ("demo-province", "local", {"hierarchy": "34", "area": "48"}),
        ("demo-province", "knowledge", {"hierarchy": "63", "area": "VN"}),
        ("demo-district", "local", {"hierarchy": "63", "area": "490"}),
        ("demo-district", "due", {"hierarchy": "63", "area": "48"}),
        ("demo-district", "due", {"hierarchy": "63", "area": "01"}),
        ("demo-steward", "due", {"hierarchy": "34", "area": "48"}),
    ],
)
def test_a_link_to_another_area_is_refused_with_a_sentence_and_the_way_to_ask(
    demo: Settings, reader: str, page: str, params: dict[str, str]
) -> None:
    app = opened(reader, page, **params)
    (error,) = app.error
    assert "không được xem" in error.value
    assert not app.dataframe
    assert not app.get("vega_lite_chart")
    assert 'class="kpis"' not in "".join(item.proto.body for item in app.get("html"))
    assert Texts("vi")("request_send") in [item.label for item in app.button]
    last = list(AuditLog(demo.audit_log).rows())[-1]
    assert (last["who"], last["action"], last["page"]) == (reader, "refused", page)


PAGES = {
    "demo-planner": {"nation", "province", "local", "knowledge", "quality", "scorecard", "definitions", "access"},
    "demo-province": {"province", "local", "knowledge", "scorecard", "definitions", "due", "person", "access"},
    "demo-district": {"local", "knowledge", "scorecard", "definitions", "due", "person", "access"},
    "demo-steward": {"province", "local", "knowledge", "scorecard", "definitions", "desk", "due", "person", "access"},
    "demo-partner": {"nation", "province", "local", "knowledge", "quality", "scorecard", "definitions", "access"},
    "demo-administrator": {
        "nation",
        "province",
        "local",
        "knowledge",
        "quality",
        "scorecard",
        "definitions",
        "access",
        "audit",
    },
}


@pytest.mark.parametrize("reader", PAGES)
def test_a_reader_is_offered_the_pages_of_the_role_and_begins_at_home(demo: Settings, reader: str) -> None:
    from dashboards import shell  # noqa: PLC0415 - asked for as the reader of a run

    def probe() -> None:
        import streamlit as st  # noqa: PLC0415

        from dashboards import shell as pages  # noqa: PLC0415

        st.write(" ".join(pages.pages()))

    app = AppTest.from_function(probe, default_timeout=60)
    app.session_state["sample_reader"] = reader
    app.run()
    assert {key.removeprefix("page_") for key in app.markdown[0].value.split()} == PAGES[reader]
    assert shell.PAGES
    first = opened(reader)
    assert [item.value for item in first.error] == []
    if reader == "demo-district":
        assert "Ba Đình" in first.title[0].value


@pytest.mark.parametrize("page", ["due", "person", "audit"])
def test_a_page_that_is_not_offered_shows_nothing_even_when_it_is_run(demo: Settings, page: str) -> None:
    with pytest.raises(ValueError, match="navigation page"):
        opened("demo-planner", page)

    def run_anyway(page: str) -> None:
        import streamlit as st  # noqa: PLC0415

        from dashboards import access_view, due_view, person_view, shell  # noqa: PLC0415
        from pipelines.access.policy import AccessDeniedError as Denied  # noqa: PLC0415

        context = shell.open_context()
        try:
            if page == "audit":
                access_view.draw_audit(context.texts)
            else:
                (due_view if page == "due" else person_view).draw(context)
        except Denied as error:
            st.error(str(error))

    app = AppTest.from_function(run_anyway, default_timeout=60, args=(page,))
    app.session_state["sample_reader"] = "demo-planner"
    app.session_state["person_key"] = PERSON
    app.query_params["hierarchy"], app.query_params["area"] = "34", NEW_COMMUNE
    app.run()
    assert len(app.error) == 1
    said = shown(app)
    assert not app.dataframe
    for person in (*EVERYONE, MOVER):
        assert person.name not in said


def test_a_person_of_another_area_is_refused_although_its_key_is_in_the_session(demo: Settings) -> None:
    app = AppTest.from_file(SCRIPT, default_timeout=60)
    app.session_state["sample_reader"] = "demo-district"
    app.run()
    app.switch_page("app_pages/person.py").run()
    app.session_state["person_key"] = "somebody-elsewhere"
    app.run()
    assert "người này" in app.error[0].value


def test_another_area_is_asked_for_on_the_page_and_then_shown(demo: Settings) -> None:
    params = {"hierarchy": "63", "area": "48"}
    app = opened("demo-province", "province", **params)
    app.text_area[0].set_value("quá ngắn")
    app.button[-1].click().run()
    assert any("15" in item.value for item in app.error)
    app.text_area[0].set_value("đối chiếu trẻ chuyển đi Đà Nẵng")
    app.button[-1].click().run()
    again = opened("demo-province", "province", **params)
    assert [item.value for item in again.error] == []
    assert "Đà Nẵng" in again.title[0].value
    page = opened("demo-province", "access")
    assert "Đà Nẵng" in page.success[0].value


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_log_is_shown_to_administrators_with_whether_it_is_whole(demo: Settings, language: str) -> None:
    AuditLog(demo.audit_log).append(who="x", at=access.now(), action="person", person_key="p1")
    app = opened("demo-administrator", "audit", lang=language)
    assert app.title[0].value == Texts(language)("page_audit")
    assert "…" in app.success[0].value
    assert "person_key: p1" in str(app.dataframe[0].value.to_dict())


def test_a_page_whose_look_cannot_be_logged_shows_nothing(demo: Settings) -> None:
    log = demo.audit_log
    kept = log.with_suffix(".kept")
    log.rename(kept)
    log.mkdir()
    try:
        app = opened("demo-district", "due", hierarchy="63", area="001")
        assert "audit" in app.error[0].value
        for person in EVERYONE:
            assert person.name not in shown(app)
    finally:
        log.rmdir()
        kept.rename(log)


def test_the_demo_and_open_doors_are_refused_on_a_production_system(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert access.door_of(home).entry is access.Entry.MACHINE
    monkeypatch.setenv("NIIS_PRODUCTION", "1")
    for arguments, sentence in ((("--demo",), "production"), (("--persons",), "sign-in"), ((), "needs sign-in")):
        result = niis(home, "serve", "--port", "1", *arguments)
        assert result.exit_code == 1
        assert sentence in result.stderr
    with pytest.raises(AccessSettingsError, match="refused"):
        access.door_of(home, demo=True)


def test_where_sign_in_is_set_up_nobody_reads_without_it(home: Settings, tmp_path: Any) -> None:
    other = Settings(tmp_path)
    url = "https://login.x.vn/.well-known/openid-configuration"
    arguments = ("--metadata-url", url, "--client-id", "niis", "--address", "https://n.x.vn", "--client-secret", "s")
    assert niis(other, "access", "sign-in", *arguments).exit_code == 0
    with pytest.raises(AccessSettingsError, match="refused"):
        access.door_of(other, demo=True)
    with pytest.raises(AccessSettingsError, match="leave --persons out"):
        access.door_of(other, persons=True)
    source.use(home.published)
    access.open_door(access.door_of(other))
    try:
        app = AppTest.from_file(SCRIPT, default_timeout=60).run()
        assert [item.message for item in app.exception] == []
        assert Texts("vi")("sign_in_first") in [item.value for item in app.info]
        assert [item.label for item in app.button] == [Texts("vi")("sign_in")]
        assert not app.get("html")[1:]
    finally:
        access.open_door(None)
    assert Place.read("63:01") == Place("63", "01")
