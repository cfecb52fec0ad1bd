"""`niis findings` and `niis decide`: what the checks found, and what stewards decide of it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.acting import log, reader_of
from pipelines.commands.asked import Hierarchy, HierarchyOption, unknown_area
from pipelines.commands.known import open_as_known
from pipelines.commands.output import CommandError, Format, FormatOption, print_rows, say
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.reference import DecisionKind

COLUMNS = [
    "finding_key", "severity", "rule_code", "area_code", "facility_code", "period", "measure_code", "violations",
    "evaluated", "value", "expected", "effect", "state_code", "is_back", "assignee", "version", "detail_vi",
    "detail_en",
]  # fmt: skip
DECISION_COLUMNS = [
    "subject_kind", "subject_key", "version", "decision_code", "decided_by", "decided_at", "reason", "detail",
]  # fmt: skip


class Severity(StrEnum):
    """How grave a finding is."""

    BLOCKING = "blocking"
    WARNING = "warning"
    NOTICE = "notice"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("findings")(findings)
    app.command("decide")(decide)


def findings(
    ctx: typer.Context,
    *,
    rule: Annotated[str | None, typer.Option(help="Mã quy tắc / the code of a rule.")] = None,
    area: Annotated[
        str | None, typer.Option("--area", help="Địa bàn, kể cả bên dưới / an area with all below it.")
    ] = None,
    hierarchy: HierarchyOption = Hierarchy.NEW,
    severity: Annotated[Severity | None, typer.Option(help="Mức độ / how grave.")] = None,
    state: Annotated[
        str | None, typer.Option("--state", help="Trạng thái: open, assigned ... / the state after decisions.")
    ] = None,
    assignee: Annotated[str | None, typer.Option(help="Người được giao / whom it was given to.")] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Mọi quyết định đã ghi / every decision that was written.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Số dòng nhiều nhất / rows at most.")] = 200,
    form: FormatOption = Format.TABLE,
) -> None:
    """Phát hiện về dữ liệu và quyết định về chúng, việc cần làm trước ở trên / findings with their decisions,
    what to act on first on top.
    """
    from dashboards.desk import Filters, queue  # noqa: PLC0415 - commands import what they need
    from pipelines.access.policy import Place  # noqa: PLC0415
    from pipelines.reference import load_registry  # noqa: PLC0415
    from pipelines.stewardship.door import decisions  # noqa: PLC0415

    settings: Settings = ctx.obj
    registry, store = load_registry(), decisions(settings)
    if state is not None and state not in registry.decision_states:
        raise CommandError(f"there is no state '{state}'; there are: {', '.join(registry.decision_states)}.")
    release = open_as_known(settings, None)
    if area is not None and release.area(hierarchy.value, area) is None:
        raise unknown_area([hierarchy.value], area)
    place = None if area is None else Place(hierarchy.value, area)
    filters = Filters(rule, place, severity.value if severity else None, state, assignee)
    found = queue(release, store.states(), registry.decision_states, filters)
    if history:
        if settings.acting is not None and release.scope is not None:
            keys = set(found["finding_key"]) if found.height else set()
            told = [row for row in store.history() if row.subject.subject_key in keys]
        else:
            told = store.history()
        rows = [
            {"subject_kind": row.subject.subject_kind, "subject_key": row.subject.subject_key, "version": row.version,
             "decision_code": row.decision_code, "decided_by": row.decided_by, "decided_at": row.decided_at,
             "reason": row.reason, "detail": row.detail}
            for row in told
        ]  # fmt: skip
        print_rows(rows[-limit:], DECISION_COLUMNS, form)
        return
    print_rows(found.head(limit).to_dicts(), COLUMNS, form)
    if found.height > limit:
        say(f"{limit} / {found.height}; --limit")


def decide(
    ctx: typer.Context,
    code: Annotated[
        str,
        typer.Argument(
            help="Quyết định: assign, comment, resolve, accept, reopen, confirm_outlier, exclude_outlier, undo_outlier,"
            " propose_correction, approve_correction, refuse_correction, undo_correction / the decision."
        ),
    ],
    subject: Annotated[
        str,
        typer.Argument(
            help="Mã phát hiện hay mã tệp (hoặc phần đầu), hay giá trị F:<cơ sở>|<kỳ>|<số đo> / the key of a finding or"
            " file (or its beginning), or a value as F:<facility>|<period>|<measure>."
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Vì sao / why.")],
    by: Annotated[str, typer.Option("--by", help="Ai quyết định / who decides.")] = "",
    assignee: Annotated[str | None, typer.Option(help="Giao cho ai / whom it is given to.")] = None,
    corrected_by: Annotated[str | None, typer.Option(help="Mã tệp sửa / the id of the correcting file.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Tệp sửa, giữ chờ duyệt / the corrected file, held until it is approved."
        ),
    ] = None,
    seen: Annotated[
        int | None,
        typer.Option(
            min=0, help="Số quyết định đã thấy (cột version); khác thì từ chối / decisions seen; refused if more."
        ),
    ] = None,
) -> None:
    """Ghi một quyết định; có hiệu lực từ lần `niis run` sau / write a decision, which the next `niis run` applies.

    Which card is whose is decided with `niis identity decide`.
    """
    # Commands import what they need.
    from dashboards.desk import check_correction, require_rejected, subject_of  # noqa: PLC0415
    from dashboards.formats import viet_nam_now  # noqa: PLC0415
    from pipelines.reference import load_registry  # noqa: PLC0415
    from pipelines.stewardship.corrections import PROPOSED  # noqa: PLC0415
    from pipelines.stewardship.door import checked_detail, decisions, propose_correction  # noqa: PLC0415

    settings: Settings = ctx.obj
    registry = load_registry()
    kinds = registry.decision_kinds
    if code not in kinds:
        raise CommandError(f"there is no decision '{code}'; there are: {', '.join(kinds)}.")
    kind, release, store = kinds[code], open_as_known(settings, None), decisions(settings)
    what = subject_of(release, kind, subject)
    if (kind.to_state == PROPOSED) != (file is not None):
        raise CommandError("propose_correction takes the corrected file with --file, and nothing else does.")
    detail = _detail(kind, assignee, corrected_by)
    if file is not None:
        require_rejected(release, what)
        if detail is not None:
            raise CommandError("the corrected file is named with --file alone.")
    elif kind.detail_name == "corrected_by" and detail is not None:
        detail = check_correction(release, what, detail)
    who = by if settings.acting is None else reader_of(settings).user
    log(settings, "decide", subject=str(what), decision=code)
    if file is not None:
        decision = propose_correction(
            settings, what, file.name, file.read_bytes(),
            decided_by=who, decided_at=viet_nam_now(), reason=reason, seen_version=seen,
        )  # fmt: skip
    else:
        detail = checked_detail(settings, store.state(what), code, detail, registry)
        decision = store.decide(
            what, code, decided_by=who, decided_at=viet_nam_now(), reason=reason, seen_version=seen, detail=detail
        )
    say(f"Đã ghi / written: {what} {code}, version {decision.version}")


def _detail(kind: DecisionKind, assignee: str | None, corrected_by: str | None) -> str | None:
    given = {name: text for name, text in (("assignee", assignee), ("corrected_by", corrected_by)) if text is not None}
    if set(given) - {kind.detail_name}:
        raise CommandError(f"'{kind.decision_code}' takes no {', '.join(set(given) - {kind.detail_name})}.")
    return given.get(kind.detail_name or "")
