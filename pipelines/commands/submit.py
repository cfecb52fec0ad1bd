"""`niis submit`: files into the inbox."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say
from pipelines.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("submit")(submit)


def submit(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, help="Tệp hoặc thư mục / files, or folders of files.", show_default=False),
    ] = None,
    from_list: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Tệp liệt kê đường dẫn, mỗi dòng một tệp / a file naming one path a line.",
        ),
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Đưa tệp vào hộp nhận và in mã báo cáo / put files into the inbox and print their submission ids."""
    chosen = list(paths or [])
    if from_list is not None:
        lines = from_list.read_text(encoding="utf-8").splitlines()
        chosen += [Path(line) for line in lines if line.strip()]
    if not chosen:
        raise CommandError("no file was named; give paths, or a list of paths with --from-list.")
    from pipelines.inbox import submit as submit_files  # noqa: PLC0415 - commands import what they need

    settings: Settings = ctx.obj
    deliveries = submit_files(settings, chosen)
    rows = [{"submission_id": item.submission_id, "name": item.name, "bytes": item.byte_count} for item in deliveries]
    print_rows(rows, ["submission_id", "name", "bytes"], form)
    say(f"{len(rows)} tệp chờ tiếp nhận / files wait; take them in with: niis run")
