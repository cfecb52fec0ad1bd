"""A run may be killed at any moment: what it left is taken up by the next one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from pipelines.progress import SilentReporter
from pipelines.recovery import end_dead_runs
from pipelines.resources import Clock, dagster_instance
from pipelines.runner import run
from pipelines.settings import Settings
from tests.conftest import RUN_AT
from tests.orchestration.published import content, difference

_KILLED_RUN = """
import os, sys
from contextlib import contextmanager
from pipelines.progress import SilentReporter
from pipelines.resources import Clock
from pipelines.runner import run
from pipelines.settings import Settings
from pipelines.transform import state_path

class Killer(SilentReporter):
    left = int(sys.argv[2])

    def moment(self):
        if self.left == 0:
            os.kill(os.getpid(), 9)
        self.left -= 1

    @contextmanager
    def step(self, title):
        self.moment()
        with super().step(title) as update:
            yield update
        self.moment()

run(Settings(__import__("pathlib").Path(sys.argv[1])), Killer(), clock=Clock(fixed_at=sys.argv[3]))
"""


def test_a_run_killed_between_any_two_steps_is_taken_up_by_the_next(
    published_home: Settings, fresh_home: Callable[[str], Settings]
) -> None:
    """Killed after each step in turn, in one home; then the numbers of a clean run."""
    settings = fresh_home("killed")
    # After taking in; after its checks; after building; before publishing.
    for moment in (1, 3, 1, 4):
        killed = subprocess.run(
            [sys.executable, "-c", _KILLED_RUN, str(settings.home), str(moment), RUN_AT], check=False
        )
        assert killed.returncode == -9
        assert not (settings.published / "CURRENT").exists()
    with dagster_instance(settings) as instance:
        assert len(end_dead_runs(instance)) == 1
    assert run(settings, SilentReporter(), clock=Clock(fixed_at=RUN_AT)).is_new
    assert difference(content(settings), content(published_home)) == {}
