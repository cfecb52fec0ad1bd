"""The site as a browser meets it, without one."""

from __future__ import annotations

import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.server import serve
from dashboards.warehouse import NothingPublishedError
from tests.dashboards.fixture_release import RELEASE_ID
from tests.dashboards.serving import served


@pytest.fixture(scope="module")
def address(published: Path) -> Iterator[str]:
    with served(published) as started:
        yield started


def fetched(url: str) -> tuple[dict[str, str], str]:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        body = answer.read()
    return headers, (gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body).decode("utf-8")


def test_health_names_the_release(address: str) -> None:
    assert json.loads(fetched(f"{address}/healthz")[1]) == {"status": "ok", "release_id": RELEASE_ID}


@pytest.mark.parametrize("path", ["/", "/province?lang=en"])
def test_pages_declare_vietnamese_and_are_compressed(address: str, path: str) -> None:
    headers, text = fetched(address + path)
    assert '<html lang="vi" translate="no">' in text
    assert headers["content-encoding"] == "gzip"


def test_boundaries_are_served_compressed(address: str) -> None:
    headers, text = fetched(f"{address}/app/static/boundaries/provinces_34.json")
    assert len(json.loads(text)["features"]) == 34
    assert headers["content-encoding"] == "gzip"


def test_health_fails_when_the_release_is_gone(published: Path, tmp_path: Path) -> None:
    pointer = tmp_path / "published"
    pointer.symlink_to(published)
    with served(pointer) as address:
        pointer.unlink()
        with pytest.raises(urllib.error.HTTPError) as caught:
            fetched(f"{address}/healthz")
        with caught.value as answer:
            assert answer.status == 503
            assert "niis run" in json.loads(answer.read())["message"]


def test_serving_nothing_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError, match="niis demo"):
        serve(tmp_path)
