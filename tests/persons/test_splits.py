"""Who lives in a commune that was split counts in its parts by their shares, and the share of a value is shown."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dashboards.warehouse import open_release
from pipelines.cli import app
from pipelines.settings import Settings
from tests.persons.histories import dose, send, start, warehouse

# 00007 went to 00008 (0.5111) and 00025 (0.4889); shares are kept as multiples of 2^-20.
SMALLER = round(0.4889 * 2**20) / 2**20
BORN = date(2024, 10, 10)
NAMES = ["Nguyễn Văn An", "Trần Thu Bình", "Phạm Ngọc Châu", "Vũ Đức Dũng"]


def child(number: int, commune: str, product: str = "penta_sii", given: date = date(2024, 12, 20)) -> dict[str, str]:
    """Return the one record of a child who lives in a commune and is vaccinated in another."""
    return dose(
        record_id=f"R{number}", person_code=f"P{number}", full_name=NAMES[number], birth_date=BORN, given_at=given,
        mother_name=f"Mẹ {NAMES[number]}", household_commune_code=commune, facility_code="0000401",
        product_code=product,
    )  # fmt: skip


@pytest.fixture(scope="module")
def homes(no_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two children of a split commune, one of them without the dose, and one of a part that is known."""
    settings = start(tmp_path_factory.mktemp("splits") / "home", no_data)
    # Records begin in October 2024, so that children born then are followed.
    first = child(3, "00004", "bcg", date(2024, 10, 11)) | {"birth_date": "2024-10-11"}
    sent = [child(0, "00007"), child(1, "00007", "bcg"), child(2, "00025", given=date(2025, 8, 1)), first]
    send(settings, "records", sent)
    return settings


def indicator(settings: Settings, area: str, *more: str) -> dict[str, object]:
    """Return what the command prints of one area for the month in which the children are a year old."""
    arguments = ["indicator", "cohort_crude_penta1_12m", "--area", area, "--from", "2025-10", "--to", "2025-10", *more]
    result = CliRunner().invoke(app, ["--home", str(settings.home), *arguments, "--format", "json"])
    assert result.exit_code == 0, result.stderr
    (row,) = json.loads(result.stdout)
    return dict(row)


def test_children_of_a_split_commune_count_in_its_parts_by_their_shares(homes: Settings) -> None:
    known = indicator(homes, "00025", "--hierarchy", "34")
    assert (known["numerator"], known["denominator"]) == (1 + SMALLER, 1 + 2 * SMALLER)
    assert known["split_share"] == pytest.approx(2 * SMALLER / (1 + 2 * SMALLER))
    other = indicator(homes, "00008", "--hierarchy", "34")
    assert (other["numerator"], other["denominator"]) == (1 - SMALLER, 2 - 2 * SMALLER)
    assert (other["value"], other["split_share"]) == (pytest.approx(50), 1)
    # Above the parts everybody is whole, and nothing rests on a share; nor where the former communes are asked for.
    province = indicator(homes, "01", "--hierarchy", "34")
    assert (province["numerator"], province["denominator"], province["split_share"]) == (2, 4, None)
    assert indicator(homes, "00007")["denominator"] == 2
    assert indicator(homes, "00025", "--hierarchy", "was")["split_share"] == known["split_share"]


def test_a_bridge_of_a_part_meets_its_shares(homes: Settings) -> None:
    found = dict(
        warehouse(
            homes,
            "select step_code, value from fct_coverage_bridge where hierarchy_code = '34' and area_code = '00025'"
            " and dose_code = 'penta1' and year = 2025",
        )
    )
    assert found["cohort_recorded"] == 1 + SMALLER


def test_what_nobody_lives_for_rests_on_no_share(homes: Settings) -> None:
    release = open_release(homes.published)
    values = release.indicator_values(["coverage_penta1"], "34", area_codes=["VN"], period_type="year")
    assert release.with_split_shares(values, "34")["split_share"].null_count() == values.height
    assert release.with_split_shares(values.clear(), "34").columns[-1] == "split_share"
