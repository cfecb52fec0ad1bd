"""The palette: told apart by every kind of sight on both pages, readable, and the same wherever it is written."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import pytest

import dashboards
from dashboards import palette

# Colours as somebody without one kind of cone sees them, in linear light (Machado, Oliveira and Fernandes 2009,
# severity 1.0), and as everybody else does.
SIGHTS = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "usual": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
TOLD_APART = 12.0  # CIE76 difference; 2.3 is just noticeable side by side, and a map's colours do not lie side by side
PAGES = {"light": lambda colour: colour, "dark": lambda colour: palette.DARK[colour]}


def linear(colour: str) -> tuple[float, float, float]:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(part / 255) for part in bytes.fromhex(colour.removeprefix("#")))
    return red, green, blue


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Return the contrast of WCAG 2.2: 1 to 21."""
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def seen(colour: str, sight: str) -> tuple[float, float, float]:
    """Return a colour as a sight sees it, in CIE L*a*b* (D65)."""
    mixed = (sum(m * v for m, v in zip(row, linear(colour), strict=True)) for row in SIGHTS[sight])
    red, green, blue = (min(1.0, max(0.0, value)) for value in mixed)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089

    def f(value: float) -> float:
        return value ** (1 / 3) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116

    return 116 * f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_bands_and_lines_are_told_apart_by_every_kind_of_sight(sight: str, page: str) -> None:
    for group in ([*palette.COLOURS.values(), palette.NO_DATA], palette.SERIES):
        for first, second in itertools.combinations([PAGES[page](colour) for colour in group], 2):
            one, other = seen(first, sight), seen(second, sight)
            difference = sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
            assert difference >= TOLD_APART, f"{first} and {second}: {difference:.1f}"


@pytest.mark.parametrize("page", PAGES)
def test_words_are_read_and_shapes_are_seen(page: str) -> None:
    paper = PAGES[page](palette.PAGE)
    for ink in (*palette.INKS.values(), palette.INK, palette.MUTED, palette.WARNING):
        assert contrast(PAGES[page](ink), paper) >= 4.5, ink
    for shape in palette.SERIES:
        assert contrast(PAGES[page](shape), paper) >= 3, shape


def test_every_colour_has_a_pair_of_its_own_for_the_dark_page() -> None:
    singles = [palette.PAGE, palette.NO_DATA, palette.INK, palette.MUTED, palette.GRID, palette.WARNING]
    groups = [palette.COLOURS.values(), palette.INKS.values(), palette.SERIES, palette.SHADES]
    assert {*singles, *itertools.chain(*groups)} == set(palette.DARK)


def test_the_themes_of_the_server_are_of_the_palette() -> None:
    file = Path(dashboards.__file__).parent / ".streamlit" / "config.toml"
    themes = tomllib.loads(file.read_text(encoding="utf-8"))["theme"]
    named = {"backgroundColor": palette.PAGE, "textColor": palette.INK, "primaryColor": palette.SERIES[0]}
    for key, colour in named.items():
        assert themes["light"][key].lower() == colour
        assert themes["dark"][key].lower() == palette.DARK[colour]


def test_a_drawing_in_dark_keeps_everything_but_its_colours() -> None:
    spec = {"mark": {"color": palette.INK, "opacity": 1}, "values": [{"name": "Hà Nội", "value": None}],
            "range": [palette.SERIES[0], "other"]}  # fmt: skip
    assert palette.in_dark(spec) == {
        "mark": {"color": palette.DARK[palette.INK], "opacity": 1},
        "values": [{"name": "Hà Nội", "value": None}],
        "range": [palette.DARK[palette.SERIES[0]], "other"],
    }
