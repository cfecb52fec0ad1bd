"""Sign-in at a real OpenID provider, walked in a real Chromium; and files with personal data for one browser alone."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipelines.access.audit import AuditLog
from pipelines.access.policy import Place
from pipelines.access.readers import Readers, now
from pipelines.access.sign_in import SignIn, write
from pipelines.reference import load_registry
from pipelines.settings import PROJECT_ROOT, Settings
from tests.browser.test_dashboards import browser, drawn, pytestmark
from tests.care.register import make_persons_release
from tests.care.test_series_states import EVERYONE
from tests.dashboards.fixture_release import make_release
from tests.dashboards.serving import free_port, served
from tests.dashboards.test_person_pages import MOVER

__all__ = ["browser", "pytestmark"]

PYTHON = PROJECT_ROOT / ".venv-oidc" / "bin" / "python"
PROVIDER = Path(__file__).parent.parent / "access" / "provider.py"
PASSWORD = "mat-khau-cua-hoa"
USERS = [
    {"user_name": "hoa", "email": "hoa@example.vn", "password": PASSWORD},
    {"user_name": "la", "email": "la@example.vn", "password": PASSWORD},
]


@dataclass(frozen=True)
class Site:
    """The dashboards of a home where one signs in."""

    settings: Settings
    address: str
    provider: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if not PYTHON.exists():
        pytest.skip("the OpenID provider is not installed; `make setup-oidc` installs it")
    settings = Settings(tmp_path_factory.mktemp("home"))
    make_release(settings.published)
    make_persons_release(settings.published, [*EVERYONE, MOVER])
    port, provider_port = free_port(), free_port()
    address, provider = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{provider_port}"
    write(settings, SignIn(f"{provider}/.well-known/openid-configuration", "niis", "client-secret", address))
    Readers(settings, load_registry()).give("hoa@example.vn", "official", Place("63", "001"), now().date())
    started = subprocess.Popen(
        [str(PYTHON), str(PROVIDER), str(provider_port), f"{address}/oauth2callback", "niis", "client-secret"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert started.stdin is not None
    assert started.stdout is not None
    try:
        started.stdin.write(json.dumps(USERS))
        started.stdin.close()
        assert started.stdout.readline().strip() == "listening"
        with served(settings.published, settings.home, entry="sign_in", port=port) as ready:
            yield Site(settings, ready, provider)
    finally:
        started.terminate()
        started.stdout.close()
        started.wait(timeout=20)


def sign_in(page: Page, site: Site, user: str, path: str = "") -> None:
    page.goto(f"{site.address}/{path}")
    page.get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url(f"{site.provider}/**", timeout=30_000)
    page.locator("input[name=login]").fill(user)
    page.locator("input[name=login]").press("Enter")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(f"{site.address}/**", timeout=30_000)


def actions(site: Site) -> list[tuple[str, str]]:
    return [(row["who"], row["action"]) for row in AuditLog(site.settings.audit_log).rows()]


def status_of(url: str, cookie: str = "") -> int:
    request = urllib.request.Request(url, headers={"Cookie": cookie} if cookie else {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_an_official_signs_in_sees_the_own_area_and_takes_its_list_once_and_alone(browser: Browser, site: Site) -> None:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.goto(f"{site.address}/due?hierarchy=63&area=001")
    page.get_by_role("button", name="Đăng nhập").wait_for(timeout=30_000)
    before = page.locator("body").inner_text()
    assert "Ba Đình" not in before
    assert not any(person.name in before for person in EVERYONE)

    sign_in(page, site, "hoa")
    page.locator(".release").wait_for(timeout=30_000)
    assert ("hoa@example.vn", "sign_in") in actions(site)
    drawn(page, f"{site.address}/due?hierarchy=63&area=001")
    assert "hoa@example.vn" in page.locator("body").inner_text()
    page.get_by_role("button", name="Tải CSV").click()
    link = page.get_by_role("link", name="Tải tệp về")
    link.wait_for(timeout=30_000)
    url = f"{site.address}/{link.get_attribute('href')}"
    assert ("hoa@example.vn", "download") not in actions(site)
    with page.expect_download() as caught:
        link.click()
    content = Path(caught.value.path()).read_text(encoding="utf-8-sig")
    assert any(person.name in content for person in EVERYONE)
    download = next(row for row in AuditLog(site.settings.audit_log).rows() if row["action"] == "download")
    assert (download["who"], download["area"], download["hierarchy"]) == ("hoa@example.vn", "001", "63")
    cookies = "; ".join(f"{item['name']}={item['value']}" for item in context.cookies())
    assert status_of(url, cookies) == 404, "an address works once"

    page.get_by_role("button", name="Tải Excel").click()
    link = page.locator("a.handout[href*=download]")
    # While a page is drawn again its links are gone.
    page.wait_for_function(
        "used => { const link = document.querySelector('a.handout'); return link && !link.href.endsWith(used); }",
        arg=url.rsplit("/", maxsplit=1)[-1],
    )
    url = f"{site.address}/{link.get_attribute('href')}"
    assert status_of(url) == 404
    assert status_of(url, cookies) == 404, "void once another browser tried it"

    drawn(page, f"{site.address}/due?hierarchy=63&area=48")
    assert "không được xem" in page.locator('[data-testid="stAlertContentError"]').inner_text()
    assert ("hoa@example.vn", "refused") in actions(site)
    assert AuditLog(site.settings.audit_log).verify().problem is None
    context.close()


def test_who_signs_in_without_a_role_sees_nothing(browser: Browser, site: Site) -> None:
    context = browser.new_context(locale="vi-VN", viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    sign_in(page, site, "la")
    page.locator('[data-testid="stAlertContentError"]').wait_for(timeout=30_000)
    assert "niis access grant" in page.locator('[data-testid="stAlertContentError"]').inner_text()
    assert page.locator(".release, .kpis").count() == 0
    page.get_by_role("button", name="Đăng xuất").click()
    page.wait_for_url(f"{site.provider}/**", timeout=30_000)
    page.goto(site.address)
    page.get_by_role("button", name="Đăng nhập").wait_for(timeout=30_000)
    context.close()
