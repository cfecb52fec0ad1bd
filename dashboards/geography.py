"""The tree of areas, walked: ancestors, what is shown below an area, and which layer of boundaries draws it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from dashboards.warehouse import Area

BOUNDARIES = Path(__file__).parent / "static" / "boundaries"
# Relative on purpose: behind a proxy the site need not be at the root of its host.
_BOUNDARIES_URL = "app/static/boundaries"
ROOT_CODE = "VN"


@dataclass(frozen=True)
class Layer:
    """One file of boundaries: the areas of a level inside a province, or all provinces."""

    name: str

    @property
    def path(self) -> Path:
        """The file here."""
        return BOUNDARIES / self.name

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"{_BOUNDARIES_URL}/{self.name}"


class AreaTree:
    """All areas of one hierarchy. `frame` is what `Release.areas` returns, in display order."""

    def __init__(self, hierarchy_code: str, frame: pl.DataFrame) -> None:
        """Index the areas by code and by parent."""
        self.hierarchy_code = hierarchy_code
        columns = ["area_code", "level_code", "parent_code", "name_vi", "name_en", "depth"]
        self.areas = {
            row["area_code"]: Area(hierarchy_code=hierarchy_code, **row)
            for row in frame.select(columns).iter_rows(named=True)
        }
        self._order = {code: index for index, code in enumerate(self.areas)}
        self._children: dict[str, list[Area]] = defaultdict(list)
        for area in self.areas.values():
            if area.parent_code:
                self._children[area.parent_code].append(area)

    def get(self, code: str | None) -> Area | None:
        """Return an area, or None when the tree has no such code."""
        return self.areas.get(code) if code else None

    @cached_property
    def root(self) -> Area:
        """The nation."""
        return self.areas[ROOT_CODE]

    def children(self, code: str) -> list[Area]:
        """Return the areas directly below."""
        return list(self._children.get(code, []))

    def path(self, code: str) -> list[Area]:
        """Return the areas from the nation down to this one, itself included."""
        found: list[Area] = []
        area = self.get(code)
        while area is not None:
            found.append(area)
            area = self.get(area.parent_code)
        return found[::-1]

    def ancestor(self, code: str, level_code: str) -> Area | None:
        """Return the area of that level that holds this one (or is it), or None."""
        return next((area for area in self.path(code) if area.level_code == level_code), None)

    def of_level(self, level_code: str) -> list[Area]:
        """Return all areas of a level in Vietnamese order."""
        return [area for area in self.areas.values() if area.level_code == level_code]

    def shown_below(self, code: str) -> list[Area]:
        """Return what a view of the area compares: its children, or the next level that a map can draw.

        The nation's children are regions, which are not drawn: its provinces are shown.
        """
        below = self.children(code)
        while below and self.layer(below) is None:
            deeper = [child for area in below for child in self.children(area.area_code)]
            if not deeper or self.layer(deeper) is None:
                break
            below = sorted(deeper, key=lambda area: self._order[area.area_code])
        return below

    def layer(self, areas: list[Area]) -> Layer | None:
        """Return the boundaries of areas of one level in one province (or of provinces), or None."""
        if not areas:
            return None
        level = areas[0].level_code
        if level == "province":
            name = f"provinces_{self.hierarchy_code}.json"
        else:
            province = self.ancestor(areas[0].area_code, "province")
            if province is None:
                return None
            name = f"{level}s_{self.hierarchy_code}/{province.area_code}.json"
        layer = Layer(name)
        return layer if layer.path.exists() else None
