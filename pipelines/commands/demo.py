"""`niis demo`: a synthetic nation and real history, from files to the dashboards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.facilities import load_register
from pipelines.commands.output import CommandError, Format, console, print_rows, say
from pipelines.commands.serve import HostOption, PortOption
from pipelines.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from pipelines.progress import StepTime

SAMPLES = PROJECT_ROOT / "pipelines" / "sample"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    ctx: typer.Context,
    serve: Annotated[
        bool,
        typer.Option("--serve/--no-serve", help="Mở bảng số liệu sau khi xong / serve the dashboards afterwards."),
    ] = True,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8501,
) -> None:
    """Cả nước mô phỏng và lịch sử thật, từ tệp đến bảng số liệu / a synthetic nation and real history, to
    dashboards.
    """
    import shutil  # noqa: PLC0415 - commands import what they need
    import tempfile  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from pipelines.identity.store import IdentityStore  # noqa: PLC0415
    from pipelines.inbox import submit  # noqa: PLC0415
    from pipelines.progress import ConsoleReporter  # noqa: PLC0415
    from pipelines.runner import run  # noqa: PLC0415
    from pipelines.synthetic import demo_parameters, generate  # noqa: PLC0415

    settings: Settings = ctx.obj
    reporter = ConsoleReporter(console(stderr=True))
    settings.home.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="demo-", dir=settings.home))
    try:
        with reporter.step("Sinh dữ liệu mô phỏng / generating a synthetic programme") as step:
            generate(work, **demo_parameters(), progress=step)
        load_register(settings, work / "facilities.csv")
        # Everybody is invented, so each run's report can say how good the links between cards are.
        settings.identity.mkdir(exist_ok=True)
        shutil.copy(work / "persons_truth.csv", IdentityStore(settings.identity).labels)
        with reporter.step("Đưa tệp vào hộp nhận / submitting the files"):
            submit(settings, [work / "submissions", *sorted(SAMPLES.glob("*.csv"))])
        outcome = run(settings, reporter)
    finally:
        shutil.rmtree(work)
    if outcome.release is None:
        raise CommandError("the demo published nothing; look into the messages above.")
    _print_times(reporter.times)
    news = "Đã phát hành / published" if outcome.is_new else "Không có gì mới / nothing new"
    say(f"{news}: {outcome.release.release_id}, số liệu đến / as of {outcome.release.as_of_date}")
    if serve:
        from dashboards.access import door_of  # noqa: PLC0415
        from dashboards.server import serve as serve_dashboards  # noqa: PLC0415

        say(
            "Chế độ dùng thử: mọi người ở đây đều là mô phỏng; chọn vai trò ở trang «Quyền xem». / "
            "Demo mode: everybody here is simulated; choose a role on the page 'Access'."
        )
        serve_dashboards(settings.published, host=host, port=port, door=door_of(settings, demo=True))
    else:
        say(f"Mở bảng số liệu / open the dashboards: niis --home {settings.home} serve")


def _print_times(times: Sequence[StepTime]) -> None:
    rows = [{"step": item.title, "seconds": round(item.seconds, 1)} for item in times]
    rows.append({"step": "Tổng / total", "seconds": round(sum(item.seconds for item in times), 1)})
    print_rows(rows, ["step", "seconds"], Format.TABLE)
