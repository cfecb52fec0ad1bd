"""A small file of persons by the contract of docs/architecture.md: real registry, persons and doses by hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from dashboards.text import search_key
from pipelines.reference import load_registry

RELEASE_ID = "20260405T050000Z-000003"
AS_OF = date(2026, 3, 31)
# A commune of 2017 with its successor of 2025, their district and their provinces.
OLD_COMMUNE, NEW_COMMUNE, DISTRICT, PROVINCE = "00001", "00097", "001", "01"
OTHER_COMMUNE, OTHER_NEW = "00004", "00004"
FACILITY = "0000101"
SUBMISSION = "a0000000000000000001"
FILE_NAME = "tram_y_te_00001.csv"

MANIFEST: dict[str, Any] = {"release_id": RELEASE_ID, "as_of_date": str(AS_OF), "is_synthetic": True}

_TABLES = """
create table per_persons (person_key varchar, full_name varchar, search_key varchar, birth_date date, sex varchar,
    birth_order integer, mother_name varchar, phone varchar, contact_opt_out boolean, death_date date,
    card_count bigint, record_count bigint);
create table per_cards (card_key varchar, person_key varchar, person_code varchar, national_id varchar,
    full_name varchar, birth_date date, sex varchar, mother_name varchar, phone varchar,
    household_commune_code varchar, temporary_commune_code varchar, birth_order integer, known_from timestamp);
create table per_residences (person_key varchar, hierarchy_code varchar, commune_code varchar, residence_kind varchar,
    valid_from date, valid_to date, unit_code varchar);
create table per_unit_areas (unit_code varchar, hierarchy_code varchar, level_code varchar, area_code varchar);
create table per_dose_events (event_key varchar, person_key varchar, series_code varchar, given_date date,
    given_at timestamp, has_given_time boolean, product_code varchar, facility_code varchar, dose_number integer,
    service_type varchar, record_key varchar, record_count bigint, is_confirmed boolean, status varchar,
    reason_code varchar, valid_dose_number integer, dose_code varchar, age_days integer, interval_days integer);
create table per_records (person_key varchar, record_key varchar, person_card_key varchar, facility_code varchar,
    product_code varchar, given_at timestamp, given_date date, dose_number integer, dose_status integer,
    service_type varchar, reaction_code integer, record_origin varchar, submission_id varchar, line_no integer,
    original_name varchar, received_at timestamp, version_at timestamp);
create table per_appointments (appointment_key varchar, person_key varchar, facility_code varchar,
    appointment_date date, appointment_status varchar, product_code varchar, dose_number integer,
    submission_id varchar, line_no integer, original_name varchar, received_at timestamp);
create table per_links (person_key varchar, card_key_a varchar, card_key_b varchar, rule_code varchar, score double,
    decision varchar, evidence varchar, decided_by varchar, rule_vi varchar, rule_en varchar);
create table per_redirects (old_person_key varchar, new_person_key varchar);
create table dim_areas (hierarchy_code varchar, area_code varchar, level_code varchar, parent_code varchar,
    name_vi varchar, name_en varchar);
create table dim_facilities (facility_code varchar, name_vi varchar, name_en varchar);
create table dim_vaccine_doses (dose_code varchar, series_code varchar, dose_number integer, name_vi varchar,
    name_en varchar, short_name varchar, sort_order integer);
create table dim_vaccine_products (product_code varchar, name_vi varchar, name_en varchar);
create table dim_antigens (antigen_code varchar, name_vi varchar, name_en varchar, disease_vi varchar,
    disease_en varchar);
create table dim_verdict_reasons (reason_code varchar, status varchar, text_vi varchar, text_en varchar,
    action_vi varchar, action_en varchar);
create table per_series (series_code varchar, antigen_code varchar, name_vi varchar, name_en varchar);
create table per_schedule_doses (dose_code varchar, series_code varchar, dose_number integer, recommended_age varchar,
    minimum_age varchar, maximum_age varchar, minimum_interval varchar, catch_up_age varchar, scope varchar,
    in_force_from date, valid_to date);
create table per_product_series (product_code varchar, series_code varchar);
create table per_due_states (state_code varchar, sort_order integer, dose_status varchar, span varchar,
    is_invited boolean, name_vi varchar, name_en varchar, explanation_vi varchar, explanation_en varchar);
"""


@dataclass
class Given:
    """A dose of a person in a series, with its verdict; `number` is that of a valid one."""

    series: str
    on: date
    number: int | None
    reason: str = "valid"
    product: str = "penta_sii"
    is_confirmed: bool = True


@dataclass
class Decided:
    """A record of a status other than given."""

    product: str
    on: date
    status: int


@dataclass
class Person:
    """Who somebody is, and what happened to it."""

    key: str
    name: str
    born: date
    doses: Sequence[Given] = ()
    decisions: Sequence[Decided] = ()
    died: date | None = None
    phone: str | None = "0912345678"
    opt_out: bool | None = None
    moved: Sequence[tuple[date, str]] = field(default_factory=list)  # from when, to which commune of 2017
    appointments: Sequence[tuple[date, str]] = ()


def write_register(path: Path, persons: Sequence[Person]) -> None:
    """Write a file of persons."""
    with path.open("xb") as stream:
        stream.write(_without_persons())
    with duckdb.connect(str(path)) as connection:
        for person in persons:
            _person(connection, person)
        connection.execute("checkpoint")


@lru_cache(maxsize=1)
def _without_persons() -> bytes:
    """Return a file of the definitions alone: they are the same for all, and row by row they take longest."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "persons.duckdb"
        with duckdb.connect(str(path)) as connection:
            for statement in _TABLES.split(";"):
                if statement.strip():
                    connection.execute(statement)
            _definitions(connection)
            connection.execute("checkpoint")
        return path.read_bytes()


def make_persons_release(
    published: Path,
    persons: Sequence[Person],
    release_id: str = RELEASE_ID,
    redirects: Sequence[tuple[str, str]] = (),
) -> Path:
    """Write a release with nothing in it but persons, or add them to one that is there; make it the current one."""
    folder = published / release_id
    folder.mkdir(parents=True, exist_ok=True)
    write_register(folder / "persons.duckdb", persons)
    with duckdb.connect(str(folder / "persons.duckdb")) as connection:
        _insert(connection, "per_redirects", *redirects)
    if not (folder / "niis.duckdb").exists():
        with duckdb.connect(str(folder / "niis.duckdb")) as connection:
            connection.execute("create table rpt_release as select ? as release_id", [release_id])
    content = {**MANIFEST, "release_id": release_id, "definition_version": "1"}
    for name, file in (("", "niis.duckdb"), ("persons_", "persons.duckdb")):
        content[f"{name}file"] = file
        content[f"{name}sha256"] = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    (published / "CURRENT").write_text(release_id + "\n", encoding="utf-8")
    return folder / "persons.duckdb"


def _insert(connection: duckdb.DuckDBPyConnection, table: str, *rows: Sequence[Any]) -> None:
    if rows:
        connection.executemany(f"insert into {table} values ({', '.join('?' for _ in rows[0])})", rows)


def _definitions(connection: duckdb.DuckDBPyConnection) -> None:
    registry = load_registry()
    doses, limits = registry.doses, registry.catch_up_limits
    wanted = {OLD_COMMUNE, NEW_COMMUNE, OTHER_COMMUNE, DISTRICT, PROVINCE, "VN"}
    _insert(connection, "dim_areas", *(
        (tree, code, area.level_code, area.parent_code, area.name_vi, area.name_en)
        for (tree, code), area in registry.areas.items() if code in wanted
    ))  # fmt: skip
    _insert(connection, "dim_facilities", (FACILITY, "Trạm Y tế Phúc Xá", "Phuc Xa health station"))
    _insert(connection, "dim_vaccine_doses", *(
        (row.dose_code, row.series_code, row.dose_number, row.name_vi, row.name_en, row.short_name, row.sort_order)
        for row in doses.values()
    ))  # fmt: skip
    _insert(connection, "dim_vaccine_products", *(
        (row.product_code, row.name_vi, row.name_en) for row in registry.products.values()
    ))  # fmt: skip
    _insert(connection, "dim_antigens", *(
        (row.antigen_code, row.name_vi, row.name_en, row.disease_vi, row.disease_en)
        for row in registry.antigens.values()
    ))  # fmt: skip
    _insert(connection, "dim_verdict_reasons", *(
        (row.reason_code, row.status, row.text_vi, row.text_en, row.action_vi, row.action_en)
        for row in registry.verdict_reasons.values()
    ))  # fmt: skip
    _insert(connection, "per_series", *(
        (row.series_code, row.antigen_code, row.name_vi, row.name_en) for row in registry.series.values()
    ))  # fmt: skip
    _insert(connection, "per_schedule_doses", *(
        (
            row.dose_code, doses[row.dose_code].series_code, doses[row.dose_code].dose_number, row.recommended_age,
            row.minimum_age, row.maximum_age, row.minimum_interval,
            limits[row.dose_code].catch_up_age if row.dose_code in limits else None,
            row.scope, row.valid_from, row.valid_to,
        )
        for row in registry.schedule_doses
    ))  # fmt: skip
    _insert(connection, "per_product_series", *((row.product_code, row.series_code) for row in registry.product_series))
    _insert(connection, "per_due_states", *(
        (
            row.state_code, row.sort_order, row.dose_status, row.span, row.is_invited, row.name_vi, row.name_en,
            row.explanation_vi, row.explanation_en,
        )
        for row in registry.due_states.values()
    ))  # fmt: skip
    for old, new in ((OLD_COMMUNE, NEW_COMMUNE), (OTHER_COMMUNE, OTHER_NEW)):
        unit = f"C:{old}:{new}"
        _insert(
            connection,
            "per_unit_areas",
            (unit, "63", "nation", "VN"),
            (unit, "63", "province", PROVINCE),
            (unit, "63", "district", DISTRICT),
            (unit, "63", "commune", old),
            (unit, "34", "nation", "VN"),
            (unit, "34", "province", PROVINCE),
            (unit, "34", "commune", new),
        )


def _person(connection: duckdb.DuckDBPyConnection, person: Person) -> None:
    doses, card = load_registry().doses, f"card-{person.key}"
    number = {(row.series_code, row.dose_number): row.dose_code for row in doses.values()}
    _insert(connection, "per_persons", (
        person.key, person.name, search_key(person.name), person.born, "F", None, "Trần Thị Hoà", person.phone,
        person.opt_out, person.died, 1, len(person.doses) + len(person.decisions),
    ))  # fmt: skip
    _insert(connection, "per_cards", (
        card, person.key, f"P-{person.key}", None, person.name, person.born, "F", "Trần Thị Hoà", person.phone,
        OLD_COMMUNE, None, None, datetime(2024, 1, 1),
    ))  # fmt: skip
    stays = [(min([person.born, *(day for day, _ in person.moved)]), OLD_COMMUNE), *person.moved]
    ends = [day for day, _ in stays[1:]] + [None]
    _insert(connection, "per_residences", *(
        (
            person.key, "63", commune, "household", start, end,
            f"C:{commune}:{NEW_COMMUNE if commune == OLD_COMMUNE else OTHER_NEW}",
        )
        for (start, commune), end in zip(stays, ends, strict=True)
    ))  # fmt: skip
    records: dict[tuple[str, date], Given] = {}
    for dose in person.doses:
        records.setdefault((dose.product, dose.on), dose)
        status = "valid" if dose.number else "extra" if dose.reason == "series_complete" else "invalid"
        key = f"{FACILITY}|{person.key}-{dose.product}-{dose.on}"
        _insert(connection, "per_dose_events", (
            f"{person.key}|{dose.series}|{dose.on}", person.key, dose.series, dose.on,
            datetime(dose.on.year, dose.on.month, dose.on.day, 8, 30), True, dose.product, FACILITY, dose.number or 1,
            "epi", key, 1, dose.is_confirmed, status if dose.is_confirmed else None,
            dose.reason if dose.is_confirmed else None, dose.number,
            number.get((dose.series, dose.number or 0)), (dose.on - person.born).days, None,
        ))  # fmt: skip
    lines = [(product, day, 2, given.is_confirmed) for (product, day), given in records.items()]
    lines += [(decided.product, decided.on, decided.status, True) for decided in person.decisions]
    for line, (product, day, status, is_confirmed) in enumerate(lines, start=2):
        at = datetime(day.year, day.month, day.day, 8, 30)
        _insert(connection, "per_records", (
            person.key, f"{FACILITY}|{person.key}-{product}-{day}", card, FACILITY, product, at, day, 1, status, "epi",
            0, "facility" if is_confirmed else "declared", SUBMISSION, line, FILE_NAME, datetime(2026, 4, 3, 9, 30), at,
        ))  # fmt: skip
    _insert(connection, "per_appointments", *(
        (
            f"{FACILITY}|{person.key}-{day}", person.key, FACILITY, day, status, "penta_sii", 2, SUBMISSION, 9,
            "lich_hen.csv", datetime(2026, 4, 3, 9, 30),
        )
        for day, status in person.appointments
    ))  # fmt: skip
