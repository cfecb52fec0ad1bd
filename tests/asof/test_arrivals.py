"""What arrived when, worked out again in plain Python; and what a file says something of."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta

from dashboards.knowledge import arrival_curve, arrivals_of
from dashboards.warehouse import open_release
from pipelines.nowcast import month_end
from pipelines.reference import load_registry
from pipelines.settings import Settings
from tests.cli.test_commands import niis
from tests.conftest import Programme
from tests.metrics.building import RECEIVED_AT
from tests.oracles.current_state import standing_rows
from tests.oracles.plain_files import read_programme
from tests.orchestration.published import query

REGISTRY = load_registry()


def delay(sent: date, month: date) -> int:
    return (sent - month_end(month)).days


def test_arrivals_are_those_of_the_files(programme: Programme, published_home: Settings) -> None:
    submitted = read_programme(programme.folder, REGISTRY, RECEIVED_AT)
    reports: dict[tuple[str, date], date] = {}
    first: dict[tuple[str, str], date] = {}
    for row in submitted.doses:
        sent = row["submitted_at"].date()
        report, record = (row["facility_code"], row["report_month"]), (row["facility_code"], row["record_id"])
        reports[report] = min(sent, reports.get(report, sent))
        first[record] = min(sent, first.get(record, sent))
    for row in submitted.reports:
        if isinstance(row["reporter"], str) and len(row["period"]) == len("2025-05"):
            key = (row["reporter"], date.fromisoformat(row["period"] + "-01"))
            reports[key] = min(row["submitted_at"].date(), reports.get(key, row["submitted_at"].date()))
    standing = standing_rows(
        {
            **row,
            "version_at": row["submitted_at"],
            "key": (row["facility_code"], row["record_id"]),
            "scope": (row["facility_code"], row["report_month"]),
        }
        for row in submitted.doses
    )
    doses = Counter(
        (row["given_date"].replace(day=1), delay(first[row["key"]], row["given_date"].replace(day=1)))
        for row in standing
        if row["is_done"]
    )
    came = Counter((month, delay(sent, month)) for (_, month), sent in reports.items())
    for tree in ("63", "34"):
        for level in ("nation", "province"):
            found = query(
                published_home,
                "select month, delay_days, sum(report_count), sum(dose_count), bool_and(is_dated_by_sender)"
                f" from fct_arrivals where hierarchy_code = '{tree}' and level_code = '{level}' group by all",
            )
            assert {row[:2]: row[2] for row in found if row[2]} == came
            assert {row[:2]: row[3] for row in found if row[3]} == doses
            assert all(row[4] for row in found)


def test_the_curve_ends_at_what_came_of_what_was_due(published_home: Settings) -> None:
    release = open_release(published_home.published)
    curve = arrival_curve(release, "63", "VN")
    assert curve["delay_days"].to_list() == list(range(61))
    assert curve["dose_share"][-1] == 1
    assert curve["dose_share"].is_sorted()
    assert curve["report_share"].is_sorted()
    (arrivals,) = arrivals_of(release, "63", ["VN"])
    today = release.info().as_of_date
    whole = [n for n, month in enumerate(arrivals.months) if today - month_end(month) >= timedelta(days=60)]
    due = sum(release.reports_expected("63", "VN")[arrivals.months[n]] for n in whole)
    assert curve["report_share"][-1] == arrivals.reports[whole].sum() / due < 1
    assert release.arrival_dates_of_senders("63", "VN") == 1


def test_every_accepted_row_of_a_file_has_its_place(published_home: Settings) -> None:
    assert query(
        published_home,
        "select count(*) from rpt_submissions as s left join (select submission_id, sum(row_count) as n"
        " from rpt_submission_places group by all) as p using (submission_id)"
        " where s.submission_kind = 'dose_records' and coalesce(s.accepted_count, 0) <> coalesce(p.n, 0)",
    ) == [(0,)]
    ((rows, places),) = query(
        published_home,
        "select sum(p.row_count), count(distinct p.facility_code) from rpt_submission_places as p"
        " join rpt_submissions using (submission_id) where original_name = 'monthly_report_202506.csv'",
    )
    assert rows
    assert places


def test_an_estimate_needs_months_of_history_and_a_value_that_grows(published_home: Settings) -> None:
    asked = ("--format", "json", "--as-of", "2026-04-05")
    few = json.loads(niis(published_home, "nowcast", "coverage_penta3", *asked).stdout)
    assert {row["status"] for row in few} <= {"too_few_months"}
    assert niis(published_home, "nowcast", "dropout_penta1_penta3").exit_code == 1
    communes = [code for (tree, code), area in REGISTRY.areas.items() if tree == "63" and area.level_code == "commune"]
    result = niis(published_home, "nowcast", "coverage_penta3", "--area", communes[0])
    assert result.exit_code == 1
    assert "too few reports" in result.stderr
