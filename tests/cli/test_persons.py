"""The commands about persons, on a home with a small file of persons."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli import app
from pipelines.settings import Settings
from tests.care.register import make_persons_release
from tests.care.test_series_states import EVERYONE
from tests.dashboards.test_person_pages import MOVER


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(tmp_path_factory.mktemp("home"))
    make_persons_release(settings.published, [*EVERYONE, MOVER])
    return settings


def niis(settings: Settings, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["--home", str(settings.home), *map(str, arguments)])


def test_a_due_list_prints_a_row_a_person_and_vaccine(home: Settings) -> None:
    result = niis(home, "due", "--area", "00001", "--date", "2026-03-31", "--format", "csv")
    assert result.exit_code == 0, result.stderr
    rows = {(row["person_key"], row["series_code"]): row for row in csv.DictReader(io.StringIO(result.stdout))}
    late = rows["late", "dtp"]
    assert (late["state_code"], late["dose_code"], late["earliest_date"], late["days_overdue"]) == (
        "overdue",
        "penta2",
        "2025-09-20",
        "192",
    )
    assert rows["refused", "mcv"]["note"] == "Cơ sở ghi ngày 05/12/2025"
    only = niis(home, "due", "--area", "00097", "--hierarchy", "34", "--state", "complete", "--format", "json")
    assert {row["state_code"] for row in json.loads(only.stdout)} == {"complete"}


def test_a_workbook_opens_again_with_its_meanings_and_no_formula(home: Settings, tmp_path: Path) -> None:
    out = tmp_path / "due.xlsx"
    result = niis(home, "due", "--area", "001", "--out", out)
    assert result.exit_code == 0, result.stderr
    book = openpyxl.load_workbook(out)
    data = book["Số liệu"]
    header = [cell.value for cell in data[1]]
    assert header[:5] == ["Họ và tên", "Ngày sinh", "Loại vắc xin", "Mũi tiếp theo", "Tình trạng tiêm"]
    assert data["B2"].is_date
    assert {cell.data_type for row in data.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert "Chống chỉ định" in {cell.value for cell in book["Định nghĩa"]["A"]}
    assert book["Nguồn & phạm vi"]["B1"].value == "Số liệu mô phỏng"
    assert out.stat().st_mode & 0o777 == 0o600


def test_a_csv_begins_with_the_mark_that_excel_needs(home: Settings, tmp_path: Path) -> None:
    out = tmp_path / "due.csv"
    assert niis(home, "due", "--area", "001", "--out", out, "--language", "en").exit_code == 0
    assert out.read_bytes().startswith("\ufeffFull name,".encode())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["due", "--area", "99999"], "has no area '99999'"),
        (["due", "--area", "001", "--state", "nothing"], "there is no state 'nothing'"),
        (["person", "show", "nobody"], "no person has the key"),
        (["certificate", "verify", "--digest", "x"], "QR"),
    ],
)
def test_what_does_not_exist_is_a_sentence(home: Settings, arguments: list[str], sentence: str) -> None:
    result = niis(home, *arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_a_queue_of_reminders_is_written_and_nothing_sent(home: Settings, tmp_path: Path) -> None:
    out = tmp_path / "queue.csv"
    result = niis(home, "reminders", "--area", "VN", "--date", "2026-03-31", "--out", out)
    assert result.exit_code == 0, result.stderr
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert len({row["person_key"] for row in rows}) == len(rows) > 3
    assert MOVER.key not in {row["person_key"] for row in rows}
    assert "want no messages" in result.stderr


def test_a_history_prints_its_sources(home: Settings) -> None:
    result = niis(home, "person", "show", "p-mover", "--format", "json")
    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    assert shown["person"][0]["full_name"] == MOVER.name
    assert [row["commune_code"] for row in shown["residences"]] == ["00001", "00004"]
    assert {(row["original_name"], row["line_no"]) for row in shown["records"]} >= {("tram_y_te_00001.csv", 2)}
    declared = [row for row in shown["doses"] if not row["is_confirmed"]]
    assert [row["verdict"] for row in declared] == ["Gia đình tự khai, chưa xác nhận, không tính"]
    table = niis(home, "person", "show", "p-mover")
    assert "tram_y_te_00001.csv" in table.stdout


def test_a_name_is_found_in_its_area_only(home: Settings) -> None:
    for area, count in (("00001", 0), ("00004", 1)):
        result = niis(home, "person", "find", "trinh thi lua", "--area", area, "--format", "json")
        assert len(json.loads(result.stdout)) == count


def test_a_certificate_is_printed_and_verified_and_a_forged_one_is_not(home: Settings, tmp_path: Path) -> None:
    out = tmp_path / "certificate.pdf"
    printed = niis(home, "certificate", "p-mover", "--out", out)
    assert printed.exit_code == 0, printed.stderr
    assert out.read_bytes().startswith(b"%PDF-")
    code = printed.stderr.split()[-1]
    right = niis(home, "certificate", "verify", "--digest", code)
    assert right.exit_code == 0, right.stderr
    assert "RIGHT" in right.stderr
    forged = code[:-1] + ("0" if code[-1] != "0" else "1")
    wrong = niis(home, "certificate", "verify", "--digest", forged)
    assert (wrong.exit_code, "WRONG" in wrong.stderr) == (1, True)
    other = niis(home, "certificate", "verify", "--digest", code.replace(":mover:", ":late:"))
    assert other.exit_code == 1


def test_a_certificate_whose_record_was_corrected_says_so(home: Settings, tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    make_persons_release(settings.published, [MOVER])
    out = tmp_path / "certificate.pdf"
    code = niis(settings, "certificate", "mover", "--out", out).stderr.split()[-1]
    (settings.published / "CURRENT").unlink()
    (settings.published / "20260405T050000Z-000003" / "persons.duckdb").unlink()
    make_persons_release(settings.published, [EVERYONE[0], type(MOVER)(**{**vars(MOVER), "doses": MOVER.doses[:1]})])
    changed = niis(settings, "certificate", "verify", "--digest", code)
    assert (changed.exit_code, "CHANGED" in changed.stderr) == (1, True)


def test_a_key_of_old_leads_to_the_person_and_its_certificate_still_matches(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    make_persons_release(settings.published, [MOVER])
    code = niis(settings, "certificate", "mover", "--out", tmp_path / "page.pdf").stderr.split()[-1]
    folder = settings.published / "20260405T050000Z-000003"
    (folder / "persons.duckdb").unlink()
    merged = type(MOVER)(**{**vars(MOVER), "key": "merged"})
    make_persons_release(settings.published, [merged], redirects=[("mover", "merged")])
    assert json.loads(niis(settings, "person", "show", "mover", "--format", "json").stdout)["person"][0] == {
        "person_key": "merged",
        "full_name": MOVER.name,
        "birth_date": "2025-05-01",
        "sex": "F",
        "mother_name": "Trần Thị Hoà",
        "phone": "0912345678",
        "contact_opt_out": True,
        "death_date": None,
    }
    assert niis(settings, "certificate", "verify", "--digest", code).exit_code == 0


def test_every_look_is_written_down_without_a_name(home: Settings) -> None:
    niis(home, "person", "find", "Nguyễn Thị Ánh", "--area", "VN")
    lines = home.audit_log.read_text(encoding="utf-8").splitlines()
    looks = [json.loads(line) for line in lines]
    assert looks[-1]["action"] == "search"
    assert looks[-1]["who"].startswith("cli:")
    assert "Ánh" not in "".join(lines)
