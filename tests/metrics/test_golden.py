"""Viet Nam's real national figures, submitted like any file, give the published derived values."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from dashboards.explanation import Question, explain
from dashboards.warehouse import Release, open_release
from pipelines.facilities import write_facilities
from pipelines.inbox import submit
from pipelines.reference import load_registry
from pipelines.settings import PROJECT_ROOT, Settings, external_data_dir
from tests.conftest import RUN_AT
from tests.intake.conftest import register
from tests.steps import run_steps, start_with

GOLDEN = Path(__file__).parent.parent / "golden" / "viet_nam_derived.csv"
SAMPLE = PROJECT_ROOT / "pipelines" / "sample" / "viet_nam_2009_2022.csv"
JRF = external_data_dir() / "jrf_vietnam" / "reported_doses_targets.csv"
NEEDS_JRF = pytest.mark.skipif(not JRF.exists(), reason=f"third-party material is not here: {JRF.parent}")

# Column of the golden file, indicator, decimals.
FROM_OWN_DOSES = [
    ("dropout_penta1_penta3_pct", "dropout_penta1_penta3", 1),
    ("dropout_bcg_mcv1_pct", "dropout_bcg_mcv1", 1),
    ("dropout_penta1_mcv1_pct", "dropout_penta1_mcv1", 1),
    ("dropout_mcv1_mcv2_pct", "dropout_mcv1_mcv2", 1),
    ("ratio_opv3_penta3", "ratio_opv3_penta3", 2),
    ("zero_dose_target", "zero_dose_target", 0),
    ("under_immunised", "under_immunised", 0),
]
FROM_UN_ESTIMATES = [
    ("target_over_un_births", "target_over_un_births", 3),
    ("zero_dose_un_surviving_infants", "zero_dose_un_surviving_infants", 0),
]
# Vaccine of the reports to WHO/UNICEF, measure of its doses, measure of its target, indicator.
JRF_VACCINES = {
    "bcg": ("doses_bcg_u1", "target_under1", "coverage_bcg"),
    "dtp1": ("doses_penta1_u1", "target_under1", "coverage_penta1"),
    "dtp3": ("doses_penta3_u1", "target_under1", "coverage_penta3"),
    "mcv1": ("doses_mcv1_u1", "target_under1", "coverage_mcv1"),
    "mcv2": ("doses_mcv2_u2", "target_18m", "coverage_mcv2"),
    "pol3": ("doses_opv3_u1", "target_under1", "coverage_opv3"),
    "hepb3": ("doses_hepb3_u1", "target_under1", "coverage_hepb3"),
    "hepbb": ("doses_hepb_bd_u1", "target_under1", "coverage_hepb_bd"),
    "hepb0": ("doses_hepb_bd_u1", "target_under1", "coverage_hepb_bd"),
    "hib3": ("doses_hib3_u1", "target_under1", "coverage_hib3"),
    "rcv1": ("doses_rubella1_u2", "target_18m", "coverage_rubella1"),
    "ipv1": ("doses_ipv1_u1", "target_under1", "coverage_ipv1"),
    "ipv2": ("doses_ipv2_u1", "target_under1", "coverage_ipv2"),
}
NOT_EQUAL = {("bcg", 2000), ("dtp1", 2008), ("mcv1", 2008)}


def golden() -> list[dict[str, str]]:
    with GOLDEN.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def published(folder: Path, no_data: Path, files: list[Path]) -> Release:
    settings = Settings(folder)
    write_facilities(register(), settings.facilities)
    start_with(settings, no_data)
    submit(settings, files)
    run_steps(settings, RUN_AT)
    return open_release(settings.published)


def yearly(release: Release, codes: list[str], area: str = "VN") -> dict[tuple[str, int], float | None]:
    frame = release.indicator_values(codes, "63", area_codes=[area], period_type="year")
    rows = frame.select("indicator_code", "period", "value").rows()
    return {(code, int(period)): value for code, period, value in rows}


def rounded(value: float, decimals: int) -> Decimal:
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


@pytest.fixture(scope="module")
def history(no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    folder = tmp_path_factory.mktemp("history")
    yield published(folder, no_data, [SAMPLE])
    shutil.rmtree(folder)


@pytest.mark.parametrize(("column", "indicator", "decimals"), FROM_OWN_DOSES)
def test_national_history_derives_what_is_published(
    history: Release, column: str, indicator: str, decimals: int
) -> None:
    values = yearly(history, [indicator])
    for row in golden():
        value = values[indicator, int(row["year"])]
        assert value is not None
        # "-0.0" in the file is a small negative number: it equals zero here, and its sign is checked by the value.
        assert rounded(value, decimals) == Decimal(row[column]), (column, row["year"])


def test_the_mean_of_three_years_needs_three_years(history: Release) -> None:
    values = yearly(history, ["penta3_over_mean_prev3"])
    for row in golden():
        year, value = int(row["year"]), values["penta3_over_mean_prev3", int(row["year"])]
        if year < 2012:
            assert value is None
        else:
            assert value is not None
            assert rounded(value, 3) == Decimal(row["penta3_over_mean_prev3"])


def test_history_is_the_nations_year_and_nothing_shorter_or_smaller(history: Release) -> None:
    months = history.indicator_values(["coverage_penta3"], "63", area_codes=["VN"], period_type="month")
    assert months.filter(months["value"].is_not_null()).is_empty()
    provinces = history.indicator_values(["coverage_penta3"], "63", parent_code="R1", period_type="year")
    assert provinces.filter(provinces["value"].is_not_null()).is_empty()
    both = [
        history.indicator_values(["coverage_penta3"], tree, area_codes=["VN"], period_type="year")
        for tree in ("63", "34")
    ]
    assert both[0]["value"].to_list() == both[1]["value"].to_list()


def test_a_target_that_was_not_reported_leaves_no_coverage(history: Release) -> None:
    frame = history.indicator_values(
        ["coverage_mcv2"], "63", area_codes=["VN"], period_type="year", period_from="2011", period_to="2011"
    )
    assert frame.select("value", "denominator", "value_status").rows() == [(None, None, "no_denominator")]


def test_a_dose_that_was_offered_in_part_has_both_coverages(history: Release) -> None:
    # WUENIC country file: IPV1 reached 72 % of the target of roll-out in 2018, which was 19 % of the nation's.
    values = yearly(history, ["coverage_rollout_ipv1", "coverage_ipv1", "coverage_rollout_ipv2"])
    assert rounded(values["coverage_rollout_ipv1", 2018] or 0, 1) == Decimal("72.2")
    assert rounded(values["coverage_ipv1", 2018] or 0, 1) == Decimal("19.3")
    assert rounded(values["coverage_rollout_ipv2", 2022] or 0, 1) == Decimal("73.7")
    assert values["coverage_rollout_ipv1", 2019] is None, "nobody said where it was offered in 2019"


def test_the_break_of_the_target_in_2022_is_raised(history: Release) -> None:
    growth = yearly(history, ["target_over_previous_year"])
    assert rounded(growth["target_over_previous_year", 2022] or 0, 3) == Decimal("0.893")
    (row,) = (
        history.check_results().filter(history.check_results()["rule_code"] == "published_target_steady").to_dicts()
    )
    assert row["status"] == "failed"
    # 2012 (10.5 % more) and 2022 (10.7 % less), in both trees.
    assert row["violations"] == 4


@pytest.mark.external
@NEEDS_JRF
def test_un_estimates_submitted_beside_them_give_the_columns_that_rest_on_them(no_data: Path, tmp_path: Path) -> None:
    with JRF.open(encoding="utf-8") as stream:
        rows = {int(row["year"]): row for row in csv.DictReader(stream)}
    lines = ["area_code,hierarchy_code,period,measure_code,value,source_code"]
    for year, row in rows.items():
        for column, measure in (("births_unpd", "un_live_births"), ("si_unpd", "un_surviving_infants")):
            lines.append(f"VN,63,{year},{measure},{float(row[column]):.0f},who_unicef_jrf")
    estimates = tmp_path / "un.csv"
    estimates.write_text("\n".join(lines) + "\n", encoding="utf-8")
    release = published(tmp_path / "home", no_data, [SAMPLE, estimates])
    for column, indicator, decimals in FROM_UN_ESTIMATES:
        values = yearly(release, [indicator])
        for row in golden():
            value = values[indicator, int(row["year"])]
            assert value is not None
            assert rounded(value, decimals) == Decimal(row[column]), (column, row["year"])


@pytest.mark.external
@NEEDS_JRF
def test_the_coverage_reported_since_1999_is_computed_again_from_its_doses_and_targets(
    no_data: Path, tmp_path: Path
) -> None:
    with JRF.open(encoding="utf-8") as stream:
        reported = [row for row in csv.DictReader(stream) if row["vaccinated"] and row["target"] and row["admin_pct"]]
    assert len(reported) == 186
    # One target a measure, area and year: each vaccine's figures are those of a province of its own.
    area_of = dict(zip(JRF_VACCINES, provinces_of_their_own(), strict=False))
    lines = ["area_code,hierarchy_code,period,measure_code,value,source_code"]
    for row in reported:
        doses, target, _ = JRF_VACCINES[row["vaccine"]]
        for measure, column in ((doses, "vaccinated"), (target, "target")):
            area = area_of[row["vaccine"]]
            lines.append(f"{area},63,{row['year']},{measure},{float(row[column]):.0f},who_unicef_jrf")
    path = tmp_path / "jrf.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    release = published(tmp_path / "home", no_data, [path])
    values = {name: yearly(release, [indicator], area_of[name]) for name, (*_, indicator) in JRF_VACCINES.items()}
    differing: set[tuple[str, int]] = set()
    for row in reported:
        vaccine, year = row["vaccine"], int(row["year"])
        value = values[vaccine][JRF_VACCINES[vaccine][2], year]
        assert value is not None
        if rounded(value, 0) != Decimal(row["admin_pct"]).quantize(Decimal(1)):
            differing.add((vaccine, year))
    assert differing == NOT_EQUAL


def provinces_of_their_own() -> list[str]:
    """Return codes of provinces of 2017."""
    areas = load_registry().areas
    return [code for (tree, code), area in areas.items() if tree == "63" and area.level_code == "province"]


@pytest.mark.parametrize(
    ("indicator", "year", "event"),
    [
        ("dropout_penta1_mcv1", "2013", "penta_suspended_2013"),
        ("dropout_penta1_mcv1", "2018", "penta_stock_out_2018"),
    ],
)
def test_the_negative_dropouts_of_the_nation_name_what_stopped_the_vaccine(
    history: Release, indicator: str, year: str, event: str
) -> None:
    question = Question(indicator, "63", "VN", "year", year, str(int(year) - 1))
    found = explain(history, question)
    assert found.anomaly == "negative"
    label = load_registry().events[event].label_en
    (cause,) = [finding for finding in found.causes if finding.cause_code == "supply_event"]
    assert cause.is_likely
    assert any(label in text for text in cause.evidence_en)
    assert event in {row["event_code"] for row in found.events}
    assert found.files["original_name"].to_list() == [SAMPLE.name]
    # The nation alone reported: all of the change is its own.
    assert found.value is not None
    assert found.before is not None
    assert [change.part for change in found.changes] == [None]
    assert found.changes[0].contribution == pytest.approx(found.value["value"] - found.before["value"])
    sums = dict(
        found.parts.filter(found.parts["term_role"] == "numerator").select("measure_code", "weighted_sum").rows()
    )
    assert sum(sums.values()) == found.value["numerator"]


def test_a_dropout_that_is_not_negative_is_no_anomaly(history: Release) -> None:
    found = explain(history, Question("dropout_penta1_penta3", "63", "VN", "year", "2013", None))
    assert found.anomaly is None
    assert found.causes == []
    # 28.3 % against the good band's edge of 10 %.
    assert found.value is not None
    assert sum(gap.contribution for gap in found.gaps) == pytest.approx(found.value["value"] - 10)
