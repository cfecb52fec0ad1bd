"""Every labelled defect is found with its reason, and no good row is rejected."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime

import polars as pl
import pytest

from pipelines.facilities import read_facilities
from pipelines.intake.batch import IncomingFile, IntakeBatch, take_in
from pipelines.reference import load_registry
from pipelines.synthetic import generate
from pipelines.synthetic.defects import APPOINTMENT_DEFECTS, DOSE_DEFECTS, DUPLICATE, REPORT_DEFECTS
from tests.conftest import Programme

RECEIVED_AT = datetime(2026, 4, 5, 12)


@pytest.fixture(scope="module")
def programme(tmp_path_factory: pytest.TempPathFactory) -> Programme:
    """Two provinces with many more defects than usual, so that every kind occurs."""
    folder = tmp_path_factory.mktemp("spoilt")
    months = (date(2025, 5, 1), date(2025, 7, 1))
    generate(folder, ["01", "96"], *months, scale=0.05, seed=5, layout="bulk", defect_share=0.03)
    return Programme(folder)


@pytest.fixture(scope="module")
def batch(programme: Programme) -> IntakeBatch:
    files = [IncomingFile(path.name, path.read_bytes()) for path in programme.files()]
    return take_in(files, load_registry(), read_facilities(programme.facilities), RECEIVED_AT, 1)


@pytest.fixture(scope="module")
def labels(programme: Programme) -> list[dict[str, str]]:
    with (programme.folder / "labels.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def found(batch: IntakeBatch) -> dict[tuple[str, int], set[str]]:
    names = dict(batch.submissions.select("submission_id", "original_name").iter_rows())
    rows = batch.datasets["rejected_rows"].select("submission_id", "line_no", "reason_codes").rows()
    return {(names[submission], line): set(reasons) for submission, line, reasons in rows}


def test_rejected_rows_are_exactly_the_labelled_ones_with_their_reasons(
    batch: IntakeBatch, labels: list[dict[str, str]]
) -> None:
    expected = {
        (label["file_name"], int(label["line_no"])): set(label["reason_codes"].split("|"))
        for label in labels
        if label["line_no"] and label["reason_codes"] != DUPLICATE
    }
    assert len(expected) > 50
    assert found(batch) == expected


def test_repeated_lines_are_exactly_the_labelled_ones(batch: IntakeBatch, labels: list[dict[str, str]]) -> None:
    expected = Counter(label["file_name"] for label in labels if label["reason_codes"] == DUPLICATE)
    counted = batch.submissions.filter(pl.col("duplicate_count") > 0).select("original_name", "duplicate_count")
    assert dict(counted.iter_rows()) == dict(expected)


def test_unreadable_files_are_refused_whole_for_the_labelled_reason(
    batch: IntakeBatch, labels: list[dict[str, str]]
) -> None:
    expected = {label["file_name"]: label["reason_codes"] for label in labels if not label["line_no"]}
    refused = batch.submissions.filter(pl.col("status") == "refused")
    assert dict(refused.select("original_name", "refusal_code").iter_rows()) == expected
    assert set(refused.get_column("submission_id")).isdisjoint(
        batch.datasets["dose_records"].get_column("submission_id")
    )


def test_every_kind_of_row_defect_occurs(labels: list[dict[str, str]]) -> None:
    occurring = {code for label in labels for code in label["reason_codes"].split("|")}
    defects = (*DOSE_DEFECTS, *REPORT_DEFECTS, *APPOINTMENT_DEFECTS)
    assert {code for reasons, _ in defects for code in reasons} <= occurring


def test_every_file_balances(batch: IntakeBatch) -> None:
    taken = batch.submissions.filter(pl.col("status") != "refused")
    explained = pl.sum_horizontal("header_count", "blank_count", "accepted_count", "rejected_count", "duplicate_count")
    assert taken.select((pl.col("line_count") == explained).all()).item()
