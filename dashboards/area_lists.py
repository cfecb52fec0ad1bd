"""The list of areas that was in force on a day, and where each area of the tree lies in it.

A tree is stored as one list has it; `area_versions` holds what changed of it afterwards: areas that ended, began, were
renamed or came under another parent. Communes and districts were only ever merged into others in that time, so whatever
is counted of a list's area is counted of whole areas of the tree.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ListedArea:
    """An area as a list has it."""

    area_code: str
    level_code: str
    parent_code: str | None
    name_vi: str


@dataclass(frozen=True)
class Member:
    """An area of the tree that counts, `weight` times, in an area of a list."""

    area_code: str
    member_code: str
    member_level: str
    weight: int


class AreaList:
    """The areas of a tree on a day. `areas`: rows of `dim_areas`; `versions`: rows of `dim_area_versions`."""

    def __init__(self, areas: Iterable[Row], versions: Iterable[Row], day: date) -> None:
        """Take the versions that hold on the day, and the areas of the tree that never changed."""
        self._tree = {row["area_code"]: row for row in areas}
        self._versions: dict[str, list[Row]] = defaultdict(list)
        for version in sorted(versions, key=lambda version: (version["area_code"], version["valid_from"])):
            self._versions[version["area_code"]].append(version)
        self.areas: dict[str, ListedArea] = {}
        for code in self._tree.keys() | self._versions.keys():
            row: Row | None = self._tree.get(code)
            if code in self._versions:
                held = [own for own in self._versions[code] if own["valid_from"] <= day < own["valid_to"]]
                row = held[-1] if held else None
            if row is not None:
                self.areas[code] = ListedArea(code, row["level_code"], row["parent_code"], row["name_vi"])
        self._below: dict[str | None, list[str]] = defaultdict(list)
        for area in self.areas.values():
            self._below[area.parent_code].append(area.area_code)

    def children(self, area_code: str) -> list[str]:
        """Return the codes directly below an area, sorted."""
        return sorted(self._below[area_code])

    def home(self, area_code: str) -> str | None:
        """Return where an area of the tree lies on the day: itself, or what it became; None when that ended too."""
        seen: set[str] = set()
        here: str | None = area_code
        while here and here not in self.areas:
            if here in seen:
                return None
            seen.add(here)
            own = self._versions.get(here)
            here = own[-1]["successor_code"] if own else None
        return here or None

    def members(self, area_codes: Sequence[str]) -> list[Member]:
        """Return of which areas of the tree the areas of the list are made.

        A district is what its districts of the tree were, without the communes that left them, and with those that
        came: so a district's own reports stay in it. An area that is the same on the day is its own only member.
        """
        wanted = set(area_codes)
        levels = {code: row["level_code"] for code, row in self._tree.items()}
        found: Counter[tuple[str, str]] = Counter()
        for code, area in self._tree.items():
            home = self.home(code)
            parent = area["parent_code"]
            if home in wanted and self.areas[home].level_code == area["level_code"]:
                found[home, code] += 1
            if area["level_code"] == "commune":
                # Where the commune counts beside its district of the tree: nowhere when it stayed in it.
                before = self.home(parent)
                after = self.areas[home].parent_code if home else before
                if before != after:
                    for district, sign in ((before, -1), (after, 1)):
                        if district in wanted:
                            found[district, code] += sign
        return [
            Member(listed, code, levels[code], weight) for (listed, code), weight in sorted(found.items()) if weight
        ]
