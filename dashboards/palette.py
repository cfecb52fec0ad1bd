"""The one palette: red, orange, blue, told apart by every kind of sight, and always with a sign and a word."""

from __future__ import annotations

COLOURS = {"poor": "#d73027", "fair": "#fdae61", "good": "#4575b4", "over": "#7b3294"}
INKS = {"poor": "#b3261e", "fair": "#8a4b00", "good": "#2f5a94", "over": "#5e2473"}
SIGNS = {"poor": "▼", "fair": "●", "good": "▲", "over": "◆"}
NO_DATA = "#d5d9de"
INK = "#1b2733"
MUTED = "#5b6875"
GRID = "#e3e8ee"
SERIES = ("#1f5a93", "#d95f02", "#666666", "#7b3294")
SHADES = ("#e4edf7", "#1f5a93")  # for indicators without bands
