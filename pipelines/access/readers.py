"""Who is asking: users of an installation, claims of a sign-in, sample readers, and access that was asked for.

Files of a home, for its owner alone: `access/users.csv` (user, role_code, area such as 63:01, valid_from, valid_to) and
`access/requests.jsonl` (what was asked for outside the own area, with the reason; only ever added to).
"""

from __future__ import annotations

import csv
import getpass
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from filelock import FileLock

from pipelines.access.audit import AuditLog
from pipelines.access.policy import AccessDeniedError, Grant, Place, Reader, Scope, Territory
from pipelines.care.private import append_line, write_private
from pipelines.reference import Registry, Role
from pipelines.settings import Settings

_FIELDS = ("user", "role_code", "area", "valid_from", "valid_to")
_VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
KEEPER, LOCAL = "keeper", "local"


class AccessSettingsError(Exception):
    """Users, roles or requests of a home are not what they should be; the message says where and what to do."""


@dataclass(frozen=True)
class User:
    """A line of `users.csv`: the role and area that somebody has, from a day until before another."""

    user: str
    role_code: str
    place: Place
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class ClaimNames:
    """Which claims of a sign-in say who it is, and (when they are named) in which role and area."""

    user: str = "email"
    role: str | None = None
    area: str | None = None


class Readers:
    """Finds who is asking at an installation."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        """Take the installation and the registry of roles."""
        self._settings = settings
        self._registry = registry

    @property
    def users_file(self) -> Path:
        """The list of users."""
        return self._settings.access / "users.csv"

    @property
    def requests_file(self) -> Path:
        """What was asked for outside the own area."""
        return self._settings.access / "requests.jsonl"

    def scope(self, reader: Reader) -> Scope:
        """Return what a reader may see."""
        return Scope(reader, Territory.of(self._registry))

    def machine(self, role_code: str, user: str) -> Reader:
        """Return the reader that the machine itself stands for: its keeper, or its local user."""
        return Reader(user, self._registry.roles[role_code], self._nation())

    def sample(self, reader_code: str, now: datetime) -> Reader:
        """Return a sample reader of the demo mode. Raises AccessDeniedError when there is none of this code."""
        row = self._registry.demo_readers.get(reader_code)
        if row is None:
            raise AccessDeniedError(
                f"Không có vai trò mẫu '{reader_code}'. / There is no sample reader '{reader_code}'."
            )
        return self._reader(row.reader_code, row.role_code, Place(row.hierarchy_code, row.area_code), now)

    def role_in(self, role_code: str, place: Place, user: str, now: datetime) -> Reader:
        """Return a reader of a role in an area. Raises AccessDeniedError when one of them does not exist."""
        return self._reader(user, role_code, place, now)

    def user(self, name: str, now: datetime) -> Reader:
        """Return a user of `users.csv` on a day. Raises AccessDeniedError when it names no such user."""
        today = now.date()
        for row in self.users():
            is_in_force = row.valid_from <= today and (row.valid_to is None or today < row.valid_to)
            if row.user.casefold() == name.casefold() and is_in_force:
                return self._reader(row.user, row.role_code, row.place, now)
        raise AccessDeniedError(
            f"'{name}' chưa được cấp vai trò và địa bàn ở đây; đề nghị người quản trị cấp (niis access grant). / "
            f"'{name}' has no role and area here; ask the administrator for one (niis access grant)."
        )

    def signed_in(self, claims: Mapping[str, Any], names: ClaimNames, now: datetime) -> Reader:
        """Return who signed in: by claims where they give role and area, else by `users.csv`.

        Raises AccessDeniedError.
        """
        name = str(claims.get(names.user) or "")
        if not name:
            raise AccessDeniedError(
                f"Nhà cung cấp đăng nhập không cho biết '{names.user}'. / The sign-in gave no claim '{names.user}'."
            )
        if names.user == "email" and claims.get("email_verified") is False:
            raise AccessDeniedError(
                f"Địa chỉ {name} chưa được nhà cung cấp đăng nhập xác minh. / "
                f"The provider has not verified the address {name}."
            )
        if names.role is None or names.area is None:
            return self.user(name, now)
        role, area = claims.get(names.role), claims.get(names.area)
        if not role or not area:
            raise AccessDeniedError(
                f"Tài khoản {name} không có '{names.role}' hoặc '{names.area}'; hãy báo người giữ đăng nhập. / "
                f"The account {name} has no claim '{names.role}' or '{names.area}'; ask whoever keeps the sign-in."
            )
        return self._reader(name, str(role), Place.read(str(area)), now)

    def users(self) -> list[User]:
        """Return every line of `users.csv`. Raises AccessSettingsError when one is misshapen."""
        if not self.users_file.exists():
            return []
        found = []
        with self.users_file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != _FIELDS:
                raise AccessSettingsError(f"{self.users_file} needs the columns {', '.join(_FIELDS)}, in this order.")
            for line, row in enumerate(reader, start=2):
                try:
                    found.append(
                        User(
                            row["user"].strip(),
                            row["role_code"].strip(),
                            Place.read(row["area"]),
                            date.fromisoformat(row["valid_from"]),
                            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                        )
                    )
                except (ValueError, AttributeError, AccessDeniedError) as error:
                    raise AccessSettingsError(f"{self.users_file}, line {line}: {error}.") from error
        return found

    def give(self, name: str, role_code: str, place: Place, today: date) -> User:
        """Give somebody a role in an area from today on; what the user had before ends. Raises AccessDeniedError."""
        self._assignable(role_code)
        self._known(place)
        self._settings.access.mkdir(mode=0o700, parents=True, exist_ok=True)
        given = User(name, role_code, place, today, None)
        with FileLock(self._settings.access / ".users.lock"):
            self._write([*self._ended(self.users(), name, today), given])
        return given

    def take(self, name: str, today: date) -> bool:
        """End what somebody has, from today on; return whether there was anything."""
        self._settings.access.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(self._settings.access / ".users.lock"):
            before = self.users()
            after = self._ended(before, name, today)
            self._write(after)
        return after != before

    def request(self, reader: Reader, place: Place, reason: str, now: datetime) -> Grant:
        """Give a reader access to an area for some hours, logged first. Raises AccessDeniedError, AuditError."""
        parameters = self._registry.access_parameters
        if not reader.role.can_request:
            raise AccessDeniedError(
                f"Vai trò «{reader.role.name_vi}» không được xin xem ngoài địa bàn. / "
                f"The role '{reader.role.name_en}' may not ask for access outside its area."
            )
        self._known(place)
        shortest = int(parameters["reason_letters"].value)
        if len(reason.strip()) < shortest:
            raise AccessDeniedError(
                f"Hãy viết lý do ít nhất {shortest} chữ cái. / Write a reason of at least {shortest} letters."
            )
        until = now + timedelta(hours=parameters["request_hours"].value)
        grant = Grant(reader.user, place, reason.strip(), now, until)
        AuditLog(self._settings.audit_log).append(
            who=reader.user, at=now, action="request", area=str(place), until=until.isoformat(timespec="seconds"),
            reason=grant.reason,
        )  # fmt: skip
        append_line(
            self.requests_file,
            {
                "user": grant.user,
                "area": str(place),
                "reason": grant.reason,
                "given_at": now.isoformat(timespec="seconds"),
                "until": until.isoformat(timespec="seconds"),
            },
        )
        return grant

    def grants_of(self, user: str, now: datetime) -> tuple[Grant, ...]:
        """Return what a user asked for that still holds."""
        if not self.requests_file.exists():
            return ()
        found = []
        for line in self.requests_file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            given, until = datetime.fromisoformat(row["given_at"]), datetime.fromisoformat(row["until"])
            if row["user"] == user and given <= now < until:
                found.append(Grant(user, Place.read(row["area"]), row["reason"], given, until))
        return tuple(found)

    def _reader(self, user: str, role_code: str, place: Place, now: datetime) -> Reader:
        role = self._assignable(role_code)
        self._known(place)
        return Reader(user, role, place, self.grants_of(user, now))

    def _assignable(self, role_code: str) -> Role:
        role = self._registry.roles.get(role_code)
        if role is None or not role.is_assignable:
            known = ", ".join(code for code, row in self._registry.roles.items() if row.is_assignable)
            raise AccessDeniedError(
                f"Không có vai trò '{role_code}' để cấp; các vai trò: {known}. / "
                f"There is no role '{role_code}' to give; the roles: {known}."
            )
        return role

    def _known(self, place: Place) -> None:
        if not Territory.of(self._registry).has(place):
            raise AccessDeniedError(f"Không có địa bàn {place}. / There is no area {place}.")

    def _nation(self) -> Place:
        return next(
            Place(hierarchy, code)
            for (hierarchy, code), area in self._registry.areas.items()
            if area.parent_code is None
        )

    @staticmethod
    def _ended(users: list[User], name: str, today: date) -> list[User]:
        kept = []
        for row in users:
            is_open = row.user.casefold() == name.casefold() and (row.valid_to is None or row.valid_to > today)
            if not is_open:
                kept.append(row)
            elif row.valid_from < today:
                kept.append(User(row.user, row.role_code, row.place, row.valid_from, today))
        return kept

    def _write(self, users: list[User]) -> None:
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_FIELDS)
        for row in users:
            ended = row.valid_to.isoformat() if row.valid_to else ""
            writer.writerow([row.user, row.role_code, str(row.place), row.valid_from.isoformat(), ended])
        write_private(self.users_file, out.getvalue().encode())


def now() -> datetime:
    """Return the time in Viet Nam."""
    return datetime.now(_VIET_NAM)


def machine_user() -> str:
    """Return the name of the account that runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
