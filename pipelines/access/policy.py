"""The one policy: what a reader, a role in an area, may see of which area. Pure: no file, no clock, no page.

A role is a row of `access/roles`. Its area is any area of any tree; what lies in it is asked of the trees, never of a
level. The query layer (`dashboards/warehouse.py`, `dashboards/persons.py`) asks a `Scope` before it reads.

    AccessDeniedError     somebody asked for what his role and area do not give; the message says what and what to do
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from pipelines.reference import Registry, Role

NONE, AREA, NATION = "none", "area", "nation"


class AccessDeniedError(Exception):
    """What was asked for is not given to this reader; `place` is the area, where access to one was asked for."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        """Take the sentence, in both languages."""
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Place:
    """An area of a tree."""

    hierarchy_code: str
    area_code: str

    def __str__(self) -> str:
        return f"{self.hierarchy_code}:{self.area_code}"

    @classmethod
    def read(cls, text: str) -> Place:
        """Return the place that `63:01` names. Raises AccessDeniedError when the text is no such."""
        hierarchy, mark, area = text.strip().partition(":")
        if not (hierarchy and mark and area):
            raise AccessDeniedError(
                f"'{text}' không phải địa bàn; hãy viết cây và mã, ví dụ 63:01. / "
                f"'{text}' is no area; write the tree and the code, such as 63:01."
            )
        return cls(hierarchy, area)


@dataclass(frozen=True, slots=True)
class Grant:
    """Access to an area outside the own one, asked for with a reason, until a time (aware)."""

    user: str
    place: Place
    reason: str
    given_at: datetime
    until: datetime


@dataclass(frozen=True)
class Reader:
    """Who asks: a name for the log, a role, the area of the role, and what was asked for beyond it and still holds."""

    user: str
    role: Role
    place: Place
    grants: tuple[Grant, ...] = ()

    def at(self, now: datetime) -> Reader:
        """Return the reader with the grants that hold at a time."""
        return replace(self, grants=tuple(grant for grant in self.grants if grant.given_at <= now < grant.until))


class Territory:
    """Every tree of areas, and how the lowest areas of one are those of another."""

    def __init__(
        self, parents: Mapping[str, Mapping[str, str | None]], changes: Iterable[tuple[str, str, str, str]]
    ) -> None:
        """Take each area's parent (hierarchy -> area -> parent) and the changes (from tree, code, to tree, code)."""
        self._parents = parents
        self._children: dict[Place, list[Place]] = defaultdict(list)
        for hierarchy, areas in parents.items():
            for area, parent in areas.items():
                if parent is not None:
                    self._children[Place(hierarchy, parent)].append(Place(hierarchy, area))
        self._same_ground: dict[Place, set[Place]] = defaultdict(set)
        for from_tree, from_code, to_tree, to_code in changes:
            before, after = Place(from_tree, from_code), Place(to_tree, to_code)
            self._same_ground[before].add(after)
            self._same_ground[after].add(before)
        self._answers: dict[tuple[Place, Place], bool] = {}

    @classmethod
    def of(cls, registry: Registry) -> Territory:
        """Return the trees of the registry; made once for each."""
        return _territory(registry.definition_version, _Held(registry))

    def has(self, place: Place) -> bool:
        """Say whether a tree has the area."""
        return place.area_code in self._parents.get(place.hierarchy_code, {})

    def contains(self, outer: Place, inner: Place) -> bool:
        """Say whether an area lies in another (or is it); across trees, whether all of its ground does."""
        if not (self.has(outer) and self.has(inner)):
            return False
        asked = (outer, inner)
        if asked not in self._answers:
            self._answers[asked] = self._contains(outer, inner)
        return self._answers[asked]

    def _contains(self, outer: Place, inner: Place) -> bool:
        if self._parents[outer.hierarchy_code][outer.area_code] is None:
            return True
        if outer.hierarchy_code == inner.hierarchy_code:
            return self._lies_in(inner, outer)
        for leaf in self._leaves(inner):
            ground = [place for place in self._same_ground[leaf] if place.hierarchy_code == outer.hierarchy_code]
            if not ground or not all(self._lies_in(place, outer) for place in ground):
                return False
        return True

    def _lies_in(self, inner: Place, outer: Place) -> bool:
        parents = self._parents[inner.hierarchy_code]
        area: str | None = inner.area_code
        while area is not None and area != outer.area_code:
            area = parents.get(area)
        return area is not None

    def _leaves(self, place: Place) -> Iterable[Place]:
        below = self._children.get(place)
        if not below:
            yield place
        else:
            for child in below:
                yield from self._leaves(child)


class _Held:
    """Lets a cache go by the version of a registry and not by its contents."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=2)
def _territory(version: str, held: _Held) -> Territory:
    del version  # the key
    parents: dict[str, dict[str, str | None]] = defaultdict(dict)
    for (hierarchy, code), area in held.registry.areas.items():
        parents[hierarchy][code] = area.parent_code
    return Territory(
        parents,
        (
            (change.from_hierarchy_code, change.from_code, change.to_hierarchy_code, change.to_code)
            for change in held.registry.area_changes
        ),
    )


class Scope:
    """What one reader may see, over the trees of one release."""

    def __init__(self, reader: Reader, territory: Territory) -> None:
        """Bind a reader to the trees."""
        self.reader = reader
        self._territory = territory

    def may_see_values(self, place: Place) -> bool:
        """Say whether the reader may see aggregates of an area."""
        return self._may(self.reader.role.aggregate_scope, place)

    def may_see_persons(self, place: Place) -> bool:
        """Say whether the reader may see who lives in an area: lists, histories, codes."""
        return self._may(self.reader.role.person_scope, place)

    def may_see_findings(self, place: Place) -> bool:
        """Say whether the reader may see what was found of an area's data."""
        return self._may(self.reader.role.finding_scope, place)

    def may_see_anybody(self) -> bool:
        """Say whether there is any area whose persons the reader may see."""
        return self.reader.role.person_scope != NONE

    def sees_all_values(self) -> bool:
        """Say whether the reader may see aggregates of every area."""
        return self.reader.role.aggregate_scope == NATION

    def hides_small_cells(self, place: Place, *, leaving: bool) -> bool:
        """Say whether counts of an area that are too small are hidden: on a page, or in what leaves with the reader.

        Whoever may see the persons of an area may count them.
        """
        shown = self.reader.role.small_cells
        return (shown == "never" or (shown == "on_screen" and leaving)) and not self.may_see_persons(place)

    def person_places(self) -> tuple[Place, ...] | None:
        """Return the areas whose persons the reader may see; None for everywhere."""
        scope = self.reader.role.person_scope
        return None if scope == NATION else self._own() if scope == AREA else ()

    def require_values(self, place: Place) -> None:
        """Raise AccessDeniedError unless the reader may see aggregates of an area."""
        if not self.may_see_values(place):
            raise self._denied("số liệu", "figures", place)

    def require_all_values(self) -> None:
        """Raise AccessDeniedError unless the reader may see aggregates of every area."""
        if not self.sees_all_values():
            raise self._denied("số liệu chung của mọi địa bàn", "what is told of all areas together", None)

    def require_persons(self, place: Place) -> None:
        """Raise AccessDeniedError unless the reader may see who lives in an area."""
        if not self.may_see_persons(place):
            raise self._denied("từng người", "single persons", place)

    def require_findings(self, place: Place) -> None:
        """Raise AccessDeniedError unless the reader may see what was found of an area's data."""
        if not self.may_see_findings(place):
            raise self._denied("phát hiện về dữ liệu", "findings on data", place)

    def require_download(self) -> None:
        """Raise AccessDeniedError unless the reader's role may take files away."""
        if not self.reader.role.can_download:
            raise self._denied("tệp tải về", "downloads", None)

    def person_outside(self) -> AccessDeniedError:
        """Return what to raise where a person does not live in an area of the reader."""
        return self._denied("người này", "this person", None)

    def _own(self) -> tuple[Place, ...]:
        return (self.reader.place, *(grant.place for grant in self.reader.grants))

    def _may(self, scope: str, place: Place) -> bool:
        if scope == NATION:
            return True
        return scope == AREA and any(self._territory.contains(own, place) for own in self._own())

    def _denied(self, what_vi: str, what_en: str, place: Place | None) -> AccessDeniedError:
        role, own = self.reader.role, self.reader.place
        where_vi, where_en = (f" của địa bàn {place}", f" of area {place}") if place else ("", "")
        ask_vi, ask_en = (
            ("; cần thì xin xem và nêu lý do (niis access request)", "; ask for it with a reason (niis access request)")
            if role.can_request
            else ("", "")
        )
        return AccessDeniedError(
            f"Vai trò «{role.name_vi}» của {own} không được xem {what_vi}{where_vi}{ask_vi}. / "
            f"The role '{role.name_en}' of {own} may not see {what_en}{where_en}{ask_en}.",
            place,
        )
