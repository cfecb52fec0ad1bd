"""The facilities of the synthetic programme: real communes, invented facilities."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.reference import Registry

CALIBRATION = Path(__file__).parent / "calibration"
SOURCE_CODE = "synthetic"
OPENED = date(2010, 1, 1)
# With one station a commune and one centre a district, these bring the nation to about 17,000 vaccination points.
HOSPITALS_MORE = 300
PRIVATE_CLINICS = 4_050


def communes(registry: Registry, provinces: list[str] | None) -> pl.DataFrame:
    """Return the communes of 2017 of some former provinces (None: all), with district, province, births a year."""
    inhabitants = dict(
        pl.read_csv(CALIBRATION / "communes.csv", schema_overrides={"commune_code": pl.String}).iter_rows()
    )
    births = dict(pl.read_csv(CALIBRATION / "provinces.csv", schema_overrides={"province_code": pl.String}).iter_rows())
    rows = []
    for (tree, code), area in registry.areas.items():
        if tree == "63" and area.level_code == "commune":
            district = registry.areas[tree, str(area.parent_code)]
            rows.append((code, area.name_vi, area.name_en, district.area_code, str(district.parent_code)))
    frame = pl.DataFrame(
        rows, schema=["commune_code", "name_vi", "name_en", "district_code", "province_code"], orient="row"
    )
    frame = frame.with_columns(
        # Island districts without a commune of their own have few inhabitants and no figure.
        pl.col("commune_code").replace_strict(inhabitants, default=0).clip(lower_bound=500).alias("population"),
        pl.col("commune_code").replace_strict(dict(registry.primary_successor)).alias("commune_code_2025"),
    )
    frame = frame.with_columns(
        (
            pl.col("province_code").replace_strict(births, return_dtype=pl.Float64)
            * pl.col("population")
            / pl.col("population").sum().over("province_code")
        ).alias("births_per_year")
    ).sort("commune_code")
    return frame if provinces is None else frame.filter(pl.col("province_code").is_in(provinces))


def facilities(places: pl.DataFrame, share_of_nation: float) -> pl.DataFrame:
    """Return the register for some communes; `share_of_nation` scales hospitals and clinics (1.0: all communes)."""
    stations = _as(places, "01", "commune_station", "Trạm Y tế ", "Health station of ")
    seats = places.sort("population", descending=True).unique("district_code", keep="first", maintain_order=True)
    centres = _as(seats, "02", "district_centre", "Trung tâm Y tế tại ", "District health centre in ")
    capitals = places.sort("population", descending=True).unique("province_code", keep="first", maintain_order=True)
    cdcs = _as(capitals, "03", "provincial_centre", "Trung tâm Kiểm soát bệnh tật tại ", "CDC in ")
    second = places.join(seats, on="commune_code", how="anti").sort("population", descending=True)
    wards = pl.concat([seats, second.head(math.ceil(HOSPITALS_MORE * share_of_nation))])
    hospitals = _as(wards, "04", "hospital", "Bệnh viện Đa khoa ", "General hospital of ")
    busiest = places.sort("population", descending=True).head(math.ceil(PRIVATE_CLINICS * share_of_nation))
    clinics = _as(busiest, "05", "private_clinic", "Phòng tiêm chủng dịch vụ ", "Private clinic in ")
    return pl.concat([stations, centres, cdcs, hospitals, clinics]).sort("facility_code")


def _as(places: pl.DataFrame, serial: str, kind: str, prefix_vi: str, prefix_en: str) -> pl.DataFrame:
    return places.select(
        (pl.col("commune_code") + serial).alias("facility_code"),
        (prefix_vi + pl.col("name_vi")).alias("name_vi"),
        (prefix_en + pl.col("name_en")).alias("name_en"),
        pl.lit(kind).alias("facility_type_code"),
        pl.col("commune_code").alias("commune_code_2017"),
        "commune_code_2025",
        pl.lit(OPENED).alias("opened_date"),
        pl.lit(None, dtype=pl.Date).alias("closed_date"),
        pl.lit(SOURCE_CODE).alias("source_code"),
    )
