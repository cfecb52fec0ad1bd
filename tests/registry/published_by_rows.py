"""Run in a copy of the project: takes one report to publication and says where an indicator appears, as JSON.

Arguments: the home folder, the folder of files to submit, the indicator's code. Not a test: `test_new_indicator.py`
runs it in a process of its own, because the registry's folder is fixed when the project is imported.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import openpyxl
from streamlit.testing.v1 import AppTest

import dashboards
from dashboards import source
from dashboards.definitions import definition_of
from dashboards.downloads import Column, Extract, to_xlsx
from dashboards.i18n import Texts
from dashboards.shell import Context
from dashboards.warehouse import open_release
from pipelines.docs import main as write_pages
from pipelines.inbox import submit
from pipelines.progress import SilentReporter
from pipelines.resources import Clock
from pipelines.runner import run
from pipelines.settings import PROJECT_ROOT, Settings, turn_telemetry_off


def main(home: Path, files: Path, code: str) -> dict[str, Any]:
    """Publish the files; return what shows the indicator."""
    turn_telemetry_off()
    settings = Settings(home)
    submit(settings, [files])
    run(settings, SilentReporter(), clock=Clock(fixed_at="2026-04-05T12:00:00+07:00"))
    write_pages([])
    release = open_release(settings.published)
    values = release.indicator_values([code], "63", area_codes=["VN"], period_type="month")
    source.use(settings.published)
    page = AppTest.from_file(Path(dashboards.__file__).parent / "streamlit_app.py", default_timeout=60)
    page.query_params["indicator"] = code
    page.run()
    (row,) = release.indicators().filter(release.indicators()["indicator_code"] == code).to_dicts()
    context = cast(
        "Context",
        SimpleNamespace(release=release, texts=Texts("en"), registry=SimpleNamespace(thresholds=release.thresholds())),
    )
    extract = Extract(values, [Column("value", "Value", 1)], [definition_of(context, row)], [], "en")
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(extract))).worksheets[1]
    return {
        "project": str(PROJECT_ROOT),
        "values": values.filter(values["value"].is_not_null()).select("period", "value").rows(),
        "page_errors": [item.message for item in page.exception],
        "chosen_on_page": page.selectbox(key="w_indicator").value,
        "listed_on_page": list(page.selectbox(key="w_indicator").options),
        "definitions_sheet": [cell.value for cell in sheet[2]],
        "docs": (PROJECT_ROOT / "docs" / "indicators.md").read_text(encoding="utf-8"),
    }


if __name__ == "__main__":
    found = main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    Path(sys.argv[4]).write_text(json.dumps(found), encoding="utf-8")
