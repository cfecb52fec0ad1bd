"""A whole programme as files to submit: month by month, in bounded memory, with labels of every defect."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines.facilities import write_facilities
from pipelines.reference import Registry, load_registry
from pipelines.synthetic import records
from pipelines.synthetic.children import Population, add_months
from pipelines.synthetic.defects import (
    APPOINTMENT_DEFECTS,
    DOSE_DEFECTS,
    LONG_REPORT_DEFECTS,
    REPORT_DEFECTS,
    UNREADABLE,
    Label,
    spoil,
)
from pipelines.synthetic.encodings import PLAIN, SUFFIXES, encode, style_of
from pipelines.synthetic.implants import LABEL_COLUMNS, dose_key, implant, natural_labels
from pipelines.synthetic.register import communes, facilities

FACILITY_FILES = "facility-files"
BULK = "bulk"
DEFECT_SHARE = 0.003
_CORRECTED_SHARE = 0.004
# In the first months this many districts still report on paper: one number a month for all their communes.
_PAPER_DISTRICTS = 3
_PAPER_MONTHS = 3

Progress = Callable[[int, int, str], None]


@dataclass
class GenerationSummary:
    """What was written."""

    facilities: int = 0
    files: int = 0
    dose_records: int = 0
    report_lines: int = 0
    appointments: int = 0
    labelled_defects: int = 0
    _labels: list[Label] = field(default_factory=list, repr=False)

    def __str__(self) -> str:
        return (
            f"{self.files} files: {self.dose_records} dose records, {self.report_lines} report lines"
            f" and {self.appointments} appointments"
            f" of {self.facilities} facilities, {self.labelled_defects} labelled defects"
        )


def demo_parameters() -> dict[str, Any]:
    """Return what `niis demo` generates: the whole country thinly, over 24 months across 2025-07-01."""
    return {
        "provinces": None,
        "first_month": date(2024, 1, 1),
        "last_month": date(2025, 12, 1),
        "scale": 0.015,
        "seed": 1,
        "layout": BULK,
    }


def generate(
    out_dir: Path,
    provinces: Sequence[str] | None,
    first_month: date,
    last_month: date,
    scale: float,
    seed: int,
    layout: str,
    *,
    defects: bool = True,
    defect_share: float = DEFECT_SHARE,
    plain_csv: bool = False,
    communes_per_district: int | None = None,
    finding_share: float = 0.0,
    progress: Progress | None = None,
) -> GenerationSummary:
    """Write `facilities.csv`, `submissions/`, `labels.csv` and `persons_truth.csv` into `out_dir`.

    The same arguments give the same bytes. `persons_truth.csv` names each person code that stands for a child who has
    another one (`true_person_code`); every other code is a person of its own.

    `provinces` are codes of the 63 former provinces (None: all); `scale` is the share of the real number of children,
    `defect_share` that of the lines that are spoilt. Of each district the first `communes_per_district` take part;
    None: all of them. `finding_share` is the share of records that get each kind of defect that rules of data quality
    must find; above 0, `finding_labels.csv` (facility_code, record_id, rule_code) says which.
    Raises ValueError for an unknown province or layout.
    """
    registry = load_registry()
    known = {code for (tree, code), area in registry.areas.items() if tree == "63" and area.level_code == "province"}
    if provinces is not None and (unknown := sorted(set(provinces) - known)):
        raise ValueError(
            f"There is no former province {', '.join(unknown)}; codes are those of the 63, such as 01 or 79."
        )
    if layout not in {FACILITY_FILES, BULK}:
        raise ValueError(f"There is no layout '{layout}'; choose {FACILITY_FILES} or {BULK}.")
    places = communes(registry, list(provinces) if provinces is not None else None)
    whole = len(communes(registry, None))
    if communes_per_district is not None:
        places = places.filter(pl.int_range(pl.len()).over("district_code") < communes_per_district)
    register = facilities(places, len(places) / whole)
    writer = _Writer(out_dir, registry, layout, plain_csv, defect_share if defects else 0.0, seed, finding_share)
    write_facilities(register, out_dir / "facilities.csv")
    writer.summary.facilities = register.height
    who = records.reporters(places, register, seed)
    population = Population(places, scale, seed)
    paper = sorted(places.get_column("district_code").unique().to_list())[:: max(1, len(places) // 40)][
        :_PAPER_DISTRICTS
    ]

    months = [add_months(first_month, step) for step in range(_span(first_month, last_month))]
    for year in sorted({month.year for month in months}):
        writer.reports(f"targets_{year}", records.target_rows(places, who, year, scale, seed), spoilt=False)
        estimates = records.estimate_rows(places, year, scale, seed, is_nation=len(places) == whole)
        writer.reports(f"estimates_{year}", estimates, spoilt=False)
    for done, month in enumerate(months, 1):
        _write_month(writer, places, who, population, month, paper if done <= _PAPER_MONTHS else [])
        if progress is not None:
            progress(done, len(months), month.strftime("%Y-%m"))
    if defects:
        writer.unreadable()
    writer.labels()
    return writer.summary


def _span(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1


def _write_month(
    writer: _Writer,
    places: pl.DataFrame,
    who: records.Reporters,
    population: Population,
    month: date,
    paper_districts: Sequence[str],
) -> None:
    events = pl.concat([population.given(month), population.mothers(month), population.deaths(month)])
    given = records.with_facility(events, who)
    home = dict(places.select("commune_code", "district_code").iter_rows())
    district = given.get_column("facility_code").str.slice(0, 5).replace_strict(home, default=None)
    name = month.strftime("%Y%m")
    for code in paper_districts:
        rows = records.district_rows(given.filter(district == code), writer.registry, code, month)
        writer.reports(f"district_{code}_{name}", rows, spoilt=False)
    given = given.filter(~district.is_in(list(paper_districts)))
    rows = writer.implanted(records.dose_rows(given, places, who, month), month)
    writer.doses(name, rows, who)
    writer.same_persons(rows)
    reporting = who if not paper_districts else _without(who, paper_districts, home)
    writer.reports(
        f"monthly_report_{name}",
        records.report_rows(given, writer.registry, reporting, month, writer.seed),
        spoilt=True,
    )
    summary = records.summary_rows(given, writer.registry, who, month)
    writer.reports(f"doses_summary_{name}", summary, spoilt=True, long=True)
    writer.appointments(name, records.appointment_rows(rows, writer.registry))
    writer.corrections(name, rows, month)


def _without(who: records.Reporters, districts: Sequence[str], home: dict[str, str]) -> records.Reporters:
    district = who.frame.get_column("commune_code_2017").replace_strict(home)
    return records.Reporters(
        who.frame.filter(~district.is_in(list(districts))), who.station, who.hospital, who.clinic, who.seed
    )


class _Writer:
    """Puts rows into files, some of them spoilt, and remembers which."""

    def __init__(
        self,
        out_dir: Path,
        registry: Registry,
        layout: str,
        plain: bool,
        defect_share: float,
        seed: int,
        finding_share: float,
    ) -> None:
        self._out = out_dir
        self._folder = out_dir / "submissions"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._layout = layout
        self._plain = plain
        self._defect_share = defect_share
        self._finding_share = finding_share
        self._finding_labels: list[pl.DataFrame] = []
        self._codes: set[str] = set()
        self._sent: set[str] = set()
        self._turn = 0
        self.registry = registry
        self.seed = seed
        self.summary = GenerationSummary()
        self._same: dict[str, str] = {}

    def implanted(self, rows: pl.DataFrame, month: date) -> pl.DataFrame:
        """Return a month's rows with the defects that rules of data quality must find, and remember where they are."""
        if not self._finding_share:
            return rows
        changed, labels = implant(rows, self._finding_share, month, self._sent, list(self.registry.products), self.seed)
        changed = changed.sort("facility_code", maintain_order=True)
        self._sent |= set(changed.select(pl.concat_str(dose_key())).to_series().unique().to_list())
        self._codes |= set(changed.get_column("person_code").unique().to_list())
        self._finding_labels.append(labels)
        self._label_natural(changed)
        return changed

    def _label_natural(self, rows: pl.DataFrame) -> None:
        late_days = self.registry.finding_rules["entry_late"].upper_limit
        assert late_days is not None
        self._finding_labels.append(natural_labels(rows, self._codes, records.first_code, int(late_days)))

    def doses(self, name: str, rows: pl.DataFrame, who: records.Reporters) -> None:
        """Write a month's dose records: one file, or one a facility."""
        header = list(records.DOSE_COLUMNS)
        lines = _lines(rows)
        self.summary.dose_records += rows.height
        if self._layout == BULK:
            self._csv(f"dose_records_{name}.csv", header, lines.to_list(), DOSE_DEFECTS)
            return
        groups = pl.DataFrame({"facility": rows.get_column("facility_code"), "line": lines}).group_by(
            "facility", maintain_order=True
        )
        codes = rows.get_column("facility_code").unique(maintain_order=True)
        drawn = dict(zip(codes.to_list(), who.draw(codes, date(2000, 1, 1), 6), strict=True))
        for (facility,), group in groups:
            style = PLAIN if self._plain else style_of(drawn[str(facility)])
            body = group.get_column("line").to_list()
            if style == PLAIN:
                self._csv(f"dose_records_{facility}_{name}.csv", header, body, DOSE_DEFECTS)
            else:
                file_name = f"dose_records_{facility}_{name}{SUFFIXES.get(style, '.csv')}"
                self._write(file_name, encode(style, header, body, self.registry))

    def same_persons(self, rows: pl.DataFrame) -> None:
        """Remember which codes name a child who has another code already."""
        again = rows.get_column("person_code").unique()
        self._same |= {code: records.first_code(code) for code in again.to_list() if records.first_code(code) != code}

    def reports(self, name: str, rows: pl.DataFrame, *, spoilt: bool, long: bool = False) -> None:
        """Write report lines, one file."""
        if rows.is_empty():
            return
        self.summary.report_lines += rows.height
        defects = LONG_REPORT_DEFECTS if long else REPORT_DEFECTS
        self._csv(f"{name}.csv", rows.columns, _lines(rows).to_list(), defects if spoilt else ())

    def appointments(self, name: str, rows: pl.DataFrame) -> None:
        """Write the appointments booked in a month, one file."""
        if rows.is_empty():
            return
        self.summary.appointments += rows.height
        self._csv(f"appointments_{name}.csv", rows.columns, _lines(rows).to_list(), APPOINTMENT_DEFECTS)

    def corrections(self, name: str, rows: pl.DataFrame, month: date) -> None:
        """Write what facilities correct a month later: changes, voids, records sent again, a month replaced whole."""
        random = np.random.default_rng([self.seed, month.year, month.month, 7])
        chosen = rows.filter(pl.Series(random.random(rows.height) < _CORRECTED_SHARE))
        if chosen.is_empty():
            return
        kind = pl.Series(random.integers(0, 4, chosen.height))
        later = pl.lit(add_months(month, 2).strftime("%Y-%m-03 10:00:00"))
        sent = chosen.with_columns(kind.alias("kind")).with_columns(
            pl.when(pl.col("kind") == 0)
            .then(pl.lit("hủy"))
            .when(pl.col("kind") < 3)
            .then(pl.lit("sửa"))
            .otherwise("action")
            .alias("action"),
            pl.when(pl.col("kind") == 3).then("submitted_at").otherwise(later).alias("submitted_at"),
            pl.when(pl.col("kind") == 1).then(pl.lit("LO-SUA")).otherwise("lot_number").alias("lot_number"),
        )  # fmt: skip
        self.summary.dose_records += sent.height
        self._csv(
            f"corrections_{name}.csv",
            list(records.DOSE_COLUMNS),
            _lines(sent.select(records.DOSE_COLUMNS)).to_list(),
            (),
        )
        facility = chosen.get_column("facility_code")[0]
        again = rows.filter(pl.col("facility_code") == facility)[:-1].with_columns(
            pl.lit("thay thế").alias("submission_mode"), later.alias("submitted_at")
        )
        if not again.is_empty():
            self.summary.dose_records += again.height
            if self._finding_share:
                self._label_natural(again)
            self._csv(f"replacement_{facility}_{name}.csv", list(records.DOSE_COLUMNS), _lines(again).to_list(), ())

    def unreadable(self) -> None:
        """Write files that nobody can read, and one file again under another name."""
        for name, content, code in UNREADABLE:
            self._write(name, content)
            self._label(name, None, (code,))
        first = min(self._folder.glob("monthly_report_*.csv"))
        self._write(f"{first.stem}_gui_lai.csv", first.read_bytes())

    def labels(self) -> None:
        """Write the labels of everything that was spoilt."""
        found = self.summary._labels
        with (self._out / "labels.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["file_name", "line_no", "reason_codes"])
            writer.writerows([item.file_name, item.line_no or "", "|".join(item.reason_codes)] for item in found)
        self.summary.labelled_defects = len(found)
        if self._finding_labels:
            pl.concat(self._finding_labels).unique().sort(LABEL_COLUMNS).write_csv(self._out / "finding_labels.csv")
        with (self._out / "persons_truth.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["person_code", "true_person_code"])
            writer.writerows(sorted(self._same.items()))

    def _csv(self, name: str, header: Sequence[str], lines: list[str], defects: Sequence[Any]) -> None:
        if self._defect_share and defects:
            random = np.random.default_rng([self.seed, len(lines), self._turn])
            count = int(random.poisson(len(lines) * self._defect_share))
            for position, reasons in spoil(header, lines, defects, count, random, self._turn):
                self._label(name, position + 2, reasons)
            self._turn += count
        self._write(name, encode(PLAIN, header, lines, self.registry))

    def _write(self, name: str, content: bytes) -> None:
        (self._folder / name).write_bytes(content)
        self.summary.files += 1

    def _label(self, name: str, line_no: int | None, reasons: tuple[str, ...]) -> None:
        self.summary._labels.append(Label(name, line_no, reasons))


def _lines(rows: pl.DataFrame) -> pl.Series:
    return rows.select(pl.concat_str([pl.col(name).fill_null("") for name in rows.columns], separator=",")).to_series()
