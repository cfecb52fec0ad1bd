"""Defects read in the WHO's tools and in peers' code and specifications, each by name, and that ours does not have it.

`docs/peer_defects.md` lists all of them, with the tests that stand where the matter is tested anyway.
"""

from __future__ import annotations

import ast
import re
from dataclasses import asdict
from pathlib import Path

import duckdb
import pytest

from dashboards import formats
from dashboards.views import red_category
from pipelines.publish import current_release
from pipelines.reference import load_registry
from pipelines.settings import PROJECT_ROOT, Settings

REGISTRY = load_registry()
LIST = PROJECT_ROOT / "docs" / "peer_defects.md"
DROPOUTS = [code for code, row in REGISTRY.indicators.items() if row.indicator_kind in {"dropout", "cohort_dropout"}]


def red(access: float, dropout: float) -> dict[str, str]:
    """Return the category of an area by each rule."""
    categories = [asdict(row) for row in REGISTRY.red_categories.values()]
    return {
        code: str(red_category(access, dropout, asdict(rule), categories)["category_code"])
        for code, rule in REGISTRY.red_rules.items()
    }


def band(code: str, value: float) -> str | None:
    """Return the band of an indicator that a value falls into."""
    for row in REGISTRY.thresholds:
        if row.indicator_code != code:
            continue
        low, high = row.lower_bound, row.upper_bound
        if (low is None or low <= value) and (high is None or value < high):
            return str(row.band_code)
    return None


def test_the_list_names_tests_that_exist_and_every_test_of_this_module() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", LIST.read_text(encoding="utf-8"))
    assert len(named) >= 25
    assert len(named) == len(set(named))
    functions = {
        file: {node.name for node in ast.parse((PROJECT_ROOT / file).read_text(encoding="utf-8")).body
               if isinstance(node, ast.FunctionDef)}
        for file in {file for file, _ in named}
    }  # fmt: skip
    assert [pair for pair in named if pair[1] not in functions[pair[0]]] == []
    here = Path(__file__).relative_to(PROJECT_ROOT).as_posix()
    own = {name for name in functions[here] if name.startswith("test_") and not name.startswith("test_the_list_")}
    assert own == {name for file, name in named if file == here}


def test_who_tool_completeness_of_fields_never_exceeds_what_was_expected(published_home: Settings) -> None:
    release = current_release(published_home)
    assert release is not None
    database = published_home.published / release.release_id / release.file
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute("select rule_code, violations, evaluated from rpt_check_results").fetchall()
        findings = connection.execute("select rule_code, violations, evaluated from rpt_findings").fetchall()
    told = [row for row in rows if row[0] in REGISTRY.finding_rules] + findings
    assert {code for code, _, _ in told} >= {"measure_missing", "reports_missing"}
    assert [row for row in told if not 0 <= row[1] <= row[2]] == []


def test_who_tool_every_rule_prints_its_limits_and_where_they_come_from() -> None:
    page = (PROJECT_ROOT / "docs" / "quality_rules.md").read_text(encoding="utf-8")
    for rule in REGISTRY.finding_rules.values():
        assert rule.source
        assert rule.source in page
        section = page.split(f"\n## {rule.rule_code}\n", 1)[1].split("\n## ", 1)[0]
        for limit in (rule.lower_limit, rule.upper_limit):
            assert limit is None or re.search(rf"(?<![\d.]){re.escape(f'{limit:g}')}(?![\d])", section), rule.rule_code


@pytest.mark.parametrize("code", [code for code in DROPOUTS if REGISTRY.indicators[code].indicator_kind == "dropout"])
def test_dhis2_package_a_negative_dropout_has_a_band_of_its_own(code: str) -> None:
    assert band(code, -0.01) == band(code, -40) == "negative"
    assert band(code, 0) not in {None, "negative"}


def test_dhis2_package_nothing_is_limited_to_30_days_of_a_month() -> None:
    """A report without stock is counted by its month; no rule knows how long a month is."""
    of_stock = [row for row in REGISTRY.measures.values() if row.measure_code.startswith("stock_outs")]
    assert of_stock
    assert {row.unit for row in of_stock} == {"reports"}
    limits = {rule.upper_limit for rule in REGISTRY.finding_rules.values()}
    assert not {30, 31} & limits


def test_smart_ind05_a_birth_dose_is_timely_by_hours_or_by_a_flag_and_else_unknown() -> None:
    """What is counted as timely is timed or flagged; a dose of which neither is known is counted apart."""
    parts = [code for code in REGISTRY.indicators if code.startswith("cohort_hepb_bd_24h_")]
    whole = numerators("cohort_hepb_bd_24h_1m")
    assert whole == numerators("cohort_hepb_bd_24h_timed_1m") | numerators("cohort_hepb_bd_24h_flagged_1m")
    assert not whole & numerators("cohort_hepb_bd_24h_unknown_1m")
    assert len(parts) == 4
    assert not whole & numerators("cohort_crude_hepb_bd_1m"), "that a dose was given says nothing of its hour"


def numerators(code: str) -> set[str]:
    return {term.measure_code for term in REGISTRY.terms_of(code) if term.term_role == "numerator"}


def test_smart_ind35_a_dropout_counts_doses_or_children_and_never_both() -> None:
    for code in DROPOUTS:
        kinds = {REGISTRY.measures[term.measure_code].measure_kind for term in REGISTRY.terms_of(code)}
        assert len(kinds) == 1, code
        of_persons = REGISTRY.indicators[code].indicator_kind == "cohort_dropout"
        assert kinds == ({"cohort_count"} if of_persons else {"dose_count"}), code


def test_immunization_analysis_app_a_dropout_of_zero_has_a_category() -> None:
    assert red(95, 0) == red(95, 1)
    assert red(50, 0) == red(50, 1)
    assert None not in red(95, 0).values()


def test_immunization_analysis_app_a_negative_dropout_is_in_no_good_category() -> None:
    good = {code for code, row in REGISTRY.red_categories.items() if row.is_utilisation_good}
    for access in (50, 95):
        assert not good & set(red(access, -0.01).values())


def test_red_guides_both_limits_are_rows_with_their_source() -> None:
    rules = REGISTRY.red_rules.values()
    assert {(rule.access_minimum, rule.is_limit_good) for rule in rules} == {(80, False), (90, True)}
    assert all(rule.source and rule.utilisation_limit == 10 for rule in rules)
    assert [rule.is_default for rule in rules].count(True) == 1


def test_countdown_second_measles_doses_have_the_denominator_of_their_own_age() -> None:
    def denominators(code: str) -> set[str]:
        return {term.measure_code for term in REGISTRY.terms_of(code) if term.term_role == "denominator"}

    assert denominators("coverage_mcv1") == {"target_under1"}
    assert denominators("coverage_mcv2") == {"target_18m"}


def test_mqe_limits_in_words_are_those_that_are_computed() -> None:
    """Where a rule's name or message says a number of days or per cent, it is the limit of its row."""
    said = re.compile(r"\d+(?:[.,]\d+)?")
    checked = 0
    for rule in REGISTRY.finding_rules.values():
        if rule.rule_stage not in {"record", "person"} or "days" not in rule.name_en:
            continue
        limits = {f"{limit:g}" for limit in (rule.lower_limit, rule.upper_limit) if limit is not None}
        for text in (rule.name_vi, rule.name_en, rule.detail_vi, rule.detail_en):
            assert set(said.findall(text)) <= limits, rule.rule_code
        assert set(said.findall(rule.name_en)) == limits
        checked += 1
    assert checked >= 2


def test_spreadsheets_a_small_negative_dropout_is_not_printed_as_minus_zero() -> None:
    """224 of 1,666,340 more third doses than first ones in 2016: -0.013 %."""
    value = 100 * (1666340 - 1666564) / 1666340
    assert -0.05 < value < 0
    assert {formats.number(value, language, 1) for language in ("vi", "en")} == {"0,0", "0.0"}
