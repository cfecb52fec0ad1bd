"""Pages of Great Expectations for a release: of the registry's rules, in both languages, and loading nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response

from dashboards import source
from dashboards.handout import SESSION_COOKIE, SitePass, SitePasses, site_passes
from dashboards.server import checks_page
from data_quality.documents import cleaned
from pipelines.publish import current_release
from pipelines.reference import load_registry
from pipelines.settings import DOCUMENTS_NAME, Settings


@pytest.fixture(scope="module")
def site(published_home: Settings) -> Path:
    release = current_release(published_home)
    assert release is not None
    return published_home.published / release.release_id / DOCUMENTS_NAME


def test_every_rule_has_its_words_and_its_result_on_the_page_of_its_dataset(site: Path) -> None:
    rules = load_registry().quality_rules.values()
    index = (site / "index.html").read_text(encoding="utf-8")
    for rule in rules:
        page = (site / f"{rule.dataset}.html").read_text(encoding="utf-8")
        for words in (rule.name_vi, rule.name_en):
            assert escape(words) in index
            assert escape(words) in page
        assert escape(rule.rationale_vi) in page
        assert escape(rule.action_en) in page
    areas = (site / "summary_areas.html").read_text(encoding="utf-8")
    assert "values must be greater than or equal to" in areas
    assert '<td class="passed">' in areas


def test_no_page_loads_or_runs_anything(site: Path) -> None:
    pages = sorted(site.glob("*.html"))
    assert len(pages) == 1 + len({rule.dataset for rule in load_registry().quality_rules.values()})
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert "//" not in text
        assert not re.search(r"<(script|img|iframe|object|embed|form)|\son\w+=|src=", text)
        assert "default-src 'none'" in text
        targets = set(re.findall(r'href="([^"]*)"', text))
        assert targets <= {"data:,", *(page.name for page in pages)}


def test_what_acts_or_leads_away_is_left_out_of_what_was_rendered() -> None:
    markup = (
        '<div id="a" onclick="x()" style="background:url(//h/x)"><a href="https://h">more</a><script>bad()</script>'
        '<img src="https://h/x.png"><b class="badge">1 &lt; 2</b><br><link href="//h/x.css" rel="stylesheet"></div>'
    )
    assert cleaned(markup) == '<div id="a">more<b class="badge">1 &lt; 2</b><br></div>'


def test_a_pass_is_one_browsers_and_ends() -> None:
    clock = [0.0]
    passes = SitePasses(lambda: clock[0])
    mine = SitePass("mine", "Lan", "r")
    token = passes.issue(mine, timedelta(seconds=60))
    assert (passes.of(token, "mine"), passes.of(token, "other"), passes.of(token, None)) == (mine, None, None)
    assert passes.of(token, "mine") == mine
    clock[0] = 60
    assert passes.of(token, "mine") is None
    other = passes.issue(mine, timedelta(seconds=60))
    passes.drop("mine")
    assert passes.of(other, "mine") is None


def test_the_server_gives_the_pages_to_whoever_was_let_in_and_to_nobody_else(
    published_home: Settings, site: Path
) -> None:
    source.use(published_home.published)
    token = site_passes.issue(SitePass("mine", "Lan", site.parent.name), timedelta(seconds=60))

    def asked(page: str, session: str, of: str = token) -> Response:
        cookie = f"{SESSION_COOKIE}={session}".encode()
        return checks_page(
            Request({"type": "http", "headers": [(b"cookie", cookie)], "path_params": {"token": of, "page": page}})
        )

    try:
        page = asked("index.html", "mine")
        assert (page.status_code, page.body) == (200, (site / "index.html").read_bytes())
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        for name in ("../manifest.json", "nothing.html", "manifest.json"):
            assert asked(name, "mine").status_code == 404
        assert asked("index.html", "other").status_code == 404
        assert asked("index.html", "mine", of="x").status_code == 404
    finally:
        site_passes.drop("mine")
