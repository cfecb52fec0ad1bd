"""One person's history in words: pure functions of what `Persons` gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from dashboards import formats
from dashboards.i18n import Texts

_GIVEN = 2
_ORDER = ("born", "moved", "appointment", "given", "declared", "not_given", "died")
_COLUMNS = ("date", "kind", "what", "verdict", "place", "source")


def timeline(
    person: Mapping[str, Any],
    *,
    doses: pl.DataFrame,
    records: pl.DataFrame,
    residences: pl.DataFrame,
    appointments: pl.DataFrame,
    texts: Texts,
) -> pl.DataFrame:
    """Return everything that is known of a person, oldest first: date, kind, what, verdict, place, source (texts).

    A dose of several series is one row; its verdict names each series. A declared dose says so.
    """
    events: list[tuple[date, str, str, str, str, str]] = [(person["birth_date"], "born", "", "", "", "")]
    for number, row in enumerate(residences.iter_rows(named=True)):
        kind = texts(f"residence_{row['residence_kind']}")
        what = texts("timeline_lives" if number == 0 else "timeline_moves", kind=kind)
        events.append((row["valid_from"], "moved", what, "", texts.named(row, "commune") or row["commune_code"], ""))
    verdicts = _verdicts(doses, texts)
    for row in records.iter_rows(named=True):
        if row["given_date"] is None:
            continue
        what = texts.named(row, "product") or row["product_code"]
        if row["dose_status"] != _GIVEN:
            kind = "not_given"
            verdict = texts(f"dose_status_{row['dose_status']}")
        elif row["record_origin"] == "declared":
            kind = "declared"
            verdict = texts("timeline_declared")
        else:
            kind = "given"
            verdict = verdicts.get(row["record_key"], texts("timeline_same"))
        place = texts.named(row, "facility") or row["facility_code"]
        events.append((row["given_date"], kind, what, verdict, place, source_of(row, texts)))
    for row in appointments.iter_rows(named=True):
        what = texts.named(row, "product") or row["product_code"] or ""
        status = texts(f"appointment_{row['appointment_status']}")
        place = texts.named(row, "facility") or row["facility_code"]
        events.append((row["appointment_date"], "appointment", what, status, place, source_of(row, texts)))
    if person["death_date"] is not None:
        events.append((person["death_date"], "died", "", "", "", ""))
    events.sort(key=lambda event: (event[0], _ORDER.index(event[1]), event[2], event[5]))
    rows = [
        dict(zip(_COLUMNS, (day, texts(f"timeline_{kind}_kind"), *rest), strict=True)) for day, kind, *rest in events
    ]
    return pl.DataFrame(rows, schema={name: pl.Date if name == "date" else pl.String for name in _COLUMNS})


def source_of(row: Mapping[str, Any], texts: Texts) -> str:
    """Return where a row came from: file, line and when it was received."""
    return texts(
        "source_place",
        file=row["original_name"],
        line=row["line_no"],
        received=formats.moment(row["received_at"], texts.language),
    )


def dose_text(row: Mapping[str, Any], texts: Texts) -> str:
    """Return a dose by its name when it is valid, else by its series."""
    return texts.named(dict(row), "dose") or texts.named(dict(row), "series")


def verdict_text(row: Mapping[str, Any], texts: Texts) -> str:
    """Return the verdict on a dose with its reason in words."""
    if not row["is_confirmed"]:
        return texts("timeline_declared")
    if row["status"] is None:
        return formats.NOTHING
    verdict = texts(f"verdict_{row['status']}")
    reason = texts.named(dict(row), "reason")
    return verdict if row["status"] == "valid" or not reason else f"{verdict}: {reason}"


def _verdicts(doses: pl.DataFrame, texts: Texts) -> dict[str, str]:
    """Return the verdicts on the dose that each record tells of; those of one wording together."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in doses.iter_rows(named=True):
        found[row["record_key"]][verdict_text(row, texts)].append(dose_text(row, texts))
    return {
        record: "; ".join(f"{', '.join(names)}: {verdict}" for verdict, names in verdicts.items())
        for record, verdicts in found.items()
    }
