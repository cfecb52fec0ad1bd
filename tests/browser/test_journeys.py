"""A journey end to end in a real Chromium: a planner from the nation to the worst commune, and why."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from dashboards.geography import AreaTree
from dashboards.i18n import Texts
from dashboards.warehouse import open_release
from pipelines.settings import Settings
from tests.browser.axe import grave_findings
from tests.browser.test_dashboards import at_rest, browser, drawn, problems_of, pytestmark
from tests.dashboards.serving import served

__all__ = ["browser", "pytestmark"]
TEXTS = Texts("vi")
VIEW = "period_type=month&period=2025-06&indicator=coverage_mcv1"


@pytest.fixture(scope="module")
def home(published_home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy, so that what readers do is logged in a home of their own."""
    folder = tmp_path_factory.mktemp("journeys")
    shutil.copytree(published_home.published, folder / "published")
    return Settings(folder)


@pytest.fixture(scope="module")
def address(home: Settings) -> Iterator[str]:
    with served(home.published, home.home, entry="demo") as started:
        yield started


def become(page: Page, address: str, name: str) -> None:
    """Choose a sample reader on the page of access."""
    drawn(page, f"{address}/access")
    page.locator("label").filter(has_text=name).click()
    page.wait_for_timeout(500)
    at_rest(page)


def worst(page: Page) -> str:
    """Return the area that the ranking names last, as a screen reader says it."""
    charts = page.locator('[data-testid="stVegaLiteChart"]').all()
    said = [chart.get_attribute("aria-label") or "" for chart in charts]
    # The sentence begins alike whatever it tells of, and ends with the last area and its value.
    begins, _, ends = TEXTS("ranking_alt", indicator="@", period="@", first="@", last="@").partition("@")
    (label,) = [label for label in said if label.startswith(begins)]
    return label.rsplit(ends.split("@")[-2], 1)[1].rsplit(" (", 1)[0]


def test_a_planner_goes_from_the_nation_to_the_worst_commune_and_sees_why(
    browser: Browser, address: str, home: Settings
) -> None:
    page = browser.new_context(locale="vi-VN", viewport={"width": 1440, "height": 900}).new_page()
    problems = problems_of(page, address)
    become(page, address, "Lan")
    problems += grave_findings(page)
    drawn(page, f"{address}/?hierarchy=63&{VIEW}")
    walked = []
    while page.get_by_role("combobox", name=TEXTS("drill")).count():
        walked.append(worst(page))
        box = page.get_by_role("combobox", name=TEXTS("drill"))
        box.click()
        box.press_sequentially(walked[-1])
        page.locator('[role="option"]').filter(has_text=walked[-1]).first.wait_for(timeout=10_000)
        page.keyboard.press("Enter")
        page.locator("h1").filter(has_text=walked[-1]).wait_for(timeout=30_000)
        at_rest(page)
    assert len(walked) == 3, "a province, a district, a commune"
    release = open_release(home.published)
    tree, area = AreaTree("63", release.areas("63")), "VN"
    for name in walked:
        children = {below.area_code: below.name_vi for below in tree.shown_below(area)}
        values = release.indicator_values(
            ["coverage_mcv1"],
            "63",
            area_codes=list(children),
            period_type="month",
            period_from="2025-06",
            period_to="2025-06",
        ).drop_nulls("value")
        lowest = values.filter(values["value"] == values["value"].min())["area_code"].to_list()
        assert name in [children[code] for code in lowest]
        area = next(code for code in lowest if children[code] == name)
    assert f"area={area}" in page.url
    page.get_by_text(TEXTS("explain")).click()
    page.get_by_text(TEXTS("explain_parts")).wait_for(timeout=30_000)
    at_rest(page)
    problems += grave_findings(page)
    page.context.close()
    assert problems == []
