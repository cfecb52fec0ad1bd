"""From doses given to what facilities send: dose records, monthly reports, targets."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.reference import Registry
from pipelines.synthetic.children import DEATH, MOTHER, add_months
from pipelines.synthetic.names import child_names, mother_names
from pipelines.synthetic.register import SOURCE_CODE

DOSE_COLUMNS = (
    "record_id", "action", "facility_code", "report_month", "submitted_at", "submission_mode", "person_code",
    "national_id", "full_name", "birth_date", "sex", "mother_name", "phone", "household_commune_code",
    "temporary_commune_code", "product_code", "lot_number", "lot_expiry_date", "given_at", "dose_number",
    "dose_status", "service_type", "reaction_code", "birth_time", "within_24h", "death_date", "birth_order",
    "contact_opt_out", "record_origin",
)  # fmt: skip
APPOINTMENT_COLUMNS = (
    "appointment_id", "action", "facility_code", "submitted_at", "submission_mode", "person_code", "full_name",
    "birth_date", "phone", "product_code", "dose_number", "appointment_date", "appointment_status",
)  # fmt: skip
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
NEW_TREE = date(2025, 7, 1)

_SILENT_SHARE = 0.02
_LATE_SHARE = 0.08
_SUMMARY_ONLY_SHARE = 0.01
# Of 1,000 children some are sent away at every visit: put off, refused, contraindicated.
_NOT_DONE = {0: "5", 1: "5", 2: "5", 3: "5", 4: "4", 5: "3"}
_HOSPITAL_BIRTH_SHARE = 0.9
# A further dose of the same vaccine is booked for about a month later.
_NEXT_VISIT_DAYS = 30
# Vaccines in vials of many doses, whose wastage the stations report.
_VIAL_PRODUCTS = ("bcg", "opv", "measles", "mr", "dpt", "td")
_USUAL_WASTAGE = 0.45
# Of 100 children: born unnamed, registered again elsewhere from this age on, born where the time is written down, born
# where the first day is only ticked, of parents who want no messages.
_UNNAMED_SHARE = 8
_AGAIN_SHARE, _AGAIN_AGE_DAYS = 3, 270
_TIMED_SHARE = 60
_TICKED_SHARE = 75
_OPT_OUT_SHARE = 1
# One dose in so many is sent by a second facility too, or told by the family.
_SENT_TWICE_ONE_IN = 200
_DECLARED_ONE_IN = 250
# Shares of a province's births that are registered within the year, and that a projection from the census finds: some
# lie further from the target than a difference that is looked into.
_REGISTERED_SHARE, _CENSUS_SHARE = (0.93, 1.0), (0.88, 1.12)
# UN World Population Prospects, Viet Nam 2022: surviving infants of births.
_SURVIVAL = 1_423_035 / 1_442_809


@dataclass(frozen=True)
class Reporters:
    """Facilities of the programme and how they report."""

    frame: pl.DataFrame  # the register
    station: pl.Series  # code of the station of each commune, in the order of communes
    hospital: pl.Series  # code of the hospital where children of each commune are born; the station where none is
    clinic: pl.Series  # code of the private clinic for each commune; the hospital where none is
    seed: int

    def draw(self, codes: pl.Series, month: date, purpose: int) -> Floats:
        """Return a number in 0..1 for each facility and month, the same whenever it is asked for."""
        key = f"|{month}|{purpose}|{self.seed}"
        known = {code: zlib.crc32((code + key).encode()) / 2**32 for code in codes.unique().to_list()}
        return codes.replace_strict(known, return_dtype=pl.Float64).to_numpy()

    def is_silent(self, codes: pl.Series, month: date) -> Flags:
        """Say which facilities send nothing for a month."""
        flags: Flags = self.draw(codes, month, 1) < _SILENT_SHARE
        return flags

    def sends_summary_only(self, codes: pl.Series) -> Flags:
        """Say which stations send doses as numbers and never as records."""
        drawn: Flags = self.draw(codes, date(2000, 1, 1), 2) < _SUMMARY_ONLY_SHARE
        stations: Flags = codes.str.ends_with("01").to_numpy()
        return np.logical_and(drawn, stations)

    def submitted_at(self, codes: pl.Series, month: date) -> pl.Series:
        """Return when each facility sends its month: in the first days of the next, some of them weeks later."""
        late = self.draw(codes, month, 3) < _LATE_SHARE
        spread = self.draw(codes, month, 4)
        # The keys of both draws differ in one digit and their checksums in the same bits: the higher ones made a
        # facility late, so the lower ones say how late. Most come soon, a few after six weeks.
        tail = spread * 1009 % 1
        minutes = np.where(late, 6 * 1440 + tail**2 * 40 * 1440, 420 + spread * 4 * 1440).astype(np.int64)
        start = datetime.combine(add_months(month, 1), datetime.min.time())
        return _moments(start, minutes)


def _moments(start: datetime, minutes: np.ndarray) -> pl.Series:
    return pl.Series(np.datetime64(start, "us") + minutes.astype("timedelta64[m]").astype("timedelta64[us]"))


def reporters(places: pl.DataFrame, register: pl.DataFrame, seed: int) -> Reporters:
    """Return who vaccinates the children of each commune."""
    by_type = {
        kind: register.filter(pl.col("facility_type_code") == kind).join(
            places.select("commune_code", "district_code", "province_code"),
            left_on="commune_code_2017",
            right_on="commune_code",
        )
        for kind in ("commune_station", "hospital", "private_clinic")
    }
    stations = dict(by_type["commune_station"].select("commune_code_2017", "facility_code").iter_rows())
    station = places.get_column("commune_code").replace_strict(stations)
    hospital = _nearest(places, by_type["hospital"], "district_code", station)
    clinic = _nearest(places, by_type["private_clinic"], "district_code", hospital)
    return Reporters(register, station, hospital, clinic, seed)


def _nearest(places: pl.DataFrame, found: pl.DataFrame, area: str, otherwise: pl.Series) -> pl.Series:
    """Return for each commune the facility of its own, else the first of its district, else `otherwise`."""
    own = dict(found.select("commune_code_2017", "facility_code").iter_rows())
    shared = dict(
        found.sort("facility_code")
        .group_by(area, maintain_order=True)
        .first()
        .select(area, "facility_code")
        .iter_rows()
    )
    return (
        places.select(
            pl.coalesce(
                pl.col("commune_code").replace_strict(own, default=None, return_dtype=pl.String),
                pl.col(area).replace_strict(shared, default=None, return_dtype=pl.String),
                otherwise,
            )
        )
        .to_series()
        .alias("facility_code")
    )


def with_facility(given: pl.DataFrame, who: Reporters) -> pl.DataFrame:
    """Add the facility that gave each dose: hospital at birth, clinic for those who pay, else the station."""
    at_birth = (pl.col("visit_code") == "birth") & (pl.col("names") % 100 < 100 * _HOSPITAL_BIRTH_SHARE)
    # A death is told by the station, and a mother is seen there.
    of_child = ~pl.col("visit_code").is_in([MOTHER, DEATH])
    born_in, lives_in = given.get_column("born_in"), given.get_column("lives_in")
    return given.with_columns(
        pl.when(at_birth)
        .then(who.hospital.gather(born_in))
        .when(pl.col("sector") == "service")
        .then(who.clinic.gather(lives_in))
        .when(_is_again() & of_child)
        .then(who.hospital.gather(lives_in))
        .otherwise(who.station.gather(lives_in))
        .alias("facility_code")
    )


def _is_again() -> pl.Expr:
    """Say whether the child has been registered a second time, by another facility and under another code."""
    age = pl.col("given_day") - pl.col("birth_day")
    return (pl.col("names") // 29 % 100 < _AGAIN_SHARE) & (age >= _AGAIN_AGE_DAYS)


def first_code(person_code: str) -> str:
    """Return the code that a child was first registered under, for any code of the same child."""
    return "P" + person_code[1:] if person_code.startswith("Q") else person_code


def _is_done() -> pl.Expr:
    return ~(pl.col("names") % 1000).is_in(list(_NOT_DONE)) & (pl.col("visit_code") != DEATH)


def dose_rows(given: pl.DataFrame, places: pl.DataFrame, who: Reporters, month: date) -> pl.DataFrame:
    """Return the month's dose records as text, one column a field, in the order of facilities."""
    codes = given.get_column("facility_code")
    is_sent = ~who.is_silent(codes, month) & ~who.sends_summary_only(codes)
    again = _told_again(given, who, month)
    kept = pl.concat([given.filter(is_sent).with_columns(pl.lit("").alias("told")), again]).sort(
        "facility_code", "given_day", "birth_month", "child", maintain_order=True
    )
    codes = kept.get_column("facility_code")
    communes = places.get_column("commune_code" if month < NEW_TREE else "commune_code_2025")
    numbers, families = kept.get_column("names").to_numpy(), kept.get_column("family").to_numpy()
    texts = kept.with_columns(
        child_names(numbers, kept.get_column("is_girl").to_numpy()).alias("child_name"),
        mother_names(families).alias("mother_name"),
        who.submitted_at(codes, month).dt.strftime("%Y-%m-%d %H:%M:%S").alias("submitted_at"),
        communes.gather(kept.get_column("born_in")).alias("household"),
        communes.gather(kept.get_column("lives_in")).alias("temporary"),
        (pl.col("birth_month").dt.strftime("%y%m") + pl.col("child").cast(pl.String).str.zfill(7)).alias("cohort"),
        (_is_again() & ~pl.col("visit_code").is_in([MOTHER, DEATH])).alias("is_again"),
        (pl.col("visit_code") == MOTHER).alias("is_mother"),
    )
    return texts.select(*_event_fields(month), *_person_fields()).select(DOSE_COLUMNS)


def _told_again(given: pl.DataFrame, who: Reporters, month: date) -> pl.DataFrame:
    """Return the doses that the district's hospital sends too, and those that families tell it of, also where the
    facility that gave them is silent.
    """
    hospital = who.hospital.gather(given.get_column("lives_in"))
    elsewhere = given.with_columns(hospital.alias("hospital")).filter(
        (pl.col("hospital") != pl.col("facility_code")) & _is_done() & (pl.col("visit_code") != MOTHER)
    )
    told = [
        elsewhere.filter((pl.col("names") // divisor + pl.col("visit_no")) % one_in == 0).with_columns(
            pl.col("hospital").alias("facility_code"),
            pl.lit(mark).alias("told"),
            pl.lit(0, dtype=pl.Int64).alias("given_minute"),
        )
        for divisor, one_in, mark in ((31, _SENT_TWICE_ONE_IN, "B"), (37, _DECLARED_ONE_IN, "K"))
    ]
    rows = pl.concat(told).drop("hospital")
    codes = rows.get_column("facility_code")
    return rows.filter(~who.is_silent(codes, month) & ~who.sends_summary_only(codes))


def _event_fields(month: date) -> list[pl.Expr]:
    """Return what a record says of the dose."""
    day = pl.col("given_day").cast(pl.Int32).cast(pl.Date)
    minute = pl.col("given_minute")
    record = (
        "D" + pl.col("cohort") + pl.col("visit_no").cast(pl.String).str.zfill(2)
        + pl.col("product_code").str.slice(0, 3) + pl.col("dose_number").cast(pl.String) + pl.col("told")
    )  # fmt: skip
    status = (pl.col("names") % 1000).replace_strict(_NOT_DONE, default="2", return_dtype=pl.String)
    # Minutes from birth to the dose, where both are of the first days.
    passed = (pl.col("given_day") - pl.col("birth_day")) * 1440 + minute - pl.col("birth_minute")
    is_birth_dose = (pl.col("visit_code") == "birth") & (pl.col("dose_number") == 1) & (pl.col("product_code") != "bcg")
    return [
        record.alias("record_id"),
        pl.lit("add").alias("action"),
        pl.col("facility_code"),
        pl.lit(month.strftime("%Y-%m")).alias("report_month"),
        pl.col("submitted_at"),
        pl.lit("amend").alias("submission_mode"),
        pl.col("product_code"),
        pl.when(pl.col("told") == "K")
        .then(pl.lit(""))
        .otherwise(
            pl.col("product_code").str.slice(0, 2).str.to_uppercase() + day.dt.strftime("%y%m")
            + (pl.col("names") % 7).cast(pl.String)
        )
        .alias("lot_number"),
        day.dt.offset_by("14mo").dt.strftime("%d/%m/%Y").alias("lot_expiry_date"),
        ((minute // 60).cast(pl.String).str.zfill(2) + ":" + (minute % 60).cast(pl.String).str.zfill(2) + " "
         + day.dt.strftime("%d/%m/%Y")).alias("given_at"),
        pl.col("dose_number").cast(pl.String),
        pl.when(pl.col("visit_code") == DEATH)
        .then(pl.lit("3"))
        .when("is_mother")
        .then(pl.lit("2"))
        .otherwise(status)
        .alias("dose_status"),
        pl.when(pl.col("sector") == "service").then(pl.lit("Dịch vụ")).otherwise(pl.lit("TCMR")).alias("service_type"),
        pl.when(pl.col("names") % 500 == 0).then(pl.lit("2")).otherwise(pl.lit("0")).alias("reaction_code"),
        pl.when(~is_birth_dose | (pl.col("names") // 17 % 100 >= _TICKED_SHARE))
        .then(pl.lit(""))
        .when(passed <= 1440)
        .then(pl.lit("Có"))
        .otherwise(pl.lit("Không"))
        .alias("within_24h"),
        pl.when(pl.col("told") == "K").then(pl.lit("Tự khai")).otherwise(pl.lit("")).alias("record_origin"),
    ]  # fmt: skip


def _person_fields() -> list[pl.Expr]:
    """Return what a record says of the person; a facility that registers a child again spells it its own way."""
    birth = pl.col("birth_day").cast(pl.Int32).cast(pl.Date)
    has_own_name = (pl.col("visit_code") != "birth") | (pl.col("names") // 19 % 100 >= _UNNAMED_SHARE)
    plain = (
        pl.col("child_name").str.normalize("NFD").str.replace_all(r"\p{M}", "").str.replace_all("đ", "d")
        .str.replace_all("Đ", "D")
    )  # fmt: skip
    short = pl.col("child_name").str.replace(r" \S+ ", " ")
    spelling = pl.col("names") % 3
    identity = (
        "0" + (pl.col("names") % 90 + 10).cast(pl.String) + "3" + birth.dt.strftime("%y")
        + (pl.col("names") % 1_000_000).cast(pl.String).str.zfill(6)
    )  # fmt: skip
    phone = pl.col("family") % 100_000_000 + pl.when("is_again").then(pl.col("names") % 2).otherwise(0)
    code = pl.when("is_mother").then(pl.lit("W")).when("is_again").then(pl.lit("Q")).otherwise(pl.lit("P"))
    return [
        (code + pl.col("cohort")).alias("person_code"),
        pl.when((pl.col("names") % 5 < 3) & has_own_name & ~pl.col("is_again") & ~pl.col("is_mother"))
        .then(identity)
        .otherwise(pl.lit(""))
        .alias("national_id"),
        pl.when("is_mother")
        .then("mother_name")
        .when(~has_own_name)
        .then("Con bà " + pl.col("mother_name"))
        .when(pl.col("is_again") & (spelling == 0))
        .then(plain)
        .when(pl.col("is_again") & (spelling == 1))
        .then(short)
        .otherwise("child_name")
        .alias("full_name"),
        birth.dt.strftime("%d/%m/%Y").alias("birth_date"),
        pl.when("is_girl").then(pl.lit("Nữ")).otherwise(pl.lit("Nam")).alias("sex"),
        pl.when("is_mother").then(pl.lit("")).otherwise("mother_name").alias("mother_name"),
        ("09" + (phone % 100_000_000).cast(pl.String).str.zfill(8)).alias("phone"),
        pl.col("household").alias("household_commune_code"),
        pl.when(pl.col("household") != pl.col("temporary"))
        .then("temporary")
        .otherwise(pl.lit(""))
        .alias("temporary_commune_code"),
        pl.when((pl.col("visit_code") == "birth") & (pl.col("names") // 13 % 100 < _TIMED_SHARE))
        .then((pl.col("birth_minute") // 60).cast(pl.String).str.zfill(2) + ":"
              + (pl.col("birth_minute") % 60).cast(pl.String).str.zfill(2))
        .otherwise(pl.lit(""))
        .alias("birth_time"),
        pl.when(pl.col("death_day") >= 0)
        .then(pl.col("death_day").cast(pl.Int32).cast(pl.Date).dt.strftime("%d/%m/%Y"))
        .otherwise(pl.lit(""))
        .alias("death_date"),
        pl.when(pl.col("birth_order") > 0)
        .then(pl.col("birth_order").cast(pl.String))
        .otherwise(pl.lit(""))
        .alias("birth_order"),
        pl.when(pl.col("family") // 43 % 100 < _OPT_OUT_SHARE)
        .then(pl.lit("có"))
        .otherwise(pl.lit(""))
        .alias("contact_opt_out"),
    ]  # fmt: skip


def appointment_rows(rows: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Return the appointments booked at the visits of `rows` (those of `dose_rows`): one where a further dose of the
    same product and series is to come, in the order of the records.
    """
    further = {
        (way.product_code, str(dose.dose_number - 1))
        for way in registry.product_series
        for dose in registry.doses.values()
        if dose.series_code == way.series_code and dose.previous_dose_code is not None
    }
    booked = pl.DataFrame(sorted(further), schema=["product_code", "dose_number"], orient="row")
    day = pl.col("given_at").str.slice(6).str.to_date("%d/%m/%Y").dt.offset_by(f"{_NEXT_VISIT_DAYS}d")
    return (
        rows.filter(pl.col("dose_status") == "2")
        .join(booked, on=["product_code", "dose_number"], how="semi", maintain_order="left")
        .select(
            ("H" + pl.col("record_id").str.slice(1)).alias("appointment_id"),
            "action",
            "facility_code",
            "submitted_at",
            "submission_mode",
            "person_code",
            "full_name",
            "birth_date",
            "phone",
            "product_code",
            (pl.col("dose_number").cast(pl.Int64) + 1).cast(pl.String),
            day.dt.strftime("%d/%m/%Y").alias("appointment_date"),
            pl.lit("Đã hẹn").alias("appointment_status"),
        )
    )


def measure_counts(given: pl.DataFrame, registry: Registry, by: str) -> pl.DataFrame:
    """Return the doses of each measure by `by` (a column), as a facility would count them from its book."""
    series = pl.DataFrame([(way.product_code, way.series_code) for way in registry.product_series],
                          schema=["product_code", "series_code"], orient="row")  # fmt: skip
    doses = pl.DataFrame([(d.series_code, d.dose_number, d.dose_code) for d in registry.doses.values()],
                         schema=["series_code", "dose_number", "dose_code"], orient="row")  # fmt: skip
    measures = pl.DataFrame(
        [
            (m.dose_code, m.measure_code, m.age_limit_months)
            for m in registry.measures.values()
            if m.measure_kind == "dose_count"
        ],
        schema={"dose_code": pl.String, "measure_code": pl.String, "age_limit_months": pl.Int64},
        orient="row",
    )
    day = pl.col("given_day").cast(pl.Int32).cast(pl.Date)
    birth = pl.col("birth_day").cast(pl.Int32).cast(pl.Date)
    months = (day.dt.year() - birth.dt.year()) * 12 + day.dt.month().cast(pl.Int32) - birth.dt.month().cast(pl.Int32)
    completed_months = months - (day.dt.day() < birth.dt.day()).cast(pl.Int32)
    return (
        given.filter(_is_done() | (pl.col("visit_code") == MOTHER))
        .join(series, on="product_code")
        .join(doses, on=["series_code", "dose_number"])
        .join(measures, on="dose_code")
        .filter(pl.col("age_limit_months").is_null() | (completed_months < pl.col("age_limit_months")))
        .group_by(by, "measure_code")
        .len("value")
        .sort(by, "measure_code")
    )


def summary_rows(given: pl.DataFrame, registry: Registry, who: Reporters, month: date) -> pl.DataFrame:
    """Return the monthly reports of doses, long, of the stations that send no records."""
    codes = given.get_column("facility_code")
    kept = given.filter(~who.is_silent(codes, month) & who.sends_summary_only(codes))
    counts = measure_counts(kept, registry, "facility_code")
    codes = counts.get_column("facility_code")
    return counts.select(
        "facility_code",
        pl.lit(month.strftime("%Y-%m")).alias("period"),
        "measure_code",
        pl.col("value").cast(pl.String),
        who.submitted_at(codes, month).dt.strftime("%Y-%m-%d %H:%M:%S").alias("submitted_at"),
        pl.lit(SOURCE_CODE).alias("source_code"),
    )


def report_rows(given: pl.DataFrame, registry: Registry, who: Reporters, month: date, seed: int) -> pl.DataFrame:
    """Return the monthly reports of all facilities, wide: sessions, vials, stock, reactions."""
    random = np.random.default_rng([seed, month.year, month.month, 4])
    codes = who.frame.get_column("facility_code")
    codes = codes.filter(~pl.Series(who.is_silent(codes, month)))
    count = len(codes)
    used = given.filter(pl.col("visit_code") != DEATH).group_by("facility_code", "product_code").len("doses")
    sessions = random.integers(1, 5, count)
    columns: dict[str, object] = {
        "facility_code": codes,
        "period": [month.strftime("%Y-%m")] * count,
        "submitted_at": who.submitted_at(codes, month).dt.strftime("%Y-%m-%d %H:%M:%S"),
        "source_code": [SOURCE_CODE] * count,
        "sessions_planned": sessions,
        "sessions_held": sessions - (random.random(count) < 0.06),
        "aefi_common": random.poisson(0.05, count),
        "aefi_severe": (random.random(count) < 0.0005).astype(int),
    }
    for code in _VIAL_PRODUCTS:
        product = registry.products[code]
        doses = dict(used.filter(pl.col("product_code") == code).select("facility_code", "doses").iter_rows())
        given_doses = codes.replace_strict(doses, default=0, return_dtype=pl.Int64).to_numpy()
        # Few of a station's children are in a thin sample, so that whole vials for them would all seem wasted:
        # vials are drawn so that the expected wastage is that of a full month.
        vials = given_doses / (product.doses_per_vial * (1 - _USUAL_WASTAGE))
        opened = np.floor(vials + random.random(count)).astype(int)
        # A cell of a vaccine that was not used stays empty.
        is_unused = pl.Series(given_doses == 0)
        columns[f"vials_opened_{code}"] = pl.Series(opened).set(is_unused, None)
        columns[f"doses_used_{code}"] = pl.Series(given_doses).set(is_unused, None)
    columns["vials_discarded_mr"] = (random.random(count) < 0.01).astype(int)
    columns["stock_mr"] = random.integers(0, 60, count)
    frame = (
        pl.DataFrame(columns).with_columns(pl.selectors.boolean().cast(pl.Int64)).with_columns(pl.all().cast(pl.String))
    )
    # Now and then a cell is left empty; that is no zero.
    blank = pl.Series(random.random(count) < 0.01)
    return frame.with_columns(pl.when(blank).then(None).otherwise("sessions_planned").alias("sessions_planned"))


def target_rows(places: pl.DataFrame, who: Reporters, year: int, scale: float, seed: int) -> pl.DataFrame:
    """Return the annual targets of every station, wide; whole children that sum to the province's, scaled alike."""
    random = np.random.default_rng([seed, year, 5])
    births = places.get_column("births_per_year").to_numpy() * scale
    shares = dict.fromkeys(("target_under1", "target_18m", "target_1y", "target_2y", "target_7y"), 1.0)
    # Not every pregnancy ends in a live birth.
    shares["target_pregnant_women"] = 1.02
    columns: dict[str, object] = {
        "facility_code": who.station,
        "period": [str(year)] * len(places),
        "submitted_at": [f"{year}-01-05 08:00:00"] * len(places),
        "source_code": [SOURCE_CODE] * len(places),
    }
    ends = np.cumsum(births) + random.random()
    for measure, share in shares.items():
        columns[measure] = _whole(ends, share)
    # Births that were registered in the year: fewer where roads are long.
    shift = np.random.default_rng([seed, year, 6]).uniform(*_REGISTERED_SHARE, places["province_code"].n_unique())
    by_province = dict(zip(places["province_code"].unique().sort(), shift, strict=True))
    registered = births * places["province_code"].replace_strict(by_province, return_dtype=pl.Float64).to_numpy()
    columns["registered_live_births"] = _whole(np.cumsum(registered), 1.0)
    return pl.DataFrame(columns).with_columns(pl.all().cast(pl.String))


def _whole(ends: NDArray[np.float64], share: float) -> NDArray[np.int64]:
    """Return differences of a rounded running sum: no commune is off by more than one child, and nothing drifts."""
    counts: NDArray[np.int64] = np.diff(np.floor(np.concatenate([[0.0], ends * share]))).astype(np.int64)
    return counts


def estimate_rows(places: pl.DataFrame, year: int, scale: float, seed: int, *, is_nation: bool) -> pl.DataFrame:
    """Return estimates of a year that no facility makes, long: the census' births of provinces, the UN's of a nation.

    Those of provinces lie some percent off the births of the programme, as estimates do.
    """
    births = places.group_by("province_code").agg(pl.col("births_per_year").sum()).sort("province_code")
    random = np.random.default_rng([seed, year, 8])
    census = births["births_per_year"].to_numpy() * scale * random.uniform(*_CENSUS_SHARE, births.height)
    rows = [
        (code, "census_births", str(round(value))) for code, value in zip(births["province_code"], census, strict=True)
    ]
    if is_nation:
        total = float(births["births_per_year"].sum()) * scale
        rows += [
            ("VN", "un_live_births", str(round(total))),
            ("VN", "un_surviving_infants", str(round(total * _SURVIVAL))),
        ]
    return pl.DataFrame(rows, schema=["area_code", "measure_code", "value"], orient="row").select(
        "area_code",
        pl.lit("63").alias("hierarchy_code"),
        pl.lit(str(year)).alias("period"),
        "measure_code",
        "value",
        pl.lit(f"{year}-01-05 08:00:00").alias("submitted_at"),
        pl.lit(SOURCE_CODE).alias("source_code"),
    )


def district_rows(given: pl.DataFrame, registry: Registry, district_code: str, month: date) -> pl.DataFrame:
    """Return a district's own report of a month: the doses of its communes, as the area's and not a facility's."""
    counts = measure_counts(given.with_columns(pl.lit(district_code).alias("area_code")), registry, "area_code")
    sent = datetime.combine(add_months(month, 1), datetime.min.time()) + timedelta(days=8, hours=9)
    return counts.select(
        "area_code",
        pl.lit("63").alias("hierarchy_code"),
        pl.lit(month.strftime("%Y-%m")).alias("period"),
        "measure_code",
        pl.col("value").cast(pl.String),
        pl.lit(sent.strftime("%Y-%m-%d %H:%M:%S")).alias("submitted_at"),
        pl.lit(SOURCE_CODE).alias("source_code"),
    )
