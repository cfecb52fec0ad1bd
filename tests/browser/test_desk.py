"""The steward's desk in a real Chromium: whole at both widths, and a finding settled there stays settled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dashboards.i18n import Texts
from pipelines.settings import Settings
from pipelines.stewardship.door import decisions
from tests.browser.axe import grave_findings
from tests.browser.test_dashboards import browser, drawn, problems_of, pytestmark
from tests.dashboards.fixture_release import make_release
from tests.dashboards.serving import served

__all__ = ["browser", "pytestmark"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("desk")
    make_release(folder / "published")
    return Settings(folder)


@pytest.fixture(scope="module")
def address(home: Settings) -> Iterator[str]:
    with served(home.published) as started:
        yield started


@pytest.mark.parametrize(("width", "language"), [(1440, "vi"), (390, "en")])
def test_a_finding_is_settled_at_the_desk(
    browser: Browser, address: str, home: Settings, width: int, language: str
) -> None:
    texts, before = Texts(language), len(decisions(home).history())
    context = browser.new_context(locale="vi-VN", viewport={"width": width, "height": 900})
    page = context.new_page()
    problems = problems_of(page, address)
    drawn(page, f"{address}/desk?lang={language}")
    page.locator('[data-testid="stDataFrame"]').wait_for(timeout=30_000)
    wide = page.locator('[data-testid="stMain"]').evaluate("element => element.scrollWidth - element.clientWidth")
    assert wide <= 0
    assert grave_findings(page) == []
    page.get_by_role("textbox", name=texts("desk_your_name"), exact=True).fill("Lan")
    page.get_by_role("textbox", name=texts("reason"), exact=True).first.fill("đã gọi cho trạm")
    page.get_by_role("textbox", name=texts("reason"), exact=True).first.blur()
    # The first decision that is offered is to assign.
    page.get_by_role("textbox", name=texts("desk_assignee"), exact=True).fill("Minh")
    page.get_by_role("textbox", name=texts("desk_assignee"), exact=True).blur()
    page.wait_for_timeout(500)
    page.get_by_role("button", name=texts("desk_write")).first.click()
    page.get_by_text(texts("desk_written")).wait_for(timeout=30_000)
    told = decisions(home).history()
    assert len(told) == before + 1
    assert (told[-1].decision_code, told[-1].detail, told[-1].decided_by) == ("assign", "Minh", "Lan")
    assert page.locator('[data-testid="stException"]').count() == 0
    assert problems == []
    context.close()
