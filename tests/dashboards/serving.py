"""The real server in a process of its own, for as long as a test needs it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START = (
    "import sys; from pathlib import Path; from dashboards.access import door_of; "
    "from dashboards.server import serve; from pipelines.settings import Settings; "
    "home, entry = sys.argv[3:] or [None, None]; "
    "door = door_of(Settings(Path(home)), demo=entry == 'demo', persons=entry == 'persons') if home else None; "
    "serve(Path(sys.argv[1]), port=int(sys.argv[2]), door=door)"
)


@contextmanager
def served(
    published: Path, persons_home: Path | None = None, *, entry: str = "persons", port: int | None = None
) -> Iterator[str]:
    """Serve a folder of releases, with the persons of a home when it is given; give the address once it answers.

    `entry` is the door of that home: persons (everybody sees everything), demo or sign_in.
    """
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _START,
            str(published),
            str(port),
            *([str(persons_home), entry] if persons_home else []),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait(process, address)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=20)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[str], address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):
                return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > until:
                said = process.communicate()[1] if process.poll() is not None else "no answer"
                raise RuntimeError(f"The server did not start: {said}") from error
            time.sleep(0.2)
