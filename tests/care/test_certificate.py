"""A certificate proves what it says: any change of it is detected, its page is whole, its secret is its owner's."""

from __future__ import annotations

import shutil
import string
import subprocess
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.care.certificate import (
    Certificate,
    CertificateError,
    Dose,
    canonical,
    certificate_secret,
    check,
    digest_of,
    issued_digests,
    note_issue,
    qr_text,
    read_claim,
    render_pdf,
)
from pipelines.care.private import PrivateFileError

SECRET = b"s" * 32
DOSES = [
    Dose("Lao", "Tuberculosis", "bcg", 1, "BCG", date(2025, 6, 15), "BCG", "Trạm Y tế Phúc Xá"),
    Dose(
        "Bạch hầu, ho gà, uốn ván",
        "Diphtheria, tetanus, pertussis",
        "dtp",
        1,
        "DPT1",
        date(2025, 8, 20),
        "SII",
        "Bệnh viện",
    ),
]
CERTIFICATE = Certificate("ab" * 10, "Nguyễn Thị Ánh Dương", date(2025, 6, 15), "F", date(2026, 3, 31), DOSES)


def test_the_text_of_the_code_is_read_back_and_matches() -> None:
    claim = read_claim(qr_text(CERTIFICATE, SECRET))
    assert (claim.person_key, claim.day, claim.digest) == ("ab" * 10, date(2026, 3, 31), digest_of(CERTIFICATE, SECRET))
    assert check(claim, CERTIFICATE, SECRET, []) == "matches"
    assert check(claim, replace(CERTIFICATE, doses=DOSES[::-1]), SECRET, []) == "matches", "the order is no fact"


words = st.text(string.ascii_letters + "ăâđêôơư |\n", min_size=1, max_size=8)
days = st.dates(date(2015, 1, 1), date(2026, 3, 31))
doses = st.builds(Dose, words, words, words, st.integers(1, 9), words, days, words, words)
certificates = st.builds(
    Certificate, st.just("ab" * 10), words, days, st.sampled_from(["M", "F", None]), days, st.lists(doses)
)


@given(certificates, certificates)
def test_two_certificates_have_one_digest_only_when_they_say_the_same(first: Certificate, second: Certificate) -> None:
    assert (digest_of(first, SECRET) == digest_of(second, SECRET)) == (canonical(first) == canonical(second))


@pytest.mark.parametrize(
    "change",
    [
        {"full_name": "Nguyễn Thị Anh Dương"},
        {"birth_date": date(2025, 6, 16)},
        {"sex": "M"},
        {"person_key": "ba" * 10},
        {"day": date(2026, 4, 1)},
        {"doses": DOSES[:1]},
        {"doses": [DOSES[0], replace(DOSES[1], given_date=DOSES[1].given_date + timedelta(days=1))]},
        {"doses": [DOSES[0], replace(DOSES[1], number=2)]},
        {"doses": [DOSES[0], replace(DOSES[1], product="Quinvaxem")]},
        {"doses": [DOSES[0], replace(DOSES[1], facility="Trạm khác")]},
    ],
)
def test_any_change_is_detected(change: dict) -> None:
    claim = read_claim(qr_text(CERTIFICATE, SECRET))
    changed = replace(CERTIFICATE, **change)
    assert check(claim, changed, SECRET, []) == "not_ours"
    assert check(claim, changed, SECRET, [claim.digest]) == "changed"
    assert check(claim, CERTIFICATE, b"t" * 32, []) == "not_ours"


def test_a_line_break_or_a_bar_in_a_name_makes_no_other_fact() -> None:
    forged = replace(CERTIFICATE, full_name='A"]\n["born", "2025-06-15', doses=[])
    plain = replace(CERTIFICATE, full_name="A", doses=[])
    assert canonical(forged) != canonical(plain)
    assert canonical(forged).count("\n") == canonical(plain).count("\n")


@pytest.mark.parametrize("text", ["", "NIIS-CERT:1:a:2026-03-31", "NIIS-CERT:2:a:2026-03-31:" + "0" * 32, "x:1:a:b:c"])
def test_what_is_no_code_is_a_sentence(text: str) -> None:
    with pytest.raises(CertificateError, match="QR"):
        read_claim(text)


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    secret = certificate_secret(tmp_path / "certificates")
    path = tmp_path / "certificates" / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert certificate_secret(tmp_path / "certificates") == secret
    assert len(secret) == 32
    path.write_text("abc", encoding="ascii")
    with pytest.raises(PrivateFileError, match="restore it from a backup"):
        certificate_secret(tmp_path / "certificates")


def test_what_was_issued_is_remembered_without_a_name(tmp_path: Path) -> None:
    claim = read_claim(qr_text(CERTIFICATE, SECRET))
    note_issue(tmp_path, claim, datetime(2026, 4, 5, 12))
    note_issue(tmp_path, replace(claim, digest="0" * 32), datetime(2026, 4, 5, 13))
    assert issued_digests(tmp_path) == [claim.digest, "0" * 32]
    assert "Nguy" not in (tmp_path / "issued.jsonl").read_text(encoding="utf-8")
    assert (tmp_path / "issued.jsonl").stat().st_mode & 0o777 == 0o600


def test_the_page_is_one_a4_with_vietnamese_letters_and_the_same_every_time(tmp_path: Path) -> None:
    pdf = render_pdf(CERTIFICATE, qr_text(CERTIFICATE, SECRET), is_synthetic=True, commune="Phường Phúc Xá")
    assert pdf.startswith(b"%PDF-")
    assert pdf == render_pdf(CERTIFICATE, qr_text(CERTIFICATE, SECRET), is_synthetic=True, commune="Phường Phúc Xá")
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    (tmp_path / "page.pdf").write_bytes(pdf)
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "page.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    for part in ("PHIẾU XÁC NHẬN TIÊM CHỦNG", "Vaccination certificate", "Nguyễn Thị Ánh Dương", "15/06/2025",
                 "Bạch hầu, ho gà, uốn ván", "Trạm Y tế Phúc Xá", "20/08/2025", "Dữ liệu mô phỏng"):  # fmt: skip
        assert part in text
    info = subprocess.run(["pdfinfo", str(tmp_path / "page.pdf")], capture_output=True, text=True, check=True).stdout
    assert "Pages:           1" in info
    assert "(A4)" in info
