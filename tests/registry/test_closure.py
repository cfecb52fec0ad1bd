"""The seeds fit together, name their sources, and a row that does not fit is found."""

from __future__ import annotations

import csv
import dataclasses
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.reference import Registry, RegistryError, closure_problems, load_registry
from pipelines.settings import SEEDS_DIR

SEEDS = {path.stem: path for path in sorted(SEEDS_DIR.rglob("*.csv"))}
# Rows that are parts of another row and have its source: the seed, the column that names the whole, the whole's seed.
PARTS = {
    "form_fields": ("form_code", "forms"),
    "area_levels": ("hierarchy_code", "hierarchies"),
    "scorecard_rules": ("component_code", "scorecard_components"),
    "indicator_terms": ("indicator_code", "indicators"),
    "field_aliases": ("field_name", "submission_fields"),
    "value_aliases": ("field_name", "submission_fields"),
}
KEYS = {
    "access_parameters": ["parameter_code"],
    "demo_readers": ["reader_code"],
    "roles": ["role_code"],
    "suppression_rules": ["rule_code"],
    "anomaly_causes": ["cause_code"],
    "antigens": ["antigen_code"],
    "area_versions": ["hierarchy_code", "area_code", "valid_from"],
    "area_changes": ["from_hierarchy_code", "from_code", "to_hierarchy_code", "to_code"],
    "area_levels": ["hierarchy_code", "level_code"],
    "arrival_parameters": ["parameter_code"],
    "areas": ["hierarchy_code", "area_code"],
    "catch_up_limits": ["dose_code"],
    "due_states": ["state_code"],
    "breakdown_categories": ["breakdown_code", "category_code"],
    "cohort_ages": ["cohort_age_code"],
    "denominator_measures": ["denominator_code", "target_group_code"],
    "denominators": ["denominator_code"],
    "distributions": ["indicator_code"],
    "bridge_steps": ["step_code"],
    "red_categories": ["category_code"],
    "red_rules": ["rule_code"],
    "roll_outs": ["dose_code", "hierarchy_code", "area_code", "valid_from"],
    "unit_measures": ["measure_code", "counted_measure_code"],
    "dose_series": ["series_code"],
    "dose_windows": ["dose_code"],
    "events": ["event_code"],
    "facility_types": ["facility_type_code"],
    "message_templates": ["template_code"],
    "mobile_prefixes": ["prefix"],
    "field_aliases": ["submission_kind", "field_name", "alias"],
    "hierarchies": ["hierarchy_code"],
    "identity_rules": ["rule_code"],
    "identity_thresholds": ["threshold_code"],
    "indicator_terms": ["indicator_code", "term_role", "measure_code", "offset_years"],
    "indicator_thresholds": ["indicator_code", "band_code"],
    "indicators": ["indicator_code"],
    "measures": ["measure_code"],
    "name_placeholders": ["phrase"],
    "phone_prefixes": ["old_prefix"],
    "person_measures": ["measure_code"],
    "person_parameters": ["parameter_code"],
    "product_antigens": ["product_code", "antigen_code"],
    "product_series": ["product_code", "series_code"],
    "quality_rules": ["rule_code"],
    "finding_rules": ["rule_code"],
    "test_names": ["phrase"],
    "population_values": ["area_code", "value_year"],
    "full_immunisation_values": ["area_code", "value_year"],
    "full_immunisation_doses": ["indicator_code"],
    "survey_values": ["survey_code", "area_code", "birth_year", "indicator_code"],
    "related_measures": ["rule_code", "first_measure_code", "second_measure_code"],
    "outlier_rules": ["rule_code"],
    "decision_kinds": ["decision_code"],
    "decision_states": ["state_code"],
    "scorecard_components": ["component_code"],
    "scorecard_rules": ["component_code", "rule_code"],
    "scorecard_bands": ["component_code", "band_code"],
    "warehouse_checks": ["check_code"],
    "rejection_reasons": ["reason_code"],
    "reporting_deadlines": ["level_code", "valid_from"],
    "schedule_doses": ["schedule_code", "dose_code", "valid_from"],
    "schedule_versions": ["schedule_code"],
    "sources": ["source_code"],
    "submission_fields": ["submission_kind", "field_name"],
    "target_groups": ["target_group_code"],
    "tetanus_protection": ["lifetime_doses"],
    "vaccine_doses": ["dose_code"],
    "vaccine_products": ["product_code"],
    "value_aliases": ["field_name", "alias"],
    "value_statuses": ["value_status"],
    "verdict_reasons": ["reason_code"],
    "extracts": ["extract_code"],
    "forms": ["form_code"],
    "form_fields": ["form_code", "field_code"],
    "extract_contents": ["content_kind", "content_code"],
    "extract_columns": ["relation_code", "column_name"],
}
# Two areas, the bands of two indicators or parts of the scorecard, one level of two trees, one field of two kinds and
# one column of two shapes of extracts may be called the same.
SHARED_NAMES = {
    "area_versions", "areas", "indicator_thresholds", "scorecard_bands", "area_levels", "submission_fields",
    "extract_columns",
}  # fmt: skip


def rows_of(name: str) -> list[dict[str, str]]:
    with SEEDS[name].open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def header_of(name: str) -> list[str]:
    with SEEDS[name].open(encoding="utf-8", newline="") as stream:
        return next(csv.reader(stream))


def described_seeds() -> dict[str, dict[str, Any]]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(SEEDS_DIR.rglob("*.yml"))]
    return {seed["name"]: seed for file in files for seed in file["seeds"]}


def test_the_registry_fits_together() -> None:
    assert list(closure_problems(load_registry())) == []


def without(name: str, code: str) -> Callable[[Registry], Registry]:
    def change(registry: Registry) -> Registry:
        kept = {key: row for key, row in getattr(registry, name).items() if key != code}
        return dataclasses.replace(registry, **{name: kept})

    return change


def with_row(name: str, key: Any, **cells: Any) -> Callable[[Registry], Registry]:
    def change(registry: Registry) -> Registry:
        rows = getattr(registry, name)
        if isinstance(rows, list):
            changed: Any = [dataclasses.replace(row, **cells) if n == key else row for n, row in enumerate(rows)]
        else:
            changed = {**rows, key: dataclasses.replace(rows[key], **cells)}
        return dataclasses.replace(registry, **{name: changed})

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without("antigens", "measles"), "product_antigens names mr with measles"),
        (without("series", "opv"), "of the unknown series opv"),
        (without("products", "mr"), "product_series names mr with"),
        (without("doses", "penta1"), "after penta1, which is not the dose before"),
        (without("doses", "td7"), "of the unknown dose td7"),
        (without("target_groups", "18m"), "for the unknown group 18m"),
        (without("measures", "target_18m"), "names the unknown measure target_18m"),
        (without("indicators", "coverage_bcg"), "names the unknown indicator coverage_bcg"),
        (without("schedule_versions", "epi_2010"), "schedule_doses names epi_2010"),
        (without("areas", ("63", "01")), "under 01, which is not an area of the level above"),
        (with_row("product_series", 0, series_code="opv"), "for opv without"),
        (with_row("terms", 0, term_role="denominator"), "which has no numerator term"),
        (with_row("indicators", "coverage_bcg", indicator_kind="count"), "a count has none"),
        (with_row("doses", "penta2", dose_number=3), "which is not the dose before"),
        (with_row("thresholds", 0, upper_bound=79.0), "leave a gap or overlap"),
        (with_row("area_changes", 0, share=0.5), "shares sum to 0.5000"),
        (with_row("field_aliases", 0, field_name="unknown"), "names the unknown field unknown"),
        (with_row("value_aliases", 1, canonical_value="F", alias="M"), "'m' of sex could be F or M"),
        (with_row("identity_rules", "twins", decision="maybe"), "with the decision 'maybe'"),
        (with_row("identity_thresholds", "review_probability", value=0.999), "must not be above auto_link_probability"),
        (with_row("name_placeholders", 0, kind="title"), "of no known kind"),
        (without("cohort_ages", "24m"), "at the unknown age 24m"),
        (without("person_measures", "doses_judged"), "person_measures does not say what it counts"),
        (without("measures", "cohort_followed_12m"), "cohort_followed_12m, which is no measure of children"),
        (with_row("person_measures", "doses_judged", cohort_age_code="12m"), "doses where they are given"),
        (with_row("person_measures", "care_registered_1m", place_basis="residence"), "person_measures has registered"),
        (with_row("decision_kinds", "resolve", to_state="done"), "resolve with the unknown state done"),
        (with_row("bridge_steps", "duplicate", step_kind="jump"), "duplicate of the unknown kind jump"),
        (without("bridge_steps", "cohort_recorded"), "bridge_steps needs one row each"),
        (with_row("facility_types", "commune_station", level_code="village"), "at the unknown level village"),
        (with_row("events", "tree_2025", series_codes="dtp nothing"), "of the unknown series nothing"),
        (with_row("events", "tree_2025", area_code="none", hierarchy_code="63"), "in the unknown area 63:none"),
        (with_row("anomaly_causes", "in_flow", evidence_kind="rumour"), "with the evidence rumour"),
        (with_row("anomaly_causes", "supply_event", event_kinds="strike"), "events of the kind strike"),
        (with_row("anomaly_causes", "missing_report", indicator_pattern="none"), "with the unknown indicator none"),
        (with_row("extracts", "coverage", relation_code="cube"), "of the shape cube, which has no columns"),
        (with_row("extract_contents", 0, content_code="flight"), "with the unknown indicator_kind flight"),
        (without("forms", "c34_10"), "form_fields names the unknown form c34_10"),
        (with_row("form_fields", 0, content_code="flight"), "with the unknown measure flight"),
        (
            with_row("form_fields", 0, category_codes="service"),
            "in the category service, which is unknown or of something",
        ),
        (with_row("form_fields", 0, content_kind="injections", month_span=None), "with the unknown product stock_bcg"),
        (with_row("form_fields", 0, month_span=None), "a measure has whole, last, before"),
        (with_row("breakdown_categories", 6, to_months=11), "leave an age out"),
        (with_row("breakdown_categories", 6, to_months=11), "no age group that ends at 12 months"),
        (with_row("breakdown_categories", 0, category_code="paid"), "no words for epi"),
        (without("extracts", "dropout"), "names the unknown extract dropout"),
    ],
)
def test_a_row_that_does_not_fit_is_named(change: Callable[[Registry], Registry], sentence: str) -> None:
    problems = list(closure_problems(change(load_registry())))
    assert any(sentence in problem for problem in problems), problems


@pytest.mark.parametrize("language", ["vi", "en"])
def test_two_indicators_of_one_label_are_found(language: str) -> None:
    first, second, *_ = load_registry().indicators.values()
    column = f"label_{language}"
    changed = with_row("indicators", second.indicator_code, **{column: getattr(first, column)})(load_registry())
    assert any(f"({column})" in problem for problem in closure_problems(changed))


def test_a_registry_that_does_not_fit_is_not_loaded(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    shutil.copytree(SEEDS_DIR, seeds)
    with (seeds / "indicators" / "indicator_terms.csv").open("a", encoding="utf-8") as stream:
        stream.write("coverage_bcg,numerator,doses_of_nothing,1,0\n")
    with pytest.raises(RegistryError, match="unknown measure doses_of_nothing"):
        load_registry(seeds)


@pytest.mark.parametrize("name", SEEDS)
def test_every_row_has_a_source(name: str) -> None:
    rows = rows_of(name)
    assert rows
    if name in PARTS:
        column, whole = PARTS[name]
        sourced = [row for row in rows_of(whole) if row.get("source") or row.get("reference")]
        # Spellings belong to a field, or to all fields of a type.
        known = {row[column] for row in sourced} | {row.get("data_type") for row in sourced}
        assert {row[column] for row in rows} <= known
    else:
        assert [row for row in rows if not (row.get("source") or row.get("reference"))] == []


@pytest.mark.parametrize("name", SEEDS)
def test_the_key_of_a_row_is_its_own(name: str) -> None:
    keys = Counter(tuple(row[column] for column in KEYS[name]) for row in rows_of(name))
    assert [key for key, count in keys.items() if count > 1] == []
    assert not any("" in key for key in keys)


@pytest.mark.parametrize("name", sorted(SEEDS.keys() - SHARED_NAMES))
def test_names_and_labels_are_unique_in_each_language(name: str) -> None:
    rows = rows_of(name)
    for column in header_of(name):
        if column.startswith(("name_", "label_", "text_", "short_")):
            names = Counter(row[column] for row in rows)
            assert [text for text, count in names.items() if count > 1] == [], column
            assert "" not in names, column


def test_every_seed_is_typed_column_by_column() -> None:
    # dbt only warns of a column type whose column does not exist, and guesses where none is given.
    described = described_seeds()
    assert described.keys() == SEEDS.keys()
    for name, seed in described.items():
        assert list(seed["config"]["column_types"]) == header_of(name), name


def test_types_are_the_same_in_the_warehouse_and_in_python() -> None:
    types: dict[str, set[str]] = defaultdict(set)
    for name, seed in described_seeds().items():
        for column, data_type in seed["config"]["column_types"].items():
            types[column].add(data_type)
            if column.endswith(("_date", "_month")) or column in {"valid_from", "valid_to"}:
                assert data_type == "date", (name, column)
            if column.startswith(("is_", "has_", "sends_")):
                assert data_type == "boolean", (name, column)
            if column.endswith("_code"):
                assert data_type == "varchar", (name, column)
    assert {column: found for column, found in types.items() if len(found) > 1} == {}


def test_a_dose_belongs_to_a_measure_with_its_age_limit_and_one_without() -> None:
    registry = load_registry()
    counted = defaultdict(set)
    for measure in registry.measures.values():
        if measure.measure_kind == "dose_count":
            assert measure.dose_code is not None
            counted[measure.dose_code].add(measure.age_limit_months)
    assert counted == {code: {None, dose.coverage_age_limit_months} for code, dose in registry.doses.items()}


def test_every_dose_of_the_schedule_has_coverage_under_its_age_limit_and_of_all_ages() -> None:
    registry = load_registry()
    expected = {}
    for dose in registry.doses.values():
        target = registry.target_groups[dose.target_group_code].measure_code
        years = dose.coverage_age_limit_months // 12
        expected[f"coverage_{dose.dose_code}"] = [f"doses_{dose.dose_code}_u{years}", target]
        expected[f"coverage_{dose.dose_code}_all_ages"] = [f"doses_{dose.dose_code}", target]
    found = {
        code: [term.measure_code for term in registry.terms_of(code)]
        for code, indicator in registry.indicators.items()
        if indicator.indicator_kind == "coverage" and not code.startswith("coverage_rollout_")
    }
    assert found == expected
    assert {dose.dose_code for dose in registry.schedule_doses} <= registry.doses.keys()


def test_a_dose_that_is_offered_in_part_is_divided_by_the_target_of_those_places_and_no_other() -> None:
    registry = load_registry()
    found = {code for code in registry.indicators if code.startswith("coverage_rollout_")}
    partial = {row.dose_code for row in registry.schedule_doses if row.scope == "partial"} | {"ipv1"}
    assert found == {f"coverage_rollout_{code}" for code in partial}
    for code in partial:
        measures = [registry.measures[term.measure_code] for term in registry.terms_of(f"coverage_rollout_{code}")]
        assert [(row.measure_kind, row.dose_code) for row in measures] == [("rollout_count", code), ("target", code)]
        assert measures[0].age_limit_months == registry.doses[code].coverage_age_limit_months


def test_a_dropout_takes_the_later_dose_from_the_earlier_and_divides_by_the_earlier() -> None:
    registry = load_registry()
    checked = 0
    for code, indicator in registry.indicators.items():
        if indicator.indicator_kind != "dropout":
            continue
        terms = registry.terms_of(code)
        weights = {term.measure_code: term.weight for term in terms if term.term_role == "numerator"}
        (earlier,) = (term.measure_code for term in terms if term.term_role == "denominator")
        (later,) = weights.keys() - {earlier}
        assert weights == {earlier: 1, later: -1}
        first, second = (registry.measures[name].dose_code or "" for name in (earlier, later))
        assert code == f"dropout_{first}_{second}"
        if registry.doses[first].series_code == registry.doses[second].series_code:
            assert registry.doses[first].dose_number < registry.doses[second].dose_number
        checked += 1
    assert checked > 0


def test_wastage_counts_the_doses_of_a_vial_as_the_product_says() -> None:
    registry = load_registry()
    checked = 0
    for code, indicator in registry.indicators.items():
        if indicator.indicator_kind == "wastage":
            for term in registry.terms_of(code):
                measure = registry.measures[term.measure_code]
                per_vial = registry.products[measure.product_code or ""].doses_per_vial
                weights = {per_vial} if measure.unit == "vials" else {-1} if measure.measure_kind == "vial" else {1}
                assert term.weight in weights, (code, term.measure_code)
            checked += 1
    assert checked > 0


def test_a_combination_counts_for_every_series_whose_antigen_it_contains() -> None:
    registry = load_registry()
    advanced = defaultdict(set)
    for way in registry.product_series:
        advanced[way.product_code].add(way.series_code)
    assert advanced.keys() == registry.products.keys()
    hexavalent = [code for code in registry.products if code.startswith("hexa")]
    assert len(hexavalent) == 2
    for code in hexavalent:
        assert {registry.series[series].antigen_code for series in advanced[code]} >= {"dtp", "hib", "hepb"}
        assert any(series.startswith("opv") for series in advanced[code])


def test_versions_of_the_schedule_follow_each_other_without_a_gap() -> None:
    versions = sorted(load_registry().schedule_versions.values(), key=lambda row: row.valid_from)
    assert versions[0].valid_from.year == 2010
    assert versions[-1].valid_to is None
    assert all(before.valid_to == after.valid_from for before, after in pairwise(versions))


def test_every_indicator_says_what_a_value_of_it_means() -> None:
    registry = load_registry()
    banded = {band.indicator_code for band in registry.thresholds}
    for code, indicator in registry.indicators.items():
        assert indicator.definition_vi != indicator.definition_en
        assert indicator.missing_policy in {"full_target", "matched_units", "followed_children", "none"}
        assert indicator.direction in {"higher", "lower", "none"}
        assert code in banded or indicator.indicator_kind not in {"coverage", "dropout", "wastage", "completeness"}
    used = {term.measure_code for term in registry.terms}
    computed = {row.measure_code for row in registry.measures.values() if not row.is_reportable}
    # Computed measures nobody divides say how complete a value is.
    assert computed - used == {"units_expected", "units_included", "units_with_records"}
