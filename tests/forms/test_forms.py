"""Official forms say what `niis indicator` and the mart say, and where nothing was reported they say so."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from dashboards.exports import forms
from dashboards.warehouse import open_release
from pipelines.cli import app
from pipelines.forms.workbook import placeholders
from pipelines.reference import FORM_PARTS, INJECTIONS, load_registry
from pipelines.settings import Settings
from tests.conftest import PROVINCES
from tests.orchestration.published import query

MONTH, QUARTER = "2025-06", "2025Q2"
MISSING = "chưa có số liệu"
REGISTRY = load_registry()
FACTS = {
    "area", "area_code", "period", "completeness", "missing", "data_kind", "as_of", "release", "registry_version",
    "code_version", "checks",
}  # fmt: skip


def niis(settings: Settings, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["--home", str(settings.home), *map(str, arguments)])


def filled(settings: Settings, form_code: str, area: str, period: str, out: Path, *more: str) -> dict[str, object]:
    """Make a form and return what stands in place of each placeholder that is a whole cell."""
    made = niis(settings, "form", form_code, "--area", area, "--period", period, "--out", out, *more)
    assert made.exit_code == 0, made.stderr
    asked = openpyxl.load_workbook(forms.TEMPLATES / REGISTRY.forms[form_code].template).active
    given = openpyxl.load_workbook(out).active
    return {
        cell.value[1:-1]: given[cell.coordinate].value
        for row in asked.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and re.fullmatch(r"\{\w+\}", cell.value)
    }


def district(settings: Settings) -> str:
    release = open_release(settings.published)
    return str(release.children("63", PROVINCES[0])["area_code"][0])


@pytest.mark.parametrize("form_code", REGISTRY.forms)
def test_a_template_asks_for_what_the_registry_declares(form_code: str) -> None:
    declared = {row.field_code for row in REGISTRY.form_fields if row.form_code == form_code}
    assert placeholders(forms.template_of(REGISTRY.forms[form_code])) - FACTS == declared


@pytest.mark.parametrize("period", [MONTH, QUARTER])
def test_parts_of_indicators_are_those_of_niis_indicator(published_home: Settings, tmp_path: Path, period: str) -> None:
    area = district(published_home)
    with_values = 0
    for form_code in REGISTRY.forms:
        fields = [row for row in REGISTRY.form_fields if row.form_code == form_code and row.content_kind in FORM_PARTS]
        cells = filled(published_home, form_code, area, period, tmp_path / f"{form_code}.xlsx")
        # The coverages of one form are many: three of each are asked of the command.
        for code in sorted({row.content_code for row in fields})[:3]:
            kind = "quarter" if "Q" in period else "month"
            said = niis(
                published_home, "indicator", code, "--area", area, "--period-type", kind,
                "--from", period, "--to", period, "--format", "json",
            )  # fmt: skip
            (row,) = json.loads(said.stdout) or [{}]
            for field in fields:
                if field.content_code == code:
                    value = row.get(field.content_kind)
                    assert cells[field.field_code] == (MISSING if value is None else pytest.approx(value, abs=0))
                    with_values += value is not None
    assert with_values > 10


def test_measures_are_those_of_the_mart_and_stock_is_that_of_a_day(published_home: Settings, tmp_path: Path) -> None:
    area = PROVINCES[0]
    checked = set()
    for form_code in REGISTRY.forms:
        fields = [row for row in REGISTRY.form_fields if row.form_code == form_code and row.month_span is not None]
        cells = filled(published_home, form_code, area, QUARTER, tmp_path / f"{form_code}.xlsx")
        for field in fields:
            months = {
                "whole": "between '2025-04-01' and '2025-06-01'",
                "last": "= '2025-06-01'",
                "before": "= '2025-03-01'",
            }[str(field.month_span)]
            ((total,),) = query(
                published_home,
                "select sum(value) from fct_measure_values where hierarchy_code = '63' and level_code = 'province'"
                f" and area_code = '{area}' and measure_code = '{field.content_code}' and month {months}",
            )
            if total is not None:
                assert cells[field.field_code] == total
                checked.add(field.month_span)
            else:
                assert cells[field.field_code] in (MISSING, 0)
    assert {"whole", "last"} <= checked


def test_who_reported_nothing_has_no_zeros(published_home: Settings, tmp_path: Path) -> None:
    form_code = min(REGISTRY.forms.values(), key=lambda row: row.sort_order).form_code
    cells = filled(published_home, form_code, "79", MONTH, tmp_path / "form.xlsx")
    declared = {row.field_code for row in REGISTRY.form_fields if row.form_code == form_code}
    assert {cells[code] for code in declared} == {MISSING}


def injections(settings: Settings, place: str, field_categories: str, product: str) -> int:
    """Count in the mart what a field of the service form means."""
    column = {row.category_code: row.breakdown_code for row in REGISTRY.breakdown_categories}
    chosen: dict[str, list[str]] = {}
    for category in field_categories.split():
        chosen.setdefault(column[category], []).append(f"'{category}'")
    conditions = "".join(f" and {name} in ({', '.join(codes)})" for name, codes in chosen.items())
    ((count,),) = query(
        settings,
        "select coalesce(sum(dose_count), 0) from fct_dose_breakdowns join dim_facilities using (facility_code)"
        f" where {place} and month = '2025-06-01' and product_code = '{product}'{conditions}",
    )
    return int(str(count))


def service_form() -> str:
    return next(row.form_code for row in REGISTRY.form_fields if row.content_kind == INJECTIONS)


def busiest_facility(settings: Settings) -> tuple[str, str]:
    """Return the facility with the most service doses in June, and its commune of 2017."""
    (row,) = query(
        settings,
        "select facility_code, commune_code_2017 from fct_dose_breakdowns join dim_facilities using (facility_code)"
        " where service_type = 'service' and month = '2025-06-01' and facility_code in"
        " (select facility_code from fct_facility_values where measure_code like 'vials_%')"
        " group by all order by sum(dose_count) desc, facility_code limit 1",
    )
    return str(row[0]), str(row[1])


@pytest.mark.parametrize("of_facility", [False, True])
def test_the_service_form_counts_what_records_say_of_service(
    published_home: Settings, tmp_path: Path, of_facility: bool
) -> None:
    form_code, code = service_form(), busiest_facility(published_home)[0]
    place = f"facility_code = '{code}'" if of_facility else "true"
    out = tmp_path / "form.xlsx"
    if of_facility:
        cells = filled(published_home, form_code, "VN", MONTH, out, "--facility", code)
    else:
        cells = filled(published_home, form_code, PROVINCES[0], MONTH, out)
    found = 0
    for field in REGISTRY.form_fields:
        if field.form_code == form_code:
            expected = injections(published_home, place, str(field.category_codes), field.content_code)
            assert cells[field.field_code] == expected, field.field_code
            found += expected > 0
    assert found > 2


def test_forms_of_facilities_add_up_to_those_of_their_commune(published_home: Settings, tmp_path: Path) -> None:
    _, commune = busiest_facility(published_home)
    codes = [
        str(row[0])
        for row in query(
            published_home, f"select facility_code from dim_facilities where commune_code_2017 = '{commune}'"
        )
    ]
    compared = 0
    for form_code in REGISTRY.forms:
        whole = filled(published_home, form_code, commune, MONTH, tmp_path / "whole.xlsx")
        parts = [
            filled(published_home, form_code, "VN", MONTH, tmp_path / "part.xlsx", "--facility", code) for code in codes
        ]
        for field in REGISTRY.form_fields:
            # Targets are set for areas, and what enters an indicator of matched parts is matched place by place.
            of_doses = field.content_kind == "numerator" and REGISTRY.indicators[field.content_code].dose_code
            if field.form_code != form_code or not (of_doses or field.content_kind in {"measure", INJECTIONS}):
                continue
            numbers = [part[field.field_code] for part in parts if isinstance(part[field.field_code], int | float)]
            if numbers and isinstance(whole[field.field_code], int | float):
                assert sum(map(float, map(str, numbers))) == whole[field.field_code], field.field_code
                compared += 1
    assert compared > 20


def measure_kinds(indicator_code: str) -> set[str]:
    return {
        REGISTRY.measures[term.measure_code].measure_kind
        for term in REGISTRY.terms
        if term.indicator_code == indicator_code
    }


def test_a_facility_alone_in_its_commune_has_its_values(published_home: Settings) -> None:
    release = open_release(published_home.published)
    rows = query(
        published_home,
        "select any_value(facility_code), commune_code_2017 from dim_facilities group by commune_code_2017"
        " having count(*) = 1 order by 1",
    )
    codes = sorted({row.content_code for row in REGISTRY.form_fields if row.content_kind in FORM_PARTS})
    unmatched = 0
    matched = {code for code in codes if REGISTRY.indicators[code].missing_policy == "matched_units"}
    # Women who reach a second dose are counted as persons, wherever their doses were given.
    codes = [code for code in codes if not {"event_count", "cohort_count"} & measure_kinds(code)]
    asked: dict[str, str] = {"period_type": "quarter", "period_from": QUARTER, "period_to": QUARTER}
    for facility, commune in rows[:40]:
        area = release.indicator_values(codes, "63", area_codes=[str(commune)], **asked)  # type: ignore[arg-type]
        own = release.facility_indicators(str(facility), codes, "quarter", QUARTER)
        columns = ["indicator_code", "numerator"]
        theirs = {code: value for code, value in area.select(columns).iter_rows() if value is not None}
        ours = {code: value for code, value in own.select(columns).iter_rows() if value is not None}
        assert ours == theirs, facility
        for code in matched & theirs.keys():
            pick = [frame.filter(frame["indicator_code"] == code)["value"][0] for frame in (own, area)]
            assert pick[0] == pick[1]
            unmatched += 1
    assert unmatched > 10


def test_whoever_may_not_see_its_persons_gets_no_form_of_a_facility(published_home: Settings, tmp_path: Path) -> None:
    out = tmp_path / "form.xlsx"
    code = busiest_facility(published_home)[0]
    for reader in (["--role", "planner", "--area-of", "63:VN"], ["--role", "official", "--area-of", "63:79"]):
        result = niis(
            published_home, *reader, "form", service_form(), "--facility", code, "--period", MONTH, "--out", out
        )
        assert result.exit_code == 1
        assert not out.exists()
    hidden = niis(
        published_home, "--role", "planner", "--area-of", "63:VN",
        "form", service_form(), "--area", PROVINCES[0], "--period", MONTH, "--out", out,
    )  # fmt: skip
    assert hidden.exit_code == 0, hidden.stderr
    cells = [cell.value for row in openpyxl.load_workbook(out).active.iter_rows() for cell in row]
    assert REGISTRY.value_statuses["suppressed"].label_vi in cells


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
@pytest.mark.parametrize(("form_code", "of_facility"), [(sorted(REGISTRY.forms)[-1], False), (service_form(), True)])
def test_the_page_says_what_the_workbook_says(
    published_home: Settings, tmp_path: Path, form_code: str, of_facility: bool
) -> None:
    area = PROVINCES[0]
    more = ["--facility", busiest_facility(published_home)[0]] if of_facility else []
    cells = filled(published_home, form_code, area, MONTH, tmp_path / "form.xlsx", *more)
    out = tmp_path / "form.pdf"
    made = niis(
        published_home, "form", form_code, "--area", area, "--period", MONTH, "--format", "pdf", "--out", out, *more
    )
    assert made.exit_code == 0, made.stderr
    text = subprocess.run(["pdftotext", "-layout", out, "-"], check=True, capture_output=True, text=True).stdout
    for part in ("Tháng 6/2025", open_release(published_home.published).release_id, "1/1"):
        assert part.replace(" ", "") in text.replace(" ", "")
    for value in cells.values():
        shown = f"{value:,.0f}".replace(",", ".") if isinstance(value, int | float) else str(value)
        assert shown.replace(" ", "") in text.replace(" ", "")


@pytest.mark.parametrize("hierarchy", ["63", "34"])
def test_the_nation_has_every_form_in_both_trees(published_home: Settings, tmp_path: Path, hierarchy: str) -> None:
    out = tmp_path / "form.xlsx"
    for form_code in REGISTRY.forms:
        made = niis(published_home, "form", form_code, "--period", "2025", "--hierarchy", hierarchy, "--out", out)
        assert made.exit_code == 0, made.stderr


def test_another_template_takes_the_place_of_the_projects(published_home: Settings, tmp_path: Path) -> None:
    field = next(row for row in REGISTRY.form_fields if row.content_kind == "numerator")
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["D9"] = f"{{{field.field_code}}}"
    book.active["A1"] = "Của tỉnh: {area_code}"
    book.save(tmp_path / "own.xlsx")
    out = tmp_path / "out.xlsx"
    made = niis(
        published_home, "form", field.form_code, "--area", PROVINCES[0], "--period", MONTH,
        "--template", tmp_path / "own.xlsx", "--out", out,
    )  # fmt: skip
    assert made.exit_code == 0, made.stderr
    sheet = openpyxl.load_workbook(out).active
    own = filled(published_home, field.form_code, PROVINCES[0], MONTH, tmp_path / "project.xlsx")
    assert sheet["A1"].value == f"Của tỉnh: {PROVINCES[0]}"
    assert sheet["D9"].value == own[field.field_code]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (["c34_9_x", "--period", MONTH, "--out", "f"], 1, "did you mean c34_9_"),
        (["zzz", "--period", MONTH, "--out", "f"], 1, "`niis form list` shows them"),
        (["c34_10", "--facility", "zz", "--period", MONTH, "--out", "f"], 1, "has no facility 'zz'"),
        (["c34_10", "--out", "f"], 2, "name a period"),
        (["c34_10", "--period", MONTH], 2, "name the file to write"),
        (["c34_10", "--period", "June", "--out", "f"], 2, "'June' is not a period"),
        (["c34_10", "--period", "1999", "--out", "f"], 1, "the release has no year 1999"),
        (["c34_10", "--period", MONTH, "--area", "zz", "--out", "f"], 1, "has no area 'zz'"),
        (["c34_10", "--period", MONTH, "--template", "nowhere.xlsx", "--out", "f"], 1, "cannot be read"),
    ],
)
def test_what_cannot_be_made_is_a_sentence(
    published_home: Settings, tmp_path: Path, arguments: list[str], exit_code: int, sentence: str
) -> None:
    given = [str(tmp_path / "f") if argument == "f" else argument for argument in arguments]
    result = niis(published_home, "form", *given)
    assert result.exit_code == exit_code
    assert sentence in re.sub(r"[\s│]+", " ", result.stderr)
    assert not (tmp_path / "f").exists()


def test_an_official_of_elsewhere_gets_no_form(published_home: Settings, tmp_path: Path) -> None:
    out = tmp_path / "form.xlsx"
    result = niis(
        published_home, "--role", "official", "--area-of", "63:79",
        "form", "c34_10", "--area", PROVINCES[0], "--period", MONTH, "--out", out,
    )  # fmt: skip
    assert result.exit_code == 1
    assert not out.exists()


def test_every_template_is_that_of_a_form() -> None:
    assert {row.template for row in REGISTRY.forms.values()} == {path.name for path in forms.TEMPLATES.glob("*.xlsx")}
