"""The pages of persons in a real Chromium: whole in both languages and widths, and absent where they are closed."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipelines.settings import Settings
from tests.browser.axe import grave_findings
from tests.browser.test_dashboards import at_rest, browser, drawn, problems_of, pytestmark
from tests.care.register import NEW_COMMUNE, make_persons_release
from tests.care.test_series_states import EVERYONE
from tests.dashboards.fixture_release import make_release
from tests.dashboards.serving import served
from tests.dashboards.test_person_pages import MOVER

__all__ = ["browser", "pytestmark"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(tmp_path_factory.mktemp("home"))
    make_release(settings.published)
    make_persons_release(settings.published, [*EVERYONE, MOVER])
    return settings


@pytest.fixture(scope="module")
def address(home: Settings) -> Iterator[str]:
    with served(home.published, home.home) as started:
        yield started


def found(page: Page, address: str, language: str, text: str) -> None:
    drawn(page, f"{address}/person?lang={language}")
    box = page.get_by_role("textbox").first
    box.fill(text)
    box.press("Enter")
    page.locator('[data-testid="stExpander"]').wait_for(timeout=30_000)
    at_rest(page)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_pages_of_persons_are_whole(browser: Browser, address: str, language: str, width: int) -> None:
    context = browser.new_context(locale="vi-VN", viewport={"width": width, "height": 900})
    page = context.new_page()
    problems = problems_of(page, address)
    drawn(page, f"{address}/due?lang={language}&hierarchy=34&area={NEW_COMMUNE}")
    assert page.locator('[data-testid="stDataFrame"]').count() >= 1
    wide = [page.locator('[data-testid="stMain"]').evaluate("element => element.scrollWidth - element.clientWidth")]
    problems += grave_findings(page)
    found(page, address, language, f"P-{MOVER.key}")
    problems += grave_findings(page)
    assert MOVER.name in page.locator("h3").first.inner_text()
    wide.append(page.locator('[data-testid="stMain"]').evaluate("element => element.scrollWidth - element.clientWidth"))
    drawn(page, f"{address}/audit?lang={language}")
    problems += grave_findings(page)
    assert page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]').count() == 0
    context.close()
    assert problems == []
    assert max(wide) <= 0


def test_a_row_of_the_list_opens_the_history(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    drawn(page, f"{address}/due?hierarchy=34&area={NEW_COMMUNE}")
    table = page.locator('[data-testid="stDataFrame"]').first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box is not None
    # The mark of the first row stands left of its cells, below the header.
    page.mouse.click(box["x"] + 16, box["y"] + 35 + 17)
    page.get_by_role("button", name="Mở hồ sơ").click(timeout=15_000)
    page.wait_for_url("**/person?**", timeout=15_000)
    page.locator('[data-testid="stExpander"]').wait_for(timeout=30_000)
    assert page.locator("h3").first.inner_text().strip()
    page.close()


def test_the_queue_of_invitations_is_downloaded(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    drawn(page, f"{address}/due?hierarchy=34&area={NEW_COMMUNE}")
    queue = page.locator('[data-testid="stExpander"]', has_text="Tin nhắn mời tiêm chờ gửi")
    promised = int(queue.locator("summary").inner_text().rsplit(":", 1)[1])
    assert promised > 0
    queue.locator("summary").click()
    queue.get_by_role("button", name="Tệp tin nhắn").click()
    with page.expect_download() as caught:
        queue.get_by_role("link", name="Tải tệp về").click()
    text = Path(caught.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert len(rows) == promised
    assert all(row["text"] and row["phone"] for row in rows)
    page.close()


def test_a_certificate_is_downloaded(browser: Browser, address: str, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    found(page, address, "vi", f"P-{MOVER.key}")
    page.get_by_role("button", name="Tải phiếu xác nhận").click()
    with page.expect_download() as caught:
        page.get_by_role("link", name="Tải tệp về").click()
    pdf = Path(caught.value.path()).read_bytes()
    assert pdf.startswith(b"%PDF-")
    page.close()
    if shutil.which("pdftotext") is None and not os.environ.get("CI"):
        pytest.skip("the file came; pdftotext, which reads it, is not installed")
    (tmp_path / "page.pdf").write_bytes(pdf)
    text = subprocess.run(["pdftotext", str(tmp_path / "page.pdf"), "-"], capture_output=True, text=True, check=True)
    assert MOVER.name in text.stdout


def test_the_pages_are_not_there_where_persons_are_closed(browser: Browser, home: Settings) -> None:
    with served(home.published) as closed:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{closed}/due?hierarchy=34&area={NEW_COMMUNE}")
        page.locator(".release").wait_for(timeout=30_000)
        page.wait_for_timeout(700)
        said = page.locator("body").inner_text()
        for person in EVERYONE:
            assert person.name not in said
        assert page.get_by_text("Đến hạn tiêm").count() == 0
        page.close()
