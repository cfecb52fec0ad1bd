"""`niis certificate`: print a certificate of a person's valid doses, or verify one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.acting import log
from pipelines.commands.output import CommandError, say
from pipelines.commands.person import one_key
from pipelines.commands.persons_file import opened
from pipelines.settings import Settings

_VERIFY = "verify"
_WORDS = {
    "matches": "ĐÚNG: phiếu do nơi này cấp và khớp với hồ sơ hiện nay"
    " / RIGHT: issued here, and it says what the record says now",
    "changed": "ĐÃ THAY ĐỔI: phiếu do nơi này cấp nhưng hồ sơ đã được sửa từ đó; hãy in phiếu mới"
    " / CHANGED: issued here, but the record was corrected since; print a new one",
    "not_ours": "KHÔNG ĐÚNG: không phải phiếu do nơi này cấp, hoặc đã bị sửa"
    " / WRONG: not issued here, or tampered with",
}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("certificate")(certificate)


def certificate(
    ctx: typer.Context,
    *,
    person: Annotated[
        str,
        typer.Argument(
            help="Mã người, mã đối tượng hoặc số định danh; hoặc `verify` để kiểm tra phiếu"
            " / a person key, person code or national id; or `verify` to check a certificate.",
        ),
    ],
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="Tệp PDF để ghi / the PDF file to write.")] = None,
    digest: Annotated[
        str | None, typer.Option(help="Với verify: nguyên văn mã QR / with verify: the whole text of the QR code.")
    ] = None,
) -> None:
    """In phiếu xác nhận tiêm chủng (PDF, A4), hoặc kiểm tra phiếu / print a vaccination certificate, or verify one."""
    settings: Settings = ctx.obj
    if person == _VERIFY:
        if digest is None:
            raise typer.BadParameter("give the text of the QR code.", param_hint="--digest")
        _verify(settings, digest)
    elif out is None:
        raise typer.BadParameter("name the PDF file to write.", param_hint="--out")
    else:
        _print(settings, person, out)


def _print(settings: Settings, person: str, out: Path) -> None:
    from dashboards.certificates import issue  # noqa: PLC0415 - commands import what they need
    from dashboards.formats import viet_nam_now  # noqa: PLC0415
    from pipelines.care.private import write_private  # noqa: PLC0415

    persons = opened(settings)
    key = one_key(persons.keys_of(person), person)
    page, text = issue(persons, settings, key, viet_nam_now())
    log(settings, "certificate", person_key=key)
    write_private(out, page)
    say(f"{out}\n{text}")


def _verify(settings: Settings, text: str) -> None:
    from dashboards.certificates import verify  # noqa: PLC0415 - commands import what they need

    claim, outcome = verify(opened(settings), settings, text)
    log(settings, "certificate_verify", person_key=claim.person_key, outcome=outcome)
    if outcome != "matches":
        raise CommandError(_WORDS[outcome])
    say(_WORDS[outcome])
