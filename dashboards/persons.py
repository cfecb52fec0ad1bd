"""The only SQL over `persons.duckdb`, the file of a release that holds what those allowed may see of single persons.

Bound to a reader (`within`), it gives only persons who live where that reader may see persons; unbound it is that of
the owner of the home. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from dashboards.text import search_key
from dashboards.warehouse import ReleaseError, connect, current_release_id, sha256_of, whole_manifest
from pipelines.access.policy import Place, Scope
from pipelines.evaluation.macros import render

_SHORTEST_NAME = 2

# Who lives in an area on a day, and in which commune: in the same tree where the place is known in it, else as sent.
_RESIDENTS = """
communes as (
    select unit_code, hierarchy_code, min(area_code) as commune_code
    from per_unit_areas
    where hierarchy_code = $hierarchy and level_code = 'commune'
    group by unit_code, hierarchy_code
),

residents as materialized (
    select
        residences.person_key, residences.residence_kind,
        coalesce(communes.hierarchy_code, residences.hierarchy_code) as hierarchy_code,
        coalesce(communes.commune_code, residences.commune_code) as commune_code
    from per_residences as residences
    inner join per_unit_areas as units on residences.unit_code = units.unit_code
    left join communes on residences.unit_code = communes.unit_code
    where units.hierarchy_code = $hierarchy and units.area_code = $area
        and residences.valid_from <= $day and (residences.valid_to is null or $day < residences.valid_to)
)
"""


class PersonsFileError(ReleaseError):
    """The release has no file of persons, or another one than was published."""


class TooManyPersonsError(ReleaseError):
    """A reader may use so much memory and time only; the message says what to do."""


@dataclass(frozen=True)
class Behind:
    """What stands behind a finding, and how many rows of it are of persons who live where the reader sees nobody."""

    rows: pl.DataFrame
    hidden_count: int


class Persons:
    """The open file of one release. Every method takes a cursor of its own, so threads may share the object."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any]) -> None:
        """Take over an open, hardened connection and the manifest of its release."""
        self._connection = connection
        self.release_id = str(manifest["release_id"])
        self.as_of_date = date.fromisoformat(manifest["as_of_date"])
        self.is_synthetic = bool(manifest["is_synthetic"])
        self._scope: Scope | None = None

    def within(self, scope: Scope | None) -> Persons:
        """Return the same persons for one reader: of other areas there is nobody, and asking is refused."""
        bound = copy(self)
        bound._scope = scope
        return bound

    def _let(self, person_key: str) -> None:
        """Raise AccessDeniedError unless the person lives, or lived last, where the reader may see persons."""
        if self._scope is not None and not self._seen([person_key]):
            raise self._scope.person_outside()

    def _seen(self, person_keys: Sequence[str]) -> list[str]:
        """Return those of the keys whose persons the reader may see, in their order."""
        places = None if self._scope is None else self._scope.person_places()
        if places is None or not person_keys:
            return list(person_keys)
        found = self._frame(
            "with asked as (select unnest($keys) as person_key),"
            " places as (select unnest($trees) as hierarchy_code, unnest($areas) as area_code),"
            " homes as (select r.person_key, r.unit_code from per_residences as r join asked using (person_key)"
            " qualify rank() over (partition by r.person_key order by"
            " r.valid_from <= $day and (r.valid_to is null or $day < r.valid_to) desc, r.valid_from desc) = 1)"
            " select distinct homes.person_key from homes join per_unit_areas as u using (unit_code)"
            " join places using (hierarchy_code, area_code)",
            {
                "keys": list(person_keys),
                "trees": [place.hierarchy_code for place in places],
                "areas": [place.area_code for place in places],
                "day": self.as_of_date,
            },
        )["person_key"].to_list()
        return [key for key in person_keys if key in set(found)]

    def _frame(self, sql: str, parameters: Sequence[object] | dict[str, object] = ()) -> pl.DataFrame:
        cursor = self._connection.cursor()
        try:
            return _asked(cursor, sql, parameters)
        except (duckdb.OutOfMemoryException, duckdb.InterruptException) as error:
            raise TooManyPersonsError(
                "Danh sách quá dài; hãy chọn một tỉnh hoặc địa bàn nhỏ hơn. / "
                "The list is too long to be made at once; choose a province or a smaller area."
            ) from error
        finally:
            cursor.close()

    def states(self) -> pl.DataFrame:
        """One row a state, in the order of lists, with its words and whether its persons are invited."""
        return self._frame("select * from per_due_states order by sort_order")

    def has_area(self, hierarchy_code: str, area_code: str) -> bool:
        """Say whether a tree has an area."""
        found = self._frame(
            "select 1 from dim_areas where hierarchy_code = ? and area_code = ?", [hierarchy_code, area_code]
        )
        return found.height > 0

    def due_list(self, hierarchy_code: str, area_code: str, day: date) -> pl.DataFrame:
        """One row per person who lives in the area on `day` and series that the schedule asks of it.

        The columns are those of the macro `series_states`, and: the state's names, sort_order and is_invited, the names
        of series and next dose, who the person is and how to reach it, where it lives, and next_appointment_date.
        """
        if self._scope is not None:
            self._scope.require_persons(Place(hierarchy_code, area_code))
        states = _states("(select person_key from residents)", day)
        return self._frame(
            f"""
with {_RESIDENTS},

standing as ({states}),

booked as (
    select person_key, min(appointment_date) as next_appointment_date
    from per_appointments
    where appointment_status = 'booked' and appointment_date >= $day
        and person_key in (select person_key from residents)
    group by person_key
)

select
    standing.*,
    words.name_vi as state_vi, words.name_en as state_en, words.explanation_vi, words.explanation_en,
    words.sort_order as state_order, words.is_invited,
    series.name_vi as series_vi, series.name_en as series_en,
    doses.name_vi as dose_vi, doses.name_en as dose_en, doses.short_name as dose_short, doses.sort_order as dose_order,
    persons.full_name, persons.birth_date, persons.sex, persons.mother_name, persons.phone, persons.contact_opt_out,
    persons.death_date,
    residents.hierarchy_code, residents.commune_code, residents.residence_kind,
    areas.name_vi as commune_vi, areas.name_en as commune_en,
    booked.next_appointment_date
from standing
inner join residents on standing.person_key = residents.person_key
inner join per_persons as persons on standing.person_key = persons.person_key
inner join per_due_states as words on standing.state_code = words.state_code
inner join per_series as series on standing.series_code = series.series_code
left join dim_vaccine_doses as doses on standing.dose_code = doses.dose_code
left join dim_areas as areas
    on residents.hierarchy_code = areas.hierarchy_code and residents.commune_code = areas.area_code
left join booked on standing.person_key = booked.person_key
order by residents.commune_code, persons.search_key, standing.person_key, words.sort_order, doses.sort_order,
    standing.series_code
""",
            {"hierarchy": hierarchy_code, "area": area_code, "day": day},
        )

    def series_states(self, person_key: str, day: date) -> pl.DataFrame:
        """One row a series that the schedule asks of a person: where it stands on `day`, with names."""
        self._let(person_key)
        return self._frame(
            f"""
with standing as ({_states("(select $person)", day)})

select standing.*, words.name_vi as state_vi, words.name_en as state_en, words.explanation_vi, words.explanation_en,
    series.name_vi as series_vi, series.name_en as series_en,
    doses.name_vi as dose_vi, doses.name_en as dose_en, doses.short_name as dose_short
from standing
inner join per_due_states as words on standing.state_code = words.state_code
inner join per_series as series on standing.series_code = series.series_code
left join dim_vaccine_doses as doses on standing.dose_code = doses.dose_code
order by words.sort_order, doses.sort_order, standing.series_code
""",
            {"person": person_key},
        )

    # Finding

    def find(self, text: str, *, hierarchy_code: str, area_code: str, day: date, limit: int = 50) -> pl.DataFrame:
        """Persons that a text names: a person key, a code or national id, a telephone number, or a part of a name.

        Codes and numbers are looked up everywhere and only as a whole; a name, with or without diacritics, only among
        those who live in the area on `day`. One row a person: person_key, full_name, birth_date, sex, mother_name,
        commune_vi, commune_en, found_by (key, code, phone, name).
        """
        plain = text.strip()
        digits = "".join(letter for letter in plain if letter.isdigit())
        name = search_key(plain)
        if self._scope is not None:
            self._scope.require_persons(Place(hierarchy_code, area_code))
        found = self._frame(
            f"""
with {_RESIDENTS},

found as (
    select person_key, 1 as rank, 'key' as found_by from per_persons where person_key = $text
    union all
    select new_person_key, 1, 'key' from per_redirects where old_person_key = $text
    union all
    select person_key, 2, 'code' from per_cards where upper(person_code) = upper($text) or national_id = $text
    union all
    select person_key, 3, 'phone' from per_persons
    where length($digits) >= 9 and regexp_replace(phone, '[^0-9]', '', 'g') = $digits
    union all
    select person_key, 4, 'name' from per_persons
    where length($name) >= {_SHORTEST_NAME} and contains(search_key, $name)
        and person_key in (select person_key from residents)
),

best as (
    select person_key, min(rank) as rank, min_by(found_by, rank) as found_by from found group by person_key
)

select best.person_key, persons.full_name, persons.birth_date, persons.sex, persons.mother_name,
    areas.name_vi as commune_vi, areas.name_en as commune_en, best.found_by
from best
inner join per_persons as persons on best.person_key = persons.person_key
left join per_residences as residences
    on best.person_key = residences.person_key
    and residences.valid_from <= $day and (residences.valid_to is null or $day < residences.valid_to)
left join dim_areas as areas
    on residences.hierarchy_code = areas.hierarchy_code and residences.commune_code = areas.area_code
order by best.rank, persons.search_key, persons.birth_date, best.person_key
limit $limit
""",
            {
                "text": plain,
                "digits": digits,
                "name": name,
                "hierarchy": hierarchy_code,
                "area": area_code,
                "day": day,
                "limit": limit,
            },
        )
        return found.filter(pl.col("person_key").is_in(self._seen(found["person_key"].to_list())))

    def keys_of(self, text: str) -> list[str]:
        """Return the keys of the persons with a key (also one of old), person code or national id, in order."""
        found = self._frame(
            "select person_key from per_persons where person_key = $text"
            " union select new_person_key from per_redirects where old_person_key = $text"
            " union select person_key from per_cards where upper(person_code) = upper($text) or national_id = $text"
            " order by person_key",
            {"text": text.strip()},
        )["person_key"].to_list()
        return self._seen(found)

    # One person

    def person(self, person_key: str) -> dict[str, Any] | None:
        """Return who a person is, or None when there is no such key."""
        self._let(person_key)
        found = self._frame("select * from per_persons where person_key = ?", [person_key])
        return found.row(0, named=True) if found.height else None

    def current_key(self, person_key: str) -> str | None:
        """Return the key under which a person stands now; None when a key names nobody, or several persons."""
        found = self._frame(
            "select person_key from per_persons where person_key = $key"
            " union select new_person_key from per_redirects where old_person_key = $key",
            {"key": person_key},
        )["person_key"].to_list()
        return found[0] if len(found) == 1 and self._seen(found) else None

    def cards(self, person_key: str) -> pl.DataFrame:
        """One row per set of identifying fields under which the person was sent."""
        self._let(person_key)
        return self._frame("select * from per_cards where person_key = ? order by known_from, card_key", [person_key])

    def residences(self, person_key: str) -> pl.DataFrame:
        """One row per stay, in order: the commune and from when to before when."""
        self._let(person_key)
        return self._frame(
            "select residences.*, areas.name_vi as commune_vi, areas.name_en as commune_en"
            " from per_residences as residences left join dim_areas as areas"
            " on residences.hierarchy_code = areas.hierarchy_code and residences.commune_code = areas.area_code"
            " where person_key = ? order by valid_from",
            [person_key],
        )

    def doses(self, person_key: str) -> pl.DataFrame:
        """One row per dose and series, in order: its verdict with the reason in words, and whether it is confirmed."""
        self._let(person_key)
        return self._frame(
            "select events.*, series.name_vi as series_vi, series.name_en as series_en,"
            " products.name_vi as product_vi, products.name_en as product_en,"
            " facilities.name_vi as facility_vi, facilities.name_en as facility_en,"
            " doses.name_vi as dose_vi, doses.name_en as dose_en, doses.sort_order as dose_order,"
            " reasons.text_vi as reason_vi, reasons.text_en as reason_en,"
            " reasons.action_vi, reasons.action_en"
            " from per_dose_events as events"
            " inner join per_series as series on events.series_code = series.series_code"
            " left join dim_vaccine_products as products on events.product_code = products.product_code"
            " left join dim_facilities as facilities on events.facility_code = facilities.facility_code"
            " left join dim_vaccine_doses as doses on events.dose_code = doses.dose_code"
            " left join dim_verdict_reasons as reasons on events.reason_code = reasons.reason_code"
            " where events.person_key = ? order by events.given_date, events.series_code",
            [person_key],
        )

    def records(self, person_key: str) -> pl.DataFrame:
        """One row per record that stands, in order: what it says, and the file and line that it came from."""
        self._let(person_key)
        return self._frame(
            "select records.*, products.name_vi as product_vi, products.name_en as product_en,"
            " facilities.name_vi as facility_vi, facilities.name_en as facility_en"
            " from per_records as records"
            " left join dim_vaccine_products as products on records.product_code = products.product_code"
            " left join dim_facilities as facilities on records.facility_code = facilities.facility_code"
            " where records.person_key = ? order by records.given_date, records.record_key",
            [person_key],
        )

    def appointments(self, person_key: str) -> pl.DataFrame:
        """One row per appointment that stands, in order."""
        self._let(person_key)
        return self._frame(
            "select appointments.*, products.name_vi as product_vi, products.name_en as product_en,"
            " facilities.name_vi as facility_vi, facilities.name_en as facility_en"
            " from per_appointments as appointments"
            " left join dim_vaccine_products as products on appointments.product_code = products.product_code"
            " left join dim_facilities as facilities on appointments.facility_code = facilities.facility_code"
            " where appointments.person_key = ? order by appointments.appointment_date, appointments.appointment_key",
            [person_key],
        )

    def links(self, person_key: str) -> pl.DataFrame:
        """One row per pair of cards, one of them the person's, that identity linked, asked about or kept apart."""
        self._let(person_key)
        return self._frame(
            "select * from per_links where person_key = ? order by decision, card_key_a, card_key_b", [person_key]
        )

    def behind(self, finding_key: str) -> Behind:
        """Return the records, or the two cards of a pair, behind a finding: those of persons whom the reader may see.

        One row a record or card: person_key, record_key, full_name, birth_date, mother_name, person_code, given_date,
        product_vi, product_en, dose_number, facility_vi, facility_en, original_name, line_no. A release of an earlier
        version has none.
        """
        known = self._frame("select 1 from duckdb_columns() where table_name = 'per_findings' limit 1")
        if not known.height:
            return Behind(pl.DataFrame(), 0)
        found = self._frame(
            "with told as (select * from per_findings where finding_key = $key),"
            " behind as ("
            " select told.record_key, records.person_card_key as card_key, told.person_key"
            " from told join per_records as records using (record_key)"
            " union"
            # A pair is its two cards, each with the person that the card is of now.
            " select null, cards.card_key, cards.person_key from told"
            " join per_cards as cards on cards.card_key in (told.card_key_a, told.card_key_b))"
            " select behind.person_key, behind.record_key, cards.full_name, cards.birth_date, cards.mother_name,"
            " cards.person_code, records.given_date, products.name_vi as product_vi, products.name_en as product_en,"
            " records.dose_number, facilities.name_vi as facility_vi, facilities.name_en as facility_en,"
            " records.original_name, records.line_no"
            " from behind left join per_records as records on behind.record_key = records.record_key"
            " left join per_cards as cards on behind.card_key = cards.card_key"
            " left join dim_vaccine_products as products on records.product_code = products.product_code"
            " left join dim_facilities as facilities on records.facility_code = facilities.facility_code"
            " order by records.given_date, behind.record_key, cards.full_name, cards.birth_date, behind.card_key",
            {"key": finding_key},
        )
        seen = set(self._seen(found["person_key"].drop_nulls().unique(maintain_order=True).to_list()))
        rows = found.filter(pl.col("person_key").is_in(sorted(seen)))
        return Behind(rows, found.height - rows.height)

    def protection(self, person_key: str, day: date) -> pl.DataFrame:
        """One row per valid dose up to `day` and disease that its series stands for, in the order of the schedule."""
        self._let(person_key)
        return self._frame(
            "select antigens.disease_vi, antigens.disease_en, series.name_vi as series_vi, series.name_en as series_en,"
            " events.series_code, events.valid_dose_number, doses.short_name as dose_short, events.given_date,"
            " products.name_vi as product_vi,"
            " products.name_en as product_en, facilities.name_vi as facility_vi, facilities.name_en as facility_en,"
            " doses.sort_order"
            " from per_dose_events as events"
            " inner join per_series as series on events.series_code = series.series_code"
            " inner join dim_antigens as antigens on series.antigen_code = antigens.antigen_code"
            " left join dim_vaccine_products as products on events.product_code = products.product_code"
            " left join dim_facilities as facilities on events.facility_code = facilities.facility_code"
            " left join dim_vaccine_doses as doses on events.dose_code = doses.dose_code"
            " where events.person_key = ? and events.is_confirmed and events.status = 'valid'"
            " and events.given_date <= ?"
            " order by doses.sort_order, events.series_code, events.given_date",
            [person_key, day],
        )


def _asked(
    cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[object] | dict[str, object]
) -> pl.DataFrame:
    frame: pl.DataFrame = cursor.sql(sql, params=parameters or None).pl()
    return frame


def _states(keys: str, day: date) -> str:
    """Return the query of `series_states` for the persons whose keys a query in brackets gives."""

    def of(relation: str) -> str:
        return f"(select * from {relation} where person_key in {keys})"

    return render(
        "series_states",
        of("per_persons"),
        of("per_dose_events"),
        of("per_records"),
        "per_schedule_doses",
        "per_product_series",
        "per_due_states",
        f"date '{day.isoformat()}'",
    )


def open_persons(published_dir: Path | str, release_id: str | None = None) -> Persons:
    """Open the persons of a release, the current one by default.

    Raises NothingPublishedError, or PersonsFileError when that release has no whole file of persons.
    """
    folder = Path(published_dir)
    release_id = release_id or current_release_id(folder)
    manifest = whole_manifest(folder / release_id)
    if manifest is None or not manifest.get("persons_file"):
        raise PersonsFileError(
            f"Bản phát hành {release_id} không có tệp người tiêm; hãy chạy `niis run` lại. / "
            f"Release {release_id} has no file of persons; run `niis run` to publish again."
        )
    database = folder / release_id / manifest["persons_file"]
    try:
        state = database.stat()
        is_whole = sha256_of(database, state.st_size, state.st_mtime_ns) == manifest["persons_sha256"]
    except OSError as error:
        raise PersonsFileError(
            f"Không mở được {database}: chỉ chủ của thư mục dữ liệu được đọc. / "
            f"{database} cannot be read ({error}); only the owner of the data folder may."
        ) from error
    if not is_whole:
        raise PersonsFileError(
            f"Tệp {database} đã bị thay đổi; hãy chạy `niis run` lại. / "
            f"{database} is not what was published; run `niis run` to publish again."
        )
    return Persons(connect(database), manifest)
