"""`niis doctor`: what is installed, where data lives, what is wrong and what to do."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines.commands.output import Format, FormatOption, print_rows
from pipelines.settings import Settings

_PACKAGES = (
    "duckdb",
    "polars",
    "dagster",
    "dagster-dbt",
    "dbt-core",
    "dbt-duckdb",
    "great-expectations",
    "streamlit",
)
_GIBIBYTE = 2**30
_ENOUGH_BYTES = 5 * _GIBIBYTE


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    value: str
    state: Literal["ok", "warning", "problem"]
    what_to_do: str = ""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    ctx: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Chỉ in điều cần sửa / print only what needs attention.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Kiểm tra cài đặt và dữ liệu, chuẩn bị thư mục / look at the installation and the data, and prepare
    the folders.
    """
    from pipelines.recovery import end_dead_runs  # noqa: PLC0415 - commands import what they need
    from pipelines.resources import dagster_instance, prepare_dagster_home  # noqa: PLC0415

    settings: Settings = ctx.obj
    settings.inbox.mkdir(parents=True, exist_ok=True)
    prepare_dagster_home(settings)
    with dagster_instance(settings) as instance:
        end_dead_runs(instance)
    findings = [*_versions(), *_disk(settings.home), *_data(settings)]
    shown = [finding for finding in findings if not quiet or finding.state != "ok"]
    if shown:
        columns = ["name", "value", "state", "what_to_do"]
        print_rows([vars(finding) for finding in shown], columns, form)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


def _versions() -> Iterator[Finding]:
    version = sys.version_info
    python_is_right = (version.major, version.minor) == (3, 11)
    yield Finding(
        "python",
        f"{version.major}.{version.minor}.{version.micro}",
        "ok" if python_is_right else "problem",
        "" if python_is_right else "cài Python 3.11 rồi chạy lại make setup / install Python 3.11, then make setup",
    )
    for package in _PACKAGES:
        try:
            yield Finding(package, metadata.version(package), "ok")
        except metadata.PackageNotFoundError:
            yield Finding(package, "-", "problem", "chạy make setup / run make setup")
    chromium = shutil.which("chromium")
    yield Finding(
        "chromium",
        chromium or "-",
        "ok" if chromium else "warning",
        "" if chromium else "chỉ cần để kiểm thử trang / only the tests of the pages need it: apt-get install chromium",
    )


def _disk(home: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(home).free
    enough = free >= _ENOUGH_BYTES
    yield Finding("home", str(home), "ok")
    yield Finding(
        "disk_free",
        f"{free / _GIBIBYTE:.1f} GiB",
        "ok" if enough else "warning",
        "" if enough else "giải phóng dung lượng / free some space: a national month needs about 5 GiB",
    )
    writable = os.access(home, os.W_OK)
    yield Finding(
        "home_writable",
        "yes" if writable else "no",
        "ok" if writable else "problem",
        "" if writable else "cho phép ghi hoặc chọn --home khác / allow writing, or choose another --home",
    )


def _data(settings: Settings) -> Iterator[Finding]:
    """Look at the register, the lake and the published copy."""
    from pipelines.build import unbuilt_batches  # noqa: PLC0415 - commands import what they need
    from pipelines.publish import PublicationError, current_release, verify_release  # noqa: PLC0415

    has_register = settings.facilities.exists()
    yield Finding(
        "facility_register",
        str(settings.facilities) if has_register else "-",
        "ok" if has_register else "warning",
        "" if has_register else "nạp danh mục cơ sở / load it: niis facilities FILE",
    )
    try:
        release = current_release(settings)
        if release is None:
            yield Finding("release", "-", "warning", "chưa phát hành / nothing published: niis submit, then niis run")
        else:
            verify_release(settings, release)
            yield Finding("release", release.release_id, "ok")
    except PublicationError as error:
        yield Finding("release", str(error), "problem", "phát hành lại / publish again: niis run --everything")
    batches = unbuilt_batches(settings)
    if batches is not None:
        yield Finding(
            "unpublished_batches",
            f"{batches.since_batch_no + 1}-{batches.through_batch_no}",
            "warning",
            "phát hành / publish them: niis run",
        )
