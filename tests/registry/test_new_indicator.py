"""An indicator whose measures exist appears in mart, command, pages, extract and docs by adding rows alone."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from pipelines.facilities import write_facilities
from pipelines.settings import PROJECT_ROOT
from tests.intake.conftest import register

CODE = "ratio_mcv1_bcg"
LABEL = "Measles doses against BCG doses"
ROW = {
    "indicator_code": CODE, "indicator_kind": "ratio", "label_vi": "Sởi mũi 1 so với BCG", "label_en": LABEL,
    "short_vi": "Sởi/BCG", "short_en": "MCV1/BCG", "definition_vi": "Số mũi sởi chia cho số mũi BCG.",
    "definition_en": "Doses of measles divided by doses of BCG.", "unit": "percent", "multiplier": "100",
    "decimals": "1", "direction": "none", "missing_policy": "full_target", "dose_code": "", "is_headline": "false",
    "sort_order": "9999",
    "who_code": "", "reference": "Added by a test", "definition_version": "1",
    "valid_from_month": "", "valid_to_month": "",
}  # fmt: skip
TERMS = [
    {"indicator_code": CODE, "term_role": role, "measure_code": measure, "weight": "1", "offset_years": "0"}
    for role, measure in (("numerator", "doses_mcv1_u1"), ("denominator", "doses_bcg_u1"))
]


def append(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, lineterminator="\n")
        writer.writerows(rows)


def test_an_indicator_appears_everywhere_when_its_rows_are_added(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("pipelines", "dashboards", "data_quality", "dbt_project", "docs"):
        skipped = shutil.ignore_patterns("target", "logs", "__pycache__")
        shutil.copytree(PROJECT_ROOT / name, project / name, ignore=skipped)
    seeds = project / "dbt_project" / "seeds" / "indicators"
    append(seeds / "indicators.csv", [ROW])
    append(seeds / "indicator_terms.csv", TERMS)
    home, files = tmp_path / "home", tmp_path / "files"
    write_facilities(register(), home / "programme" / "facilities.csv")
    files.mkdir()
    (files / "report.csv").write_text(
        "facility_code,period,measure_code,value,submitted_at\n"
        "0000101,2024-03,doses_bcg_u1,40,2024-04-03 08:00:00\n"
        "0000101,2024-03,doses_mcv1_u1,30,2024-04-03 08:00:00\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(project)}

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=project, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    out = tmp_path / "found.json"
    python(str(Path(__file__).with_name("published_by_rows.py")), str(home), str(files), CODE, str(out))
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["project"] == str(project), "the copy ran, not this checkout"
    assert found["values"] == [["2024-03", 75.0]]
    assert found["page_errors"] == []
    assert found["chosen_on_page"] == CODE
    assert any(
        CODE in option or ROW["short_vi"] in option or ROW["label_vi"] in option for option in found["listed_on_page"]
    )
    assert {CODE, LABEL, ROW["definition_en"]} <= set(found["definitions_sheet"])
    assert f"## {CODE}\n" in found["docs"]
    command = ["-c", "from pipelines.cli import app; app()", "--home", str(home)]
    shown = python(*command, "indicator", CODE, "--from", "2024-03", "--to", "2024-03", "--format", "csv")
    (printed,) = csv.DictReader(shown.splitlines())
    assert (printed["area_code"], float(printed["value"])) == ("VN", 75.0)
