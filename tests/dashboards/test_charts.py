"""Charts: what they draw, and that a drawing that is kept is given out as a new one each time."""

from __future__ import annotations

import polars as pl

from dashboards import charts, palette
from dashboards.i18n import Texts

RULE = {"access_minimum": 90, "utilisation_limit": 10}
AREAS = pl.DataFrame(
    [
        {"area_name": "A", "access": 95.0, "utilisation": 4.0, "category": "▲ 1", "colour_token": "good"},
        {"area_name": "B", "access": 80.0, "utilisation": 12.0, "category": "▼ 4", "colour_token": "poor"},
        {"area_name": "C", "access": 91.0, "utilisation": -3.0, "category": "◆ ?", "colour_token": "over"},
    ]
).with_columns(access_text=pl.lit("x"), utilisation_text=pl.lit("y"))


def test_access_and_dropout_are_drawn_with_the_limits_of_the_rule() -> None:
    spec = charts.quadrants(AREAS, RULE, Texts("vi"))
    limits, points = sorted(spec["datasets"].values(), key=len)
    assert limits == [{"access": 90, "utilisation": 10}]
    assert [(row["access"], row["utilisation"]) for row in points] == [(95.0, 4.0), (80.0, 12.0), (91.0, -3.0)]
    (drawn,) = [layer for layer in spec["layer"] if layer["mark"]["type"] == "point"]
    colours = drawn["encoding"]["color"]["scale"]
    assert dict(zip(colours["domain"], colours["range"], strict=True)) == {
        "▲ 1": palette.COLOURS["good"], "▼ 4": palette.COLOURS["poor"], "◆ ?": palette.COLOURS["over"],
    }  # fmt: skip
    assert len(set(drawn["encoding"]["shape"]["scale"]["range"])) == 3, "told apart without colours too"


def test_what_is_kept_is_told_apart_by_everything_it_shows_and_cannot_be_changed() -> None:
    first = charts.quadrants(AREAS, RULE, Texts("vi"))
    first["datasets"].clear()
    again = charts.quadrants(AREAS, RULE, Texts("vi"))
    assert again["datasets"]
    for other in (
        charts.quadrants(AREAS.with_columns(access=pl.col("access") + 1), RULE, Texts("vi")),
        charts.quadrants(AREAS, RULE | {"access_minimum": 80}, Texts("vi")),
        charts.quadrants(AREAS, RULE, Texts("en")),
        charts.quadrants(AREAS, RULE, Texts("vi"), height=100),
    ):
        assert other != again
