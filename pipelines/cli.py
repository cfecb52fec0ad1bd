"""The command `niis`: options, words and exit codes. What a command does is in `pipelines/commands/`.

Heavy libraries are imported inside commands, so that `niis --help` answers at once.
Exit codes: 0 = done, 1 = a problem was found (said in one sentence), 2 = the command was not understood.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pipelines.access.policy import AccessDeniedError
from pipelines.commands import (
    access,
    audit,
    bridge,
    certificate,
    changes,
    compute,
    demo,
    doctor,
    doses,
    due,
    explain,
    extract,
    facilities,
    findings,
    findings_score,
    form,
    generate,
    identity,
    indicator,
    nowcast,
    outliers,
    person,
    receipt,
    red,
    releases,
    reminders,
    report,
    run,
    scorecard,
    serve,
    status,
    submit,
)
from pipelines.commands.acting import acting_in, log
from pipelines.settings import load_settings, turn_telemetry_off

_OUR_PACKAGES = ("pipelines.", "dashboards.", "data_quality.")


class OneSentenceGroup(TyperGroup):
    """Prints the errors that the project raises as one sentence; a traceback is for `--debug`."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; turn an error with a sentence into exit code 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Whoever read the output has enough; nothing more can be written, not even when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(1)
        except Exception as error:
            ours = type(error).__module__.startswith(_OUR_PACKAGES) or isinstance(error, OSError)
            if ctx.params.get("debug") or not ours:
                raise
            typer.echo(f"Lỗi / error: {error}", err=True)
            if isinstance(error, AccessDeniedError) and ctx.obj is not None:
                place = None if error.place is None else str(error.place)
                log(ctx.obj, "refused", command=ctx.invoked_subcommand, area=place)
            ctx.exit(1)


app = typer.Typer(
    cls=OneSentenceGroup,
    name="niis",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Kho dữ liệu tiêm chủng quốc gia: từ tệp của cơ sở đến số liệu đã phát hành. "
    "/ The national immunization warehouse: from facility files to published numbers.",
)


@app.callback()
def _common(
    ctx: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(
            envvar="NIIS_HOME",
            file_okay=False,
            help="Thư mục dữ liệu (mặc định ./data) / the folder of all data (default ./data).",
        ),
    ] = None,
    as_user: Annotated[
        str | None,
        typer.Option(
            "--as", help="Đọc với quyền của một người dùng ở đây / read with the rights of a user of this home."
        ),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(help="Đọc với quyền của một vai trò (cùng --area-of) / read with the rights of a role."),
    ] = None,
    area_of: Annotated[
        str | None,
        typer.Option(help="Địa bàn của vai trò, ví dụ 63:01 / the area of the role, such as 63:01."),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Hiện toàn bộ vết lỗi / show the whole traceback of an error.")
    ] = False,
) -> None:
    del debug  # read by OneSentenceGroup
    turn_telemetry_off()
    ctx.obj = load_settings(home, acting_in(as_user, role, area_of, ctx.invoked_subcommand))


_COMMANDS = (
    demo, generate, submit, run, status, receipt, indicator, explain, due, reminders, person, certificate, serve,
    doctor, facilities, doses, bridge, red, compute, outliers, findings, findings_score, identity, releases,
    changes, nowcast, access, audit, extract, report, form, scorecard,
)  # fmt: skip
for _command in _COMMANDS:
    _command.register(app)


if __name__ == "__main__":
    app()
