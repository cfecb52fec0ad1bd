"""The steward's desk without its drawing: the queue of findings with what was decided, and what may be decided on.

Findings are rows of the release, decisions are events of the store; nothing here computes either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboards.formats import viet_nam_time
from dashboards.warehouse import Release
from pipelines.access.policy import Place
from pipelines.reference import DecisionKind, DecisionState
from pipelines.stewardship.events import (
    FINDING,
    OUTLIER,
    START,
    SUBMISSION,
    MeasuredValue,
    State,
    StewardshipError,
    Subject,
    measured_value,
)

# Where a finding of a place without a tree lies: the tree in force.
TREE = "34"
SEVERITIES = ("blocking", "warning", "notice")
_RESOLVED = "resolved"
_KEY = re.compile(r"[0-9a-f]{8,20}")
_DECIDED = {
    "state_code": pl.String,
    "version": pl.Int64,
    "assignee": pl.String,
    "decided_by": pl.String,
    "decided_at": pl.Datetime,
    "reason": pl.String,
    "is_settled": pl.Boolean,
    "is_back": pl.Boolean,
}


@dataclass(frozen=True)
class Filters:
    """What of the queue is shown; None asks for everything."""

    rule_code: str | None = None
    place: Place | None = None
    severity: str | None = None
    state_code: str | None = None
    assignee: str | None = None


def queue(
    release: Release, decided: Mapping[Subject, State], states: Mapping[str, DecisionState], filters: Filters
) -> pl.DataFrame:
    """Return the findings of a release with what was decided on each: one row a finding, what to act on first on top.

    A finding keeps what is decided on it as long as it is found. `is_back`: it was said to be mended before this
    release was built, and it is still there. Only findings are listed that the release's reader may see.
    """
    found = release.findings(rule_code=filters.rule_code, place=filters.place, severity=filters.severity)
    if not found.height:
        return found
    built_at = viet_nam_time(release.info().built_at)
    rows = []
    for key in found["finding_key"]:
        state = decided.get(Subject(FINDING, key), State(Subject(FINDING, key)))
        is_back = state.state_code == _RESOLVED and state.decided_at is not None and state.decided_at < built_at
        rows.append(
            {
                "state_code": state.state_code,
                "version": state.version,
                "assignee": state.assignee,
                "decided_by": state.decided_by,
                "decided_at": state.decided_at,
                "reason": state.reason,
                "is_settled": states[state.state_code].is_settled and not is_back,
                "is_back": is_back,
            }
        )
    found = found.hstack(pl.DataFrame(rows, schema=_DECIDED))
    for column, wanted in (("state_code", filters.state_code), ("assignee", filters.assignee)):
        if wanted is not None:
            found = found.filter(pl.col(column) == wanted)
    rank = pl.col("severity").replace_strict({name: n for n, name in enumerate(SEVERITIES)}, default=len(SEVERITIES))
    return found.sort(
        "is_settled", rank, pl.col("effect").fill_null(0), "finding_key", descending=[False, False, True, False]
    )


def subject_of(release: Release, kind: DecisionKind, text: str) -> Subject:
    """Return what a decision of a kind is on, by its key or the beginning of it.

    Raises StewardshipError with a sentence when a release has no such finding, value or file, and AccessDeniedError
    when the release's reader may not see it.
    """
    if kind.subject_kind == OUTLIER:
        _require_value(release, measured_value(text))
        return Subject(OUTLIER, text)
    if kind.subject_kind == SUBMISSION:
        return Subject(SUBMISSION, _submission(release, text))
    found = release.findings(key_prefix=text) if _KEY.fullmatch(text) else pl.DataFrame()
    if found.height != 1:
        problem = "no finding has" if not found.height else f"{found.height} findings have"
        raise StewardshipError(f"{problem} a key that begins with '{text}'; niis findings prints keys.")
    return Subject(FINDING, str(found["finding_key"][0]))


def check_correction(release: Release, subject: Subject, corrected_by: str) -> str:
    """Return the id of the file that corrects a rejected one. Raises StewardshipError when it cannot."""
    require_rejected(release, subject)
    other = release.submission(_submission(release, corrected_by))
    assert other is not None, "_submission gives ids of submissions"
    if other["status"] != "accepted" or other["submission_id"] == subject.subject_key:
        raise StewardshipError(
            f"The file {other['original_name']} is {other['status']}; a correction is another file that was accepted."
        )
    return str(other["submission_id"])


def require_rejected(release: Release, subject: Subject) -> None:
    """Raise StewardshipError when a file was accepted as a whole, so that there is nothing to correct."""
    wrong = release.submission(subject.subject_key)
    assert wrong is not None, "subject_of gives ids of submissions"
    if wrong["status"] == "accepted":
        raise StewardshipError(f"The file {wrong['original_name']} was accepted; there is nothing to correct in it.")


def outlier_subject(finding: Mapping[str, Any]) -> Subject | None:
    """Return the reported value that a finding is about, or None: one number of a facility for one period.

    What an area comes to is a sum that nobody reported, and cannot be left out as such.
    """
    facility, period, measure = finding["facility_code"], finding["period"], finding["measure_code"]
    return Subject(OUTLIER, f"F:{facility}|{period}|{measure}") if facility and period and measure else None


def state_of(decided: Mapping[Subject, State], subject: Subject) -> State:
    """Return the state of a subject; of one that nobody decided on it is open."""
    return decided.get(subject, State(subject, 0, START))


def _require_value(release: Release, value: MeasuredValue) -> None:
    kind, *codes = value.reporter_code.split(":")
    place = release.facility_place(codes[0], TREE) if kind == "F" else Place(codes[0], codes[1])
    if place is None or release.area(place.hierarchy_code, place.area_code) is None:
        raise StewardshipError(f"There is no {'facility' if kind == 'F' else 'area'} {':'.join(codes)}.")
    if release.scope is not None:
        release.scope.require_findings(place)
    if not release.has_measure(value.measure_code):
        raise StewardshipError(f"There is no measure '{value.measure_code}'; dim_measures lists them.")


def _submission(release: Release, text: str) -> str:
    found = release.submissions_like(text) if _KEY.fullmatch(text) else []
    if len(found) != 1:
        problem = "no file has" if not found else f"{len(found)} files have"
        raise StewardshipError(f"{problem} an id that begins with '{text}'; niis receipt prints them.")
    return found[0]
