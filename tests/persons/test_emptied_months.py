"""A month of which the only report is taken back is empty again, in a build that goes on from the last one."""

from __future__ import annotations

from pathlib import Path

from pipelines.inbox import submit
from tests.conftest import RUN_AT
from tests.persons.histories import start, warehouse
from tests.steps import run_steps

_HEADER = "area_code,hierarchy_code,period,measure_code,value,submitted_at,action\n"
_STANDS = "select sum(value) from {} where measure_code = 'doses_bcg_u1'"


def test_the_only_report_of_a_year_taken_back_leaves_nothing(no_data: Path, tmp_path: Path) -> None:
    settings = start(tmp_path / "home", no_data)
    sent = [
        ("kept", "VN,63,2010,doses_bcg_u1,100,2011-07-15,add\n"),
        ("told", "VN,63,2009,doses_bcg_u1,7,2010-07-15,add\n"),
    ]
    for name, row in sent:
        (settings.home / f"{name}.csv").write_text(_HEADER + row, encoding="utf-8")
        submit(settings, [settings.home / f"{name}.csv"])
    run_steps(settings, RUN_AT)
    nation = f"{_STANDS} and hierarchy_code = '63' and level_code = 'nation'"
    assert warehouse(settings, nation.format("fct_reported_measure_values")) == [(107,)]
    (settings.home / "back.csv").write_text(_HEADER + "VN,63,2009,doses_bcg_u1,,2010-08-15,void\n", encoding="utf-8")
    submit(settings, [settings.home / "back.csv"])
    run_steps(settings, "2026-04-06T12:00:00+07:00")
    assert warehouse(settings, _STANDS.format("int_report_values_current")) == [(100,)]
    assert warehouse(settings, _STANDS.format("int_measures_unit_month")) == [(100,)]
    assert warehouse(settings, nation.format("fct_reported_measure_values")) == [(100,)]
