"""Says how far a long step is: a bar on a terminal, plain lines elsewhere, nothing where nobody looks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Step(Protocol):
    """One long step that is under way."""

    def __call__(self, done: int, total: int, detail: str = "") -> None:
        """Say that `done` of `total` parts are finished; `detail` names the last one."""


class Reporter(Protocol):
    """Whoever wants to know what is going on."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Open a step with a title in both languages; close it by leaving the context."""


@dataclass(frozen=True)
class StepTime:
    """How long one step took."""

    title: str
    seconds: float


@dataclass
class SilentReporter:
    """Keeps the times and prints nothing: for tests, for Dagster's own runs, for machine-readable output."""

    times: list[StepTime] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Open a step of which only the time is kept."""
        started = time.perf_counter()
        yield _ignore
        self.times.append(StepTime(title, time.perf_counter() - started))


class ConsoleReporter(SilentReporter):
    """A progress bar on a terminal; one plain line at the start and end of a step elsewhere."""

    def __init__(self, console: Console) -> None:
        """Show progress on `console`."""
        super().__init__()
        self._console = console

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Open a step that is shown while it runs."""
        with super().step(title):
            if self._console.is_terminal:
                with self._bar() as bar:
                    task = bar.add_task(title, total=None, detail="")

                    def update(done: int, total: int, detail: str = "") -> None:
                        bar.update(task, completed=done, total=total, detail=detail[:40])

                    yield update
                    finished = bar.tasks[0].total or 1
                    bar.update(task, completed=finished, total=finished, detail="")
            else:
                self._console.print(f"{title} ...", soft_wrap=True, highlight=False, markup=False)
                yield _ignore
        if not self._console.is_terminal:
            last = self.times[-1]
            self._console.print(f"{last.title}: {last.seconds:.1f} s", soft_wrap=True, highlight=False, markup=False)

    def _bar(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}"),
            console=self._console,
        )


def _ignore(done: int, total: int, detail: str = "") -> None:
    """Take the news and do nothing with it."""
