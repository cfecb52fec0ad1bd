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
    "import sys; from pathlib import Path; from dashboards.server import serve; "
    "from pipelines.settings import Settings; "
    "serve(Path(sys.argv[1]), port=int(sys.argv[2]), persons_of=Settings(Path(sys.argv[3])) if sys.argv[3:] else None)"
)


@contextmanager
def served(published: Path, persons_home: Path | None = None) -> Iterator[str]:
    """Serve a folder of releases, with the persons of a home when it is given; give the address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-c", _START, str(published), str(port), *([str(persons_home)] if persons_home else [])],
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
