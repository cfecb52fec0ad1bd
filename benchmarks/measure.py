"""Wall time, time of the processors and memory of a command and of everything it starts."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Measurement:
    """Wall time in seconds, that of all processors, and the highest sum of resident memory of all processes in bytes.

    On a machine that others use too, the time of the processors is what can be compared.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s ({self.cpu_seconds:.1f} s of processors), {self.peak_bytes / 2**30:.2f} GiB"


def measured(command: list[str], environment: dict[str, str] | None = None) -> Measurement:
    """Run `command` and return what it took.

    Raises subprocess.CalledProcessError when it fails. Memory is sampled from /proc, children included:
    ru_maxrss would count only the largest single process.
    """
    started = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})})
    peak = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not done.wait(SAMPLE_SECONDS):
            peak = max(peak, _tree_resident_bytes(process.pid))

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    _, status, usage = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    done.set()
    sampler.join()
    if code:
        raise subprocess.CalledProcessError(code, command)
    return Measurement(time.monotonic() - started, usage.ru_utime + usage.ru_stime, peak)


def _tree_resident_bytes(root: int) -> int:
    parents: dict[int, int] = {}
    resident: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The command's name may hold spaces and brackets: the fields begin behind the last one.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(folder.name)] = int(fields[1])
        resident[int(folder.name)] = int(fields[21]) * PAGE_BYTES
    tree = {root}
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in tree} - tree
        tree |= more
        grown = bool(more)
    return sum(resident.get(pid, 0) for pid in tree)
