"""Which causes a strange value has: evidence within and outside the limits of the registry, in words."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import pytest

from dashboards.anomalies import Evidence, anomaly_of, likely_causes
from pipelines.reference import load_registry

REGISTRY = load_registry()
CAUSES: list[dict[str, Any]] = [asdict(row) for row in REGISTRY.anomaly_causes.values()]
STOCK_OUT = {
    "event_kind": "stock_out",
    "label_vi": "Thiếu vắc xin",
    "label_en": "Short of vaccine",
    "valid_from": date(2018, 5, 1),
    "valid_to": date(2018, 7, 1),
}


def indicator(code: str) -> dict[str, Any]:
    return asdict(REGISTRY.indicators[code])


@pytest.mark.parametrize(
    ("code", "value", "anomaly"),
    [
        ("coverage_penta3", 100.1, "excess"),
        ("coverage_penta3", 100.0, None),
        ("coverage_penta3", None, None),
        ("dropout_penta1_mcv1", -0.1, "negative"),
        ("dropout_penta1_mcv1", 0.0, None),
        ("ratio_opv3_penta3", 1.5, None),
        ("zero_dose_un_surviving_infants", -5.0, None),
    ],
)
def test_what_is_strange(code: str, value: float | None, anomaly: str | None) -> None:
    assert anomaly_of(indicator(code), value) == anomaly


def likely(anomaly: Any, *evidence: Evidence) -> set[str]:
    return {finding.cause_code for finding in likely_causes(anomaly, CAUSES, evidence) if finding.is_likely}


def test_a_stock_out_is_said_in_both_languages() -> None:
    first, *others = likely_causes("negative", CAUSES, [Evidence("event", event=STOCK_OUT)])
    assert first.cause_code == "supply_event"
    assert first.evidence_vi == ("Thiếu vắc xin (01/05/2018 – 01/07/2018)",)
    assert first.evidence_en == ("Short of vaccine (1 May 2018 – 1 Jul 2018)",)
    assert not any(finding.is_likely for finding in others)


def test_an_introduction_is_no_cause() -> None:
    assert likely("negative", Evidence("event", event={**STOCK_OUT, "event_kind": "introduction"})) == set()


@pytest.mark.parametrize(("growth", "found"), [(0.89, True), (0.9, False), (1.0, False), (1.1, False), (1.11, True)])
def test_a_target_outside_its_limits_is_a_cause(growth: float, found: bool) -> None:
    evidence = Evidence("indicator", value=growth, indicator_code="target_over_previous_year", decimals=3)
    assert likely("excess", evidence) == ({"target_break"} if found else set())
    assert likely("negative", evidence) == set()


@pytest.mark.parametrize(("value", "found"), [(99.0, True), (100.0, True), (101.0, False)])
def test_another_denominator_explains_what_is_no_excess_under_it(value: float, found: bool) -> None:
    evidence = Evidence("denominator", "Khai sinh", "Registered births", value, unit="percent")
    assert likely("excess", evidence) == ({"other_denominator"} if found else set())


def test_missing_reports_people_from_elsewhere_and_wrong_numbers() -> None:
    few = Evidence("indicator", value=89.9, indicator_code="completeness_reports", unit="percent")
    enough = Evidence("indicator", value=90.0, indicator_code="completeness_reports", unit="percent")
    assert likely("negative", few) == {"missing_report"}
    assert likely("negative", enough) == set()
    assert likely("negative", Evidence("inflow", value=5.1), Evidence("misnumbered", value=5.1)) == {
        "in_flow",
        "misnumbered_dose",
    }
    assert likely("negative", Evidence("inflow", value=5.0), Evidence("misnumbered", value=5.0)) == set()


def test_what_nobody_looked_at_is_not_denied() -> None:
    found = {finding.cause_code: finding.is_likely for finding in likely_causes("excess", CAUSES, [Evidence("inflow")])}
    assert found["in_flow"] is None
    assert found["supply_event"] is False, "the registry's events are always known"
