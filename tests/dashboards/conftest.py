"""One small release for all tests of the dashboards; whoever changes it makes a copy of his own."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.warehouse import Release, open_release
from tests.dashboards.fixture_release import make_release


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of releases with one in it."""
    folder = tmp_path_factory.mktemp("published")
    make_release(folder)
    return folder


@pytest.fixture(scope="session")
def release(published: Path) -> Release:
    """The release of `published`, open."""
    return open_release(published)
