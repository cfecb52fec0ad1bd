"""In whose place a command reads: the keeper of the machine, or with --as or --role a reader; and the log."""

from __future__ import annotations

from pipelines.access.audit import AuditLog
from pipelines.access.policy import Place, Reader, Scope
from pipelines.access.readers import KEEPER, Readers, machine_user, now
from pipelines.commands.output import CommandError
from pipelines.reference import load_registry
from pipelines.settings import Acting, Settings

# What a reader may run; everything else belongs to whoever keeps the machine.
READER_COMMANDS = frozenset(
    {
        "indicator",
        "explain",
        "bridge",
        "red",
        "nowcast",
        "due",
        "person",
        "reminders",
        "certificate",
        "audit",
        "access",
        "findings",
        "decide",
        "extract",
        "report",
        "form",
        "scorecard",
        "letter",
    }
)


def acting_in(user: str | None, role: str | None, area: str | None, command: str | None) -> Acting | None:
    """Return in whose place a command reads; None for the keeper. Raises CommandError when that makes no sense."""
    if user is None and role is None and area is None:
        return None
    if (user is None) == (role is None):
        raise CommandError("say either --as USER, or --role ROLE with --area-of AREA.")
    if (role is None) != (area is None):
        raise CommandError("--role and --area-of go together, such as: --role official --area-of 63:01.")
    if command not in READER_COMMANDS:
        raise CommandError(
            f"'{command}' is for whoever keeps the machine; a role may use: {', '.join(sorted(READER_COMMANDS))}."
        )
    return Acting(user, role, area)


def reader_of(settings: Settings) -> Reader:
    """Return who reads. Raises AccessDeniedError when there is no such user, role or area."""
    readers, acting = Readers(settings, load_registry()), settings.acting
    if acting is None:
        return readers.machine(KEEPER, f"cli:{machine_user()}")
    if acting.user is not None:
        return readers.user(acting.user, now())
    place = Place.read(str(acting.area))
    return readers.role_in(str(acting.role), place, f"cli:{machine_user()}:{acting.role}:{place}", now())


def scope_of(settings: Settings) -> Scope | None:
    """Return what a command may read; None for the keeper, who owns the files. Raises AccessDeniedError."""
    return None if settings.acting is None else Readers(settings, load_registry()).scope(reader_of(settings))


def log(settings: Settings, action: str, **what: str | int | None) -> None:
    """Write down what was done or refused. Raises AuditError: then it must not be done."""
    acting = settings.acting
    who = f"cli:{machine_user()}"
    if acting is not None:
        who = acting.user or f"{who}:{acting.role}:{acting.area}"
    AuditLog(settings.audit_log).append(who=who, at=now(), action=action, **what)
