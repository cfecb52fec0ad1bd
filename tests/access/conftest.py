"""A home with a small release and its persons, whose log and users each test file may fill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pipelines.access.policy import Place, Scope
from pipelines.access.readers import Readers
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.care.register import make_persons_release
from tests.care.test_series_states import EVERYONE
from tests.dashboards.fixture_release import make_release
from tests.dashboards.test_person_pages import MOVER

NOON = datetime(2026, 4, 6, 12, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
ScopeOf = Callable[[str, str], Scope]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Everybody lives in the commune 63:00001 (34:00097), the mover by now in 63:00004 beside it."""
    settings = Settings(tmp_path_factory.mktemp("home"))
    make_release(settings.published)
    make_persons_release(settings.published, [*EVERYONE, MOVER])
    return settings


@pytest.fixture(scope="module")
def scope_of(home: Settings) -> ScopeOf:
    """What a role in an area sees."""
    readers = Readers(home, load_registry())

    def found(role: str, area: str) -> Scope:
        return readers.scope(readers.role_in(role, Place.read(area), f"{role} of {area}", NOON))

    return found
