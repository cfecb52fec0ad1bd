"""Charts as files: drawn on this machine by Vega itself, with the boundaries inside, asking nothing of the network."""

from __future__ import annotations

import json
from typing import Any

from dashboards import palette
from dashboards.geography import BOUNDARIES

_WIDTH = 760
_SCALE = 2.0  # of pixels: sharp on paper and on screens
_FONT = "DejaVu Sans, sans-serif"


def specification(
    chart: dict[str, Any], *, width: int = _WIDTH, font: str = _FONT, height: int | None = None
) -> dict[str, Any]:
    """Return a chart of the pages so that it stands alone: a width of its own, and boundaries as values."""
    spec: dict[str, Any] = _alone(chart)
    spec["width"] = width
    if height is not None:
        spec["height"] = height
    spec["config"] = {**spec.get("config", {}), "font": font}
    return spec


def titled(spec: dict[str, Any], title: str, note: str) -> dict[str, Any]:
    """Return a drawing with what it shows above it, and with where its numbers come from."""
    heading = {"text": title, "subtitle": note, "anchor": "start", "offset": 14, "subtitleColor": palette.MUTED}
    return {**spec, "title": heading}


def to_file(spec: dict[str, Any], form: str) -> bytes:
    """Return a drawing as PNG or SVG."""
    return to_png(spec) if form == "png" else to_svg(spec).encode()


def to_svg(spec: dict[str, Any]) -> str:
    """Return a drawing as SVG."""
    import vl_convert  # noqa: PLC0415 - starts an engine of its own; only who draws pays for it

    return str(vl_convert.vegalite_to_svg(spec))


def to_png(spec: dict[str, Any]) -> bytes:
    """Return a drawing as PNG on white."""
    import vl_convert  # noqa: PLC0415

    white = {**spec, "background": palette.PAGE, "config": {**spec["config"], "background": palette.PAGE}}
    return bytes(vl_convert.vegalite_to_png(white, scale=_SCALE))


def _alone(part: Any) -> Any:
    if isinstance(part, dict):
        if "url" in part and str(part["url"]).endswith(".json"):
            return {key: value for key, value in part.items() if key != "url"} | {"values": _boundaries(part["url"])}
        alone = {key: _alone(value) for key, value in part.items()}
        if isinstance(alone.get("legend"), dict) and "labelLimit" in alone["legend"]:
            alone["legend"]["labelLimit"] = 0  # nobody can point at a file to read the rest of a label
        return alone
    return [_alone(item) for item in part] if isinstance(part, list) else part


def _boundaries(url: str) -> Any:
    name = url.partition(f"{BOUNDARIES.name}/")[2]
    return json.loads((BOUNDARIES / name).read_text(encoding="utf-8"))
