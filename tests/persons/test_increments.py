"""Whatever came in between, a build of what changed leaves what a build from nothing leaves."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

from pipelines.settings import Settings
from tests.persons import histories
from tests.persons.test_cohort_oracle import as_row, history
from tests.steps import run_steps

PERSONS = 40
BY_PERSON = ["int_persons", "int_dose_events", "int_dose_verdicts", "int_person_residences", "int_person_care_places",
             "int_cohort_children"]  # fmt: skip
COUNTED = ["fct_person_measure_values", "fct_dose_delays", "fct_cohort_curve", "fct_person_flows",
           "fct_coverage_bridge"]  # fmt: skip


def everything(settings: Settings) -> dict[str, histories.Rows]:
    """Return every row that is kept of persons or counted of them."""
    return {name: histories.warehouse(settings, f"select * from {name} order by all") for name in BY_PERSON + COUNTED}


def test_increments_leave_what_a_build_from_nothing_leaves(no_data: Path, tmp_path: Path) -> None:
    draw = random.Random(11)
    seen = [record for number in range(PERSONS) for record in history(draw, number)]
    seen = [record for record in seen if record.death is None or record.death <= date(2026, 3, 31)]
    rows = [as_row(record, "2026-04-02 08:00:00") for record in seen]
    draw.shuffle(rows)
    first, later = rows[: len(rows) * 2 // 3], rows[len(rows) * 2 // 3 :]
    corrected = [
        # One that never was, one of another day, a birth date and an address put right.
        {"record_id": first[0]["record_id"], "facility_code": first[0]["facility_code"], "action": "void"},
        first[1] | {"given_at": "15/03/2026"},
        *(
            row | {"birth_date": str(date.fromisoformat(row["birth_date"]) - timedelta(1)), "birth_time": ""}
            for row in first
            if row["person_code"] == first[2]["person_code"]
        ),
        first[3] | {"household_commune_code": "01003", "temporary_commune_code": ""},
    ]
    corrected = [
        row | {"action": row.get("action") or "change", "submitted_at": "2026-04-05 08:00:00"} for row in corrected
    ]
    # Two codes turn out to be one person: a record of the second carries all that identifies the first.
    same = next(row for row in first if row["person_code"] not in {first[2]["person_code"]})
    other = next(
        row for row in later if row["birth_date"] == same["birth_date"] or row["person_code"] != same["person_code"]
    )
    identified = {name: same[name] for name in ("full_name", "birth_date", "mother_name", "phone", "sex")}
    merged = other | identified | {"person_code": "Q1", "record_id": "R-Q1", "given_at": "20/03/2026"}

    settings = histories.start(tmp_path / "home", no_data)
    for number, batch in enumerate([first, later, [*corrected, merged]], 1):
        histories.send(settings, f"batch{number}", batch, at=f"2026-04-{5 + number:02d}T12:00:00+07:00")
    rejected = histories.warehouse(settings, "select count(*) from rpt_rejected_rows")
    assert rejected == [(0,)]
    incremental = everything(settings)
    assert all(incremental[name] for name in BY_PERSON)
    run_steps(settings, "2026-04-09T12:00:00+07:00", mode="everything")
    rebuilt = everything(settings)
    assert [name for name in rebuilt if incremental[name] != rebuilt[name]] == []
