"""A PostgreSQL of the tests' own: Debian's programs, a folder of its own, reached through a socket in it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.reference import load_registry
from pipelines.stewardship.store import Decisions

REGISTRY = load_registry()


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of an empty PostgreSQL server that ends with the session."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed (Debian: apt-get install postgresql)")
    user: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix="niis-pg-", dir="/tmp"))
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root; Debian's package makes a user for it.
        try:
            owner = pwd.getpwnam("postgres")
        except KeyError:
            shutil.rmtree(folder)
            pytest.skip("PostgreSQL does not run as root, and there is no user 'postgres'")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        user = ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    data = folder / "data"

    def call(program: str, *arguments: str) -> None:
        told = subprocess.run(
            [*user, str(programs / program), *arguments],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert told.returncode == 0, told.stdout

    call("initdb", "--pgdata", str(data), "--auth=trust", "--username=niis", "--encoding=UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    call("pg_ctl", "start", "--pgdata", str(data), "-w", "-o", options, "-l", str(folder / "log"))
    try:
        yield f"postgresql://niis@/postgres?host={folder}"
    finally:
        call("pg_ctl", "stop", "--pgdata", str(data), "-m", "immediate", "-w")
        shutil.rmtree(folder)


def store_at(url: str) -> Decisions:
    """Open a store of decisions by the registry's kinds."""
    return Decisions(url, REGISTRY.decision_kinds, REGISTRY.decision_states)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store, in either database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'stewardship' / 'decisions.sqlite'}"
        return
    import psycopg  # noqa: PLC0415 - only where PostgreSQL is

    address = request.getfixturevalue("postgresql")
    yield address
    with psycopg.connect(address) as connection:
        connection.execute("drop table if exists steward_decisions")
