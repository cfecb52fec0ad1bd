"""The one palette: red, orange, blue, told apart by every kind of sight, and always with a sign and a word.

Charts and files are drawn for white paper; a dark page shows the same drawing with every colour exchanged for its pair.
"""

from __future__ import annotations

from typing import Any

COLOURS = {"poor": "#d73027", "fair": "#fdae61", "good": "#4575b4", "over": "#4d0f6b"}
INKS = {"poor": "#b3261e", "fair": "#8a4b00", "good": "#2f5a94", "over": "#5e2473"}
SIGNS = {"poor": "▼", "fair": "●", "good": "▲", "over": "◆"}
PAGE = "#ffffff"
NO_DATA = "#d5d9de"
INK = "#1b2733"
MUTED = "#5b6875"
GRID = "#e3e8ee"
SERIES = ("#1f5a93", "#d95f02", "#666666", "#4d0f6b")
SHADES = ("#e4edf7", "#1f5a93")  # for indicators without bands
WARNING = "#7a4a00"  # words of what is missing from a number

# On the dark page light is what stands out: the order of brightness turns round, the order of hues stays.
DARK = {
    COLOURS["poor"]: "#f0584a",
    COLOURS["fair"]: "#ffc27d",
    COLOURS["good"]: "#6aa5e0",
    COLOURS["over"]: "#f0d0ff",
    INKS["poor"]: "#ff9a8f",
    INKS["fair"]: "#ffc27d",
    INKS["good"]: "#9cc6f2",
    INKS["over"]: "#d9aee8",
    PAGE: "#11181f",
    NO_DATA: "#4a5560",
    INK: "#e6ebf1",
    MUTED: "#a7b3bf",
    GRID: "#2b3641",
    SERIES[0]: "#7db4e8",
    SERIES[1]: "#ff9d5c",
    SERIES[2]: "#9aa4ae",
    SHADES[0]: "#22364a",
    WARNING: "#ffc27d",
}

_NAMED = {"page": PAGE, "ink": INK, "muted": MUTED, "line": GRID, "none": NO_DATA, "accent": SERIES[0]}


def in_dark(part: Any) -> Any:
    """Return a drawing (a Vega-Lite specification, or a part of one) in the colours of the dark page."""
    if isinstance(part, dict):
        return {key: in_dark(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [in_dark(value) for value in part]
    return DARK.get(part, part) if isinstance(part, str) else part


def variables() -> str:
    """Return the palette as variables of a style sheet: of the light page, and where it is supported of both."""
    named = _NAMED | {"warning": WARNING}
    named |= {f"colour-{token}": colour for token, colour in COLOURS.items()}
    named |= {f"ink-{token}": colour for token, colour in INKS.items()}
    light = " ".join(f"--{name}: {colour};" for name, colour in named.items())
    both = " ".join(f"--{name}: light-dark({colour}, {DARK[colour]});" for name, colour in named.items())
    # Streamlit declares the colour scheme on the element of the application, below the root.
    return f".stApp {{ {light} }} @supports (color: light-dark(#000, #fff)) {{ .stApp {{ {both} }} }}"
