"""`niis audit`: the log of who saw what, and whether it is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.access.audit import AuditLog
from pipelines.access.policy import AccessDeniedError
from pipelines.access.readers import now
from pipelines.commands.acting import log, reader_of
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say
from pipelines.settings import Settings

COLUMNS = ["seq", "at", "who", "action", "what", "hash"]
_OWN = {"seq", "at", "who", "action", "prev", "hash"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


def audit(
    ctx: typer.Context,
    *,
    last: Annotated[int, typer.Option(min=1, help="Bao nhiêu dòng cuối / how many of the last lines.")] = 50,
    who: Annotated[str | None, typer.Option(help="Chỉ của người này / only of this user.")] = None,
    action: Annotated[
        str | None, typer.Option(help="Chỉ việc này: sign_in, refused, download ... / only this action.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Chỉ kiểm tra chuỗi nhật ký / only check that the log is whole.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Cất nhật ký hỏng sang tệp khác và mở nhật ký mới / put a damaged log aside and begin another.",
        ),
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Nhật ký truy cập: ai đăng nhập, bị từ chối, xem từng người, tải tệp; và nhật ký có nguyên vẹn không / the audit
    log: who signed in, was refused, looked at persons or took files, and whether it is whole.
    """
    settings: Settings = ctx.obj
    role = reader_of(settings).role
    if not role.can_read_audit:
        raise AccessDeniedError(
            f"Vai trò «{role.name_vi}» không được xem nhật ký truy cập. / "
            f"The role '{role.name_en}' may not read the audit log."
        )
    found = AuditLog(settings.audit_log)
    if resume:
        aside = found.resume(who=reader_of(settings).user, at=now())
        say(f"Nhật ký hỏng được giữ ở / the damaged log is kept in: {aside}")
    if not verify and not resume:
        if settings.acting is not None:
            log(settings, "audit_read")
        rows = [
            row
            for row in found.rows()
            if (who is None or row.get("who") == who) and (action is None or row.get("action") == action)
        ]
        print_rows([_shown(row) for row in rows[-last:]], COLUMNS, form)
    chain = found.verify()
    if chain.problem:
        raise CommandError(f"{found.path}: {chain.problem}. {chain.lines} dòng đầu còn nguyên / lines before it hold.")
    say(f"{chain.lines} dòng, nguyên vẹn / lines, whole; head {chain.head}")


def _shown(row: dict[str, object]) -> dict[str, object]:
    what = "; ".join(f"{name}={value}" for name, value in row.items() if name not in _OWN)
    return {name: row.get(name) for name in COLUMNS} | {"what": what}
