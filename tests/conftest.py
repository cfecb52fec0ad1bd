"""Homes that many tests read: a small programme is generated and taken to publication once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from pipelines.settings import Settings, turn_telemetry_off

# A test says what is right, never how fast the machine is today: benchmarks do.
hypothesis_settings.register_profile("any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("any_machine")

# Folders whose files build homes of their own.
BUILD_HOMES = ("persons", "orchestration", "metrics", "browser", "care")
PROVINCES = ["06"]
FIRST_MONTH = date(2025, 5, 1)
LAST_MONTH = date(2025, 7, 1)
# The time that runs of tests carry: a Sunday noon in Viet Nam.
RUN_AT = "2026-04-05T12:00:00+07:00"


@dataclass(frozen=True)
class Programme:
    """A generated programme: the register and the files to submit."""

    folder: Path

    @property
    def facilities(self) -> Path:
        """The facility register."""
        return self.folder / "facilities.csv"

    @property
    def submissions(self) -> Path:
        """The folder of files to submit."""
        return self.folder / "submissions"

    def files(self) -> list[Path]:
        """Every file to submit, in a fixed order."""
        return sorted(path for path in self.submissions.rglob("*") if path.is_file())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that build homes: with several processes none of them waits for another at the end."""
    order = {name: place for place, name in enumerate(BUILD_HOMES)}
    items.sort(key=lambda item: order.get(item.path.parent.name, len(order)))


@pytest.fixture(scope="session", autouse=True)
def _nothing_calls_out() -> None:
    turn_telemetry_off()


@pytest.fixture(scope="session")
def made_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, Callable[[Path], None]], Path]:
    """Makes a folder that all processes of a session read: the first to ask fills it, the others wait."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(request.config, "workerinput") else base

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def programme(made_once: Callable[[str, Callable[[Path], None]], Path]) -> Programme:
    """One province, three months across 2025-07-01, a few children a commune, with labelled defects."""

    def make(folder: Path) -> None:
        from pipelines.synthetic import generate  # noqa: PLC0415 - only tests that use it pay for it

        generate(folder, PROVINCES, FIRST_MONTH, LAST_MONTH, scale=0.05, seed=1, layout="bulk")

    return Programme(made_once("programme", make))


@pytest.fixture(scope="session")
def published_home(programme: Programme, made_once: Callable[[str, Callable[[Path], None]], Path]) -> Settings:
    """A home with the programme taken to publication. Read only: whoever changes it takes `home_copy`."""

    def make(folder: Path) -> None:
        from pipelines.progress import SilentReporter  # noqa: PLC0415
        from pipelines.resources import Clock  # noqa: PLC0415
        from pipelines.runner import run  # noqa: PLC0415

        settings = Settings(folder)
        prepare_home(settings, programme)
        run(settings, SilentReporter(), clock=Clock(fixed_at=RUN_AT))

    return Settings(made_once("published_home", make))


@pytest.fixture(scope="session")
def no_data(published_home: Settings, made_once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A warehouse of the definitions alone, for homes that a test fills: see `tests/steps.py`."""

    def make(folder: Path) -> None:
        from tests.steps import empty_warehouse  # noqa: PLC0415

        empty_warehouse(published_home, folder)

    return made_once("no_data", make)


@pytest.fixture
def home_copy(published_home: Settings, tmp_path: Path) -> Settings:
    """A copy of the published home that a test may change."""
    shutil.copytree(published_home.home, tmp_path / "home")
    return Settings(tmp_path / "home")


@pytest.fixture
def fresh_home(programme: Programme, tmp_path: Path) -> Callable[[str], Settings]:
    """Makes homes where the programme's files wait and nothing was run yet."""

    def make(name: str) -> Settings:
        settings = Settings(tmp_path / name)
        prepare_home(settings, programme)
        return settings

    return make


def prepare_home(settings: Settings, programme: Programme) -> None:
    """Load the register and submit the programme's files."""
    from pipelines.inbox import submit  # noqa: PLC0415

    settings.facilities.parent.mkdir(parents=True)
    shutil.copy(programme.facilities, settings.facilities)
    submit(settings, [programme.submissions])
