"""Findings of a published release: in one shape, of every rule, with the records behind them."""

from __future__ import annotations

import re

import duckdb

from pipelines.publish import current_release
from pipelines.reference import load_registry
from pipelines.settings import Settings


def asked(settings: Settings, file: str, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query over a file of the current release."""
    release = current_release(settings)
    assert release is not None
    with duckdb.connect(str(settings.published / release.release_id / file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_every_rule_has_a_result_and_one_that_saw_nothing_has_not_passed(published_home: Settings) -> None:
    rows = asked(published_home, "niis.duckdb", "select rule_code, evaluated, status from rpt_check_results")
    found = {str(code): (evaluated, status) for code, evaluated, status in rows}
    assert set(load_registry().finding_rules) <= set(found)
    assert all(status == "not_applicable" for evaluated, status in found.values() if evaluated == 0)


def test_a_finding_names_its_subject_its_rule_and_says_it_in_words(published_home: Settings) -> None:
    rules = load_registry().finding_rules
    rows = asked(
        published_home,
        "niis.duckdb",
        "select rule_code, severity, violations, evaluated, subject_code, detail_vi, detail_en from rpt_findings",
    )
    assert rows
    for code, severity, violations, evaluated, subject, detail_vi, detail_en in rows:
        rule = rules[str(code)]
        assert severity == rule.severity
        assert int(str(violations)) / int(str(evaluated)) > rule.subject_threshold
        assert subject
        assert not {"{", "}"} & {*str(detail_vi), *str(detail_en)}
        assert not re.search(r"[0-9][.][0-9]", str(detail_vi)), "decimals come after a comma"


def test_the_records_behind_a_finding_are_as_many_as_it_says(published_home: Settings) -> None:
    stages = {rule.rule_code: rule.rule_stage for rule in load_registry().finding_rules.values()}
    said = dict(asked(published_home, "niis.duckdb", "select finding_key, violations from rpt_findings"))
    of_rule = dict(asked(published_home, "niis.duckdb", "select finding_key, rule_code from rpt_findings"))
    behind = dict(
        asked(
            published_home,
            "persons.duckdb",
            "select finding_key, count(distinct record_key) from per_findings where record_key is not null group by 1",
        )
    )
    expected = {key: count for key, count in said.items() if stages[str(of_rule[key])] in {"record", "person"}}
    assert expected
    assert behind == expected
