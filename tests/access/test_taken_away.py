"""What a planner takes away of a release: no small count, none that a difference gives away, and words for that."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from dashboards import access, components, source
from dashboards.downloads import Extract
from dashboards.shell import Context
from dashboards.warehouse import Release, open_release
from pipelines.cli import app as niis_app
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.access.conftest import ScopeOf
from tests.dashboards.fixture_release import INDICATORS
from tests.dashboards.test_pages import SCRIPT

REGISTRY = load_registry()
SMALLEST = REGISTRY.access_parameters["smallest_count"].value
ZERO_DOSE = next(code for code in INDICATORS if REGISTRY.indicators[code].indicator_kind == "count")
CODES = [code for code in INDICATORS if REGISTRY.indicators[code].indicator_kind in {"coverage", "cohort_coverage"}]
CODES.append(ZERO_DOSE)
FIRST = CODES[0]
Taken = tuple[Release, Release]


@pytest.fixture(scope="module")
def taken(home: Settings, scope_of: ScopeOf) -> Taken:
    """A release, and the same as a planner takes it away."""
    release = open_release(home.published)
    return release, release.within(scope_of("planner", "63:VN")).leaving()


def families(release: Release) -> dict[str, list[str]]:
    """Return the communes of every district of the provinces of which all areas are there."""
    found: dict[str, list[str]] = {}
    for area, parent, level in release.areas("63").select("area_code", "parent_code", "level_code").iter_rows():
        if level == "commune":
            found.setdefault(parent, []).append(area)
    return found


@pytest.mark.parametrize("period_type", ["month", "quarter", "ytd", "year", "rolling12"])
def test_no_small_count_of_persons_is_taken_away(taken: Taken, period_type: str) -> None:
    release, bound = taken
    levels = release.areas("63").select("area_code", "level_code").rows()
    areas = [area for area, level in levels if level != "commune"]
    areas += [area for area, level in levels if level == "commune"][::25]
    asked: dict[str, Any] = {"period_type": period_type, "area_codes": areas, "period_from": "2025-06"}
    found = bound.indicator_values(CODES, "63", **asked)
    gone = pl.col("value_status") == "suppressed"
    rest = pl.when(pl.col("indicator_code") != ZERO_DOSE).then(pl.col("denominator") - pl.col("numerator"))
    small = found.filter(~gone).filter(
        pl.col("numerator").is_between(0.5, SMALLEST - 0.5) | rest.is_between(0.5, SMALLEST - 0.5)
    )
    assert small.height == 0, small.head(3).to_dicts()
    hidden = found.filter(gone)
    assert 0 < hidden.height < found.height
    for name in ("numerator", "denominator", "value", "units_included", "units_expected"):
        assert hidden[name].null_count() == hidden.height
    # A row stays, and says that it is hidden; what is shown is what everybody is shown.
    before = release.indicator_values(CODES, "63", **asked)
    assert before.height == found.height
    assert (
        before.join(found.filter(~gone), on=found.columns, how="semi", nulls_equal=True).height
        == (~found.select(gone.alias("gone"))["gone"]).sum()
    )


def test_an_attacker_with_every_table_pins_no_small_month(taken: Taken) -> None:
    """Unknown are doses by commune and month; known is every shown sum of every kind of period, and each target."""
    release, bound = taken
    month = bound.indicator_values(CODES[:1], "63", period_type="month", period_from="2025", parent_code="VN")
    assert month.height
    attacked = 0
    for district, communes in families(release).items():
        asked: dict[str, Any] = {"area_codes": [district, *communes], "period_from": "2025"}
        truth = release.indicator_values(CODES[:1], "63", period_type="month", **asked)
        shown = bound.indicator_values(CODES[:1], "63", period_type="month", **asked)
        status = dict(shown.group_by("area_code").agg((pl.col("value_status") == "suppressed").any()).iter_rows())
        if status.get(district, True) or not any(status.get(commune) for commune in communes):
            continue
        months = sorted(truth["period_start_month"].unique())
        at = {pair: i for i, pair in enumerate((commune, month) for commune in communes for month in months)}
        part, whole = np.zeros(len(at)), np.zeros(len(at))
        for row in truth.filter(pl.col("area_code") != district).iter_rows(named=True):
            place = at[row["area_code"], row["period_start_month"]]
            part[place], whole[place] = row["numerator"] or 0, row["denominator"] or 0
        known, sums = [], []
        for kind in ("month", "quarter", "ytd", "year", "rolling12"):
            for row in bound.indicator_values(CODES[:1], "63", period_type=kind, **asked).iter_rows(named=True):
                inside = [m for m in months if row["period_start_month"] <= m <= row["period_end_month"]]
                if row["numerator"] is None or row["period_start_month"] < months[0]:
                    continue
                line = np.zeros(len(at))
                here = communes if row["area_code"] == district else [row["area_code"]]
                line[[at[commune, m] for commune in here for m in inside]] = 1
                assert line @ part == pytest.approx(row["numerator"]), "a sum of what is unknown"
                known.append(line)
                sums.append(row["numerator"])
        small = np.flatnonzero(
            ((part > 0) & (part < SMALLEST) | (whole - part > 0) & (whole - part < SMALLEST)) & (whole >= SMALLEST)
        )
        bounds = [(0, max(top, count)) for top, count in zip(whole, part, strict=True)]
        for place in small[:: max(1, len(small) // 6)]:
            asked_for = np.zeros(len(at))
            asked_for[place] = 1
            ends = [
                linprog(sign * asked_for, A_eq=np.array(known), b_eq=np.array(sums), bounds=bounds, method="highs")
                for sign in (1, -1)
            ]
            assert all(end.success for end in ends)
            assert -ends[1].fun - ends[0].fun >= SMALLEST - 1, (district, place)
            attacked += 1
        if attacked >= 12:
            return
    assert attacked


def test_readers_of_the_area_take_every_count_with_them(home: Settings, scope_of: ScopeOf) -> None:
    release = open_release(home.published)
    own = release.within(scope_of("official", "63:01")).leaving()
    asked: dict[str, Any] = {"period_type": "month", "parent_code": "01"}
    assert own.indicator_values([FIRST], "63", **asked).equals(release.indicator_values([FIRST], "63", **asked))


def test_the_command_line_says_in_words_what_is_hidden(home: Settings) -> None:
    asked = ("indicator", FIRST, "--area", "001", "--children", "--from", "2026-01", "--format", "csv")
    who = ("--home", str(home.home), "--role", "planner", "--area-of", "63:VN")
    found = CliRunner().invoke(niis_app, [*who, *asked])
    assert found.exit_code == 0, found.stderr
    rows = [row for row in csv.DictReader(io.StringIO(found.stdout)) if row["value_status"] == "suppressed"]
    assert rows
    assert {row["numerator"] for row in rows} == {""}
    words = open_release(home.published).value_statuses().filter(pl.col("value_status") == "suppressed")
    assert words["label_vi"].to_list() == ["Đã ẩn"]


@pytest.mark.parametrize("reader", ["demo-planner", "demo-partner"])
def test_a_page_hides_small_counts_from_a_partner_and_only_files_hide_them_from_a_planner(
    home: Settings, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[pl.DataFrame] = []

    def kept(extract: Extract, stem: str, context: Context, taken: Callable[[], Extract] | None = None) -> None:
        del extract, stem, context
        if taken is not None:
            files.append(taken().rows)

    monkeypatch.setattr(components, "downloads", kept)
    source.use(home.published)
    access.open_door(access.door_of(home, demo=True))
    params = {"hierarchy": "63", "area": "001", "indicator": FIRST, "period_type": "month", "period": "2026-02"}
    try:
        app = AppTest.from_file(SCRIPT, default_timeout=60)
        app.session_state["sample_reader"] = reader
        app.query_params.update(params)
        app.run()
        app.switch_page("app_pages/local.py")
        app.query_params.update(params)
        app.run()
        assert [item.message for item in app.exception] == []
        assert [item.value for item in app.error] == []
        said = " ".join(str(frame.value.to_dict()) for frame in app.dataframe)
        assert ("Đã ẩn" in said) is (reader == "demo-partner")
        hidden = files[-1].filter(pl.col("value_status") == "suppressed")
        assert hidden.height > 0
        assert hidden["numerator"].null_count() == hidden.height
        assert set(hidden["status_text"]) == {"Đã ẩn"}
    finally:
        access.open_door(None)
