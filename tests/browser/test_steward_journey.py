"""A steward's way in a real Chromium: sign in, exclude a value at a finding, read the checks; a run, and the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from dashboards import formats
from dashboards.i18n import Texts
from dashboards.warehouse import open_release
from pipelines.facilities import write_facilities
from pipelines.inbox import submit
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.browser.test_dashboards import browser, drawn, problems_of, pytestmark
from tests.conftest import RUN_AT
from tests.dashboards.serving import served
from tests.intake.conftest import register
from tests.steps import run_steps, start_with

__all__ = ["browser", "pytestmark"]

REGISTRY = load_registry()
SPIKE, OTHER = 440, 40
# A year of two stations; one of them sent a digit too many in May.
REPORTS = "facility_code,period,measure_code,value\n" + "".join(
    f"{facility},2021-{month:02d},doses_penta3_u1,{value}\n"
    for facility in ("0000101", "0000401")
    for month, value in enumerate(
        (SPIKE if (facility, month) == ("0000401", 5) else OTHER + month % 3 for month in range(1, 13)), start=1
    )
)
REPORTS += "0000101,2021,target_under1,600\n0000401,2021,target_under1,600\n"
PLACE = "hierarchy=34&area=01&indicator=coverage_penta3&period_type=month&period=2021-05"


@pytest.fixture(scope="module")
def home(no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("journey")
    settings = Settings(folder / "home")
    settings.facilities.parent.mkdir(parents=True)
    start_with(settings, no_data)
    write_facilities(register(), settings.facilities)
    (folder / "reports.csv").write_text(REPORTS, encoding="utf-8")
    submit(settings, [folder / "reports.csv"])
    run_steps(settings, RUN_AT)
    return settings


@pytest.fixture(scope="module")
def address(home: Settings) -> Iterator[str]:
    with served(home.published, home.home, entry="demo") as started:
        yield started


def choose(page: Page, label: str, option: str) -> None:
    """Choose an option of a list by its label, or of the only list in a part of the page."""
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_an_outlier_that_a_steward_excludes_leaves_the_adjusted_number_of_the_page(
    browser: Browser, address: str, home: Settings
) -> None:
    texts = Texts("vi")
    context = browser.new_context(locale="vi-VN", viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    problems = problems_of(page, address)
    before = open_release(home.published).indicator_values(
        ["coverage_penta3"], "34", area_codes=["01"], period_type="month", period_from="2021-05", period_to="2021-05"
    )
    assert before["numerator"].item() == SPIKE + OTHER + 2
    drawn(page, f"{address}/province?{PLACE}")
    assert page.get_by_text(texts("adjusted_list")).count() == 0

    page.get_by_role("link", name=texts("page_access")).click()
    page.get_by_text(REGISTRY.demo_readers["demo-steward"].name_vi).first.click()
    page.get_by_role("link", name=texts("page_desk")).click()
    page.locator('[data-testid="stDataFrame"]').first.wait_for(timeout=30_000)
    choose(page, texts("rule"), REGISTRY.finding_rules["outlier_value"].name_vi)
    value = page.locator(".st-key-desk_outlier")
    value.wait_for(timeout=30_000)
    # The page draws itself once more after the choice of a rule.
    page.wait_for_timeout(2_000)
    action, wanted = value.get_by_role("combobox"), REGISTRY.decision_kinds["exclude_outlier"].name_vi
    for _ in REGISTRY.decision_kinds:
        if action.input_value() == wanted:
            break
        action.click()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_timeout(1_000)
    assert action.input_value() == wanted
    value.get_by_role("textbox", name=texts("reason")).fill("one digit too many")
    value.get_by_role("textbox", name=texts("reason")).blur()
    page.wait_for_timeout(700)
    value.get_by_role("button", name=texts("desk_write")).click()
    page.get_by_text(texts("desk_written")).wait_for(timeout=30_000)

    page.get_by_role("button", name=texts("docs_open")).click()
    with context.expect_page() as opened:
        page.get_by_text(texts("docs_ready")).click(timeout=30_000)
    checks = opened.value
    checks_problems = problems_of(checks, address)
    checks.reload()
    for dataset in ("summary_areas", "intake_submissions"):
        checks.get_by_role("link", name=dataset).first.click()
        checks.get_by_text("Great Expectations").first.wait_for(timeout=10_000)
        assert checks.locator(".gx table").count() > 0
        checks.go_back()
    assert checks.locator("script, img, iframe").count() == 0
    stranger = browser.new_context().new_page()
    assert (stranger.goto(checks.url) or checks).status == 404
    stranger.context.close()

    run_steps(home, "2026-04-09T12:00:00+07:00")
    drawn(page, f"{address}/province?{PLACE}")
    page.get_by_text(texts("adjusted_list")).wait_for(timeout=30_000)
    release = open_release(home.published)
    asked = {"area_codes": ["01"], "period_type": "month", "period_from": "2021-05", "period_to": "2021-05"}
    adjusted = release.adjusted_values(["coverage_penta3"], "34", **asked).row(0, named=True)
    assert adjusted["numerator"] == OTHER + 2
    assert adjusted["raw_value"] == before["value"].item() > adjusted["value"]
    raw, without = (f"{formats.number(adjusted[name], 'vi', 1)}" for name in ("raw_value", "value"))
    note = page.get_by_text(texts("adjusted_list")).first.locator("xpath=ancestor::*[@data-testid='stMain']")
    assert raw in note.inner_text()
    assert without in note.inner_text()
    actions = [json.loads(line)["action"] for line in home.audit_log.read_text(encoding="utf-8").splitlines()]
    assert {"sign_in", "decide", "data_docs"} <= set(actions)
    assert page.locator('[data-testid="stException"]').count() == 0
    assert problems + checks_problems == [], problems + checks_problems
    context.close()
