"""Every page in a real Chromium: no error, no request to another host, nothing wider than the screen."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dashboards import palette
from dashboards.i18n import Texts
from dashboards.warehouse import open_release
from tests.browser.axe import grave_findings
from tests.dashboards.fixture_release import make_release
from tests.dashboards.serving import served

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = ["", "province", "local", "knowledge", "quality", "scorecard", "definitions"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists() and not os.environ.get("CI"), reason="Chromium is not installed"),
]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    make_release(folder)
    return folder


@pytest.fixture(scope="module")
def address(releases: Path) -> Iterator[str]:
    with served(releases) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


_AT_REST = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
  return app?.dataset.testScriptState === "notRunning" && !document.querySelector('[data-testid="stSkeleton"]')
    && charts.every(chart => !chart.clientWidth || chart.querySelector("svg, canvas"));
}"""


def drawn(page: Page, url: str) -> None:
    """Open an address and wait until the page is there, to its last element and chart."""
    page.goto(url)
    page.locator(".release").wait_for(timeout=30_000)
    at_rest(page)


def at_rest(page: Page) -> None:
    """Wait until the server has nothing more to say and everything is drawn."""
    page.wait_for_function(_AT_REST, timeout=30_000)
    page.wait_for_timeout(100)


def problems_of(page: Page, address: str) -> list[str]:
    """Return a list that gathers what goes wrong on a page from now on."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(f"page error: {error}"))
    page.on(
        "console",
        # Streamlit looks for its server below the page's own path first, and a browser logs that it is not there.
        lambda message: (
            problems.append(f"console: {message.text} {message.location}")
            if message.type == "error" and "/_stcore/" not in message.location["url"]
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            problems.append(f"outside: {request.url}")
            if not request.url.startswith((address, address.replace("http", "ws"), "data:", "blob:"))
            else None
        ),
    )
    return problems


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_is_whole(browser: Browser, address: str, language: str, width: int) -> None:
    context = browser.new_context(locale="vi-VN", viewport={"width": width, "height": 900})
    page = context.new_page()
    problems = problems_of(page, address)
    for path in PAGES:
        drawn(page, f"{address}/{path}?lang={language}")
        if page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]').count():
            problems.append(f"error element on /{path}")
        main = page.locator('[data-testid="stMain"]')
        if main.evaluate("element => element.scrollWidth - element.clientWidth") > 0:
            problems.append(f"/{path} is wider than the screen")
        problems += [f"/{path}: {finding}" for finding in grave_findings(page)]
        assert page.evaluate("document.documentElement.lang") == "vi"
    context.close()
    assert problems == []


def test_the_dark_page_is_read_as_well_as_the_light_one(browser: Browser, address: str) -> None:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1440, "height": 900}, color_scheme="dark")
    page = context.new_page()
    problems: list[str] = []
    for path in ("", "quality", "scorecard"):
        drawn(page, f"{address}/{path}")
        problems += [f"/{path}: {finding}" for finding in grave_findings(page, contrast_only=True)]
    assert problems == []
    drawn(page, address)
    background = page.locator('[data-testid="stApp"]').evaluate("element => getComputedStyle(element).backgroundColor")
    assert background == f"rgb({', '.join(str(part) for part in bytes.fromhex(palette.DARK[palette.PAGE][1:]))})"
    inks = page.locator('[data-testid="stVegaLiteChart"] text').evaluate_all(
        "texts => [...new Set(texts.map(text => text.getAttribute('fill')))]"
    )
    assert palette.DARK[palette.INK] in inks
    assert palette.INK not in inks, "charts follow the theme"
    context.close()


_FOCUSED = """() => {
  const at = document.activeElement;
  return at.getAttribute("aria-label") || (["A", "BUTTON", "SUMMARY"].includes(at.tagName) ? at.innerText : "");
}"""


def test_the_way_down_is_walked_by_keyboard(browser: Browser, address: str) -> None:
    texts = Texts("vi")
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    drawn(page, f"{address}/province?hierarchy=34&area=01")
    reached: list[str] = []
    for _ in range(120):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(_FOCUSED))
        if reached[-1] == texts("drill"):
            break
    wanted = [texts(key) for key in ("page_nation", "indicator", "period", "hierarchy", "explain", "drill")]
    wanted.append(texts("download_chart", format="PNG"))
    assert [label for label in wanted if not any(label in name for name in reached)] == []
    page.keyboard.press("ArrowDown")
    page.locator('[role="option"]').first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/local?**", timeout=30_000)
    page.close()


def test_a_click_on_the_map_opens_the_area_and_the_address_says_so(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    drawn(page, f"{address}/province?hierarchy=34&area=01")
    canvas = page.locator('[data-testid="stVegaLiteChart"]').first.locator("canvas, svg").first
    canvas.scroll_into_view_if_needed()
    canvas.locator(".mark-shape path").first.wait_for(timeout=15_000)
    box = canvas.bounding_box()
    assert box is not None
    # The province fills the middle of its own map.
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.45)
    page.wait_for_url("**/local?**", timeout=15_000)
    page.locator(".release").wait_for()
    chosen = parse_qs(urlsplit(page.url).query)
    assert chosen["hierarchy"] == ["34"]
    assert chosen["area"] != ["01"]
    title = page.locator("h1").inner_text()
    again = browser.new_page()
    drawn(again, page.url)
    assert again.locator("h1").inner_text() == title
    page.close()
    again.close()


def test_the_workbook_holds_the_numbers_of_the_mart(browser: Browser, address: str, releases: Path) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    drawn(page, f"{address}/province?hierarchy=63&area=01&period_type=quarter&period=2025Q2&indicator=coverage_mcv1")
    with page.expect_download() as caught:
        page.get_by_role("button", name="Tải Excel").click()
    sheet = openpyxl.load_workbook(io.BytesIO(Path(caught.value.path()).read_bytes()))["Số liệu"]
    shown = {row[0]: (row[2], row[3]) for row in sheet.iter_rows(min_row=2, values_only=True)}
    published = open_release(releases).indicator_values(
        ["coverage_mcv1"], "63", parent_code="01", period_type="quarter", period_from="2025Q2", period_to="2025Q2"
    )
    expected = {row["area_code"]: (row["numerator"], row["denominator"]) for row in published.iter_rows(named=True)}
    assert shown == expected
    assert len(shown) == 30
    page.close()
