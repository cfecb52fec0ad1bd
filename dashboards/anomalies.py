"""Why coverage is above 100 % or a dropout below 0: what published numbers and known events speak for.

Pure: causes, limits and texts are rows of the registry (`anomaly_causes`), evidence is what the caller found in a
release. No cause is a verdict; each says what speaks for it, and what could not be looked at says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboards import formats
from dashboards.i18n import Texts

Row = Mapping[str, Any]
Anomaly = Literal["excess", "negative"]

_SHARES_OF_A_TARGET = frozenset({"coverage", "cohort_coverage"})
_DROPOUTS = frozenset({"dropout", "cohort_dropout"})


@dataclass(frozen=True)
class Evidence:
    """One observation that may speak for a cause: a number with a name, or an event (a row of `events`)."""

    evidence_kind: str
    name_vi: str = ""
    name_en: str = ""
    value: float | None = None
    decimals: int = 1
    unit: str = ""
    indicator_code: str | None = None
    event: Row | None = None


@dataclass(frozen=True)
class Finding:
    """A likely cause: what speaks for it in words of both languages; `is_likely` None when nothing could be seen."""

    cause_code: str
    name_vi: str
    name_en: str
    is_likely: bool | None
    evidence_vi: tuple[str, ...]
    evidence_en: tuple[str, ...]
    action_vi: str
    action_en: str


def anomaly_of(indicator: Row, value: float | None) -> Anomaly | None:
    """Return what is strange about a published value, or None: a share of a target above all of it, or below none."""
    if value is None:
        return None
    if indicator["indicator_kind"] in _DROPOUTS and value < 0:
        return "negative"
    if indicator["indicator_kind"] in _SHARES_OF_A_TARGET and value > indicator["multiplier"]:
        return "excess"
    return None


def likely_causes(anomaly: Anomaly, causes: Sequence[Row], evidence: Sequence[Evidence]) -> list[Finding]:
    """Return every candidate cause of an anomaly: those that something speaks for first, then in the order of the rows.

    `causes` are rows of `anomaly_causes`.
    """
    found = []
    for cause in sorted(causes, key=lambda row: int(row["sort_order"])):
        if not cause[f"is_for_{anomaly}"]:
            continue
        seen = [item for item in evidence if _is_about(cause, item)]
        speaking = [item for item in seen if _speaks_for(cause, item)]
        found.append(
            Finding(
                cause_code=cause["cause_code"],
                name_vi=cause["name_vi"],
                name_en=cause["name_en"],
                is_likely=bool(speaking) if seen or cause["evidence_kind"] == "event" else None,
                evidence_vi=tuple(_words(cause, item, "vi") for item in speaking),
                evidence_en=tuple(_words(cause, item, "en") for item in speaking),
                action_vi=cause["action_vi"],
                action_en=cause["action_en"],
            )
        )
    return sorted(found, key=lambda finding: (not finding.is_likely, finding.is_likely is None))


def _is_about(cause: Row, item: Evidence) -> bool:
    if item.evidence_kind != cause["evidence_kind"]:
        return False
    if item.event is not None:
        return item.event["event_kind"] in (cause["event_kinds"] or "").split()
    if item.value is None:
        return False
    return item.evidence_kind != "indicator" or item.indicator_code == cause["indicator_pattern"]


def _speaks_for(cause: Row, item: Evidence) -> bool:
    if item.event is not None:
        return True
    assert item.value is not None
    lower, upper = cause["lower_limit"], cause["upper_limit"]
    is_outside = (lower is not None and item.value < lower) or (upper is not None and item.value > upper)
    # Another denominator explains an excess when under it there is none.
    return not is_outside if item.evidence_kind == "denominator" else is_outside


def _words(cause: Row, item: Evidence, language: str) -> str:
    template: str = cause[f"evidence_{language}"]
    filled = {"lower": _limit(cause["lower_limit"], language), "upper": _limit(cause["upper_limit"], language)}
    if item.event is not None:
        filled |= {
            "label": item.event[f"label_{language}"],
            "from_day": formats.day(item.event["valid_from"], language),
            "to_day": formats.day(item.event["valid_to"], language),
        }
    else:
        name = item.name_en if language == "en" else item.name_vi
        filled |= {"name": name, "value": formats.in_unit(item.value, item.unit, language, item.decimals)}
    return template.format_map(filled)


def _limit(value: float | None, language: str) -> str:
    decimals = 0 if value is None or value == round(value) else 2
    return formats.number(value, language, decimals)


def named(finding: Finding, texts: Texts) -> tuple[str, tuple[str, ...], str]:
    """Return a finding's name, evidence and action in the reader's language."""
    if texts.language == "en":
        return finding.name_en, finding.evidence_en, finding.action_en
    return finding.name_vi, finding.evidence_vi, finding.action_vi
