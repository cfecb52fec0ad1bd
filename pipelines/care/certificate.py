"""The certificate of a person's valid doses: its canonical text, the digest that proves it, and its page."""

from __future__ import annotations

import hmac
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from pipelines.care.private import append_line, secret_of

_FORM = "NIIS-CERT"
_VERSION = "1"
_DIGEST_LENGTH = 32
_CODE = re.compile(
    rf"{_FORM}:{_VERSION}:(?P<person>[0-9a-z]+):(?P<day>\d{{4}}-\d\d-\d\d):(?P<digest>[0-9a-f]{{{_DIGEST_LENGTH}}})"
)
_TEMPLATE = Path(__file__).parent / "certificate.typ"
_DAY = "%d/%m/%Y"

Outcome = Literal["matches", "changed", "not_ours"]


class CertificateError(Exception):
    """What was given is no certificate's code; the message says what to do."""


@dataclass(frozen=True)
class Dose:
    """A valid dose as the certificate lists it."""

    disease_vi: str
    disease_en: str
    series_code: str
    number: int
    label: str  # the short name of the dose, such as stands in the vaccination book
    given_date: date
    product: str
    facility: str


@dataclass(frozen=True)
class Certificate:
    """What is certified: the valid doses of a person that were known up to a day."""

    person_key: str
    full_name: str
    birth_date: date
    sex: str | None
    day: date
    doses: Sequence[Dose]


@dataclass(frozen=True)
class Claim:
    """What the text of a QR code claims."""

    person_key: str
    day: date
    digest: str


def canonical(certificate: Certificate) -> str:
    """Return the text that is signed: every fact on the page, one a line of JSON, doses in an order of their own."""
    head = [
        [_FORM, _VERSION],
        ["person", certificate.person_key],
        ["name", certificate.full_name],
        ["born", certificate.birth_date.isoformat()],
        ["sex", certificate.sex],
        ["day", certificate.day.isoformat()],
    ]
    doses = [
        [
            "dose", dose.disease_vi, dose.disease_en, dose.series_code, dose.number, dose.label,
            dose.given_date.isoformat(), dose.product, dose.facility,
        ]
        for dose in certificate.doses
    ]  # fmt: skip
    lines = [json.dumps(fact, ensure_ascii=False) for fact in head]
    return "\n".join([*lines, *sorted(json.dumps(fact, ensure_ascii=False) for fact in doses)]) + "\n"


def digest_of(certificate: Certificate, secret: bytes) -> str:
    """Return the keyed digest of a certificate: 32 hex digits that nobody makes without the secret."""
    return hmac.digest(secret, canonical(certificate).encode(), "sha256").hex()[:_DIGEST_LENGTH]


def qr_text(certificate: Certificate, secret: bytes) -> str:
    """Return the text of the QR code: whose certificate, of which day, and the digest."""
    return f"{_FORM}:{_VERSION}:{certificate.person_key}:{certificate.day.isoformat()}:{digest_of(certificate, secret)}"


def read_claim(text: str) -> Claim:
    """Return what the text of a QR code claims. Raises CertificateError when it is no such text."""
    found = _CODE.fullmatch(text.strip())
    try:
        day = date.fromisoformat(found["day"]) if found else None
    except ValueError:
        day = None
    if found is None or day is None:
        raise CertificateError(
            "Đây không phải nội dung mã QR của phiếu; hãy quét lại và dán nguyên văn. / "
            "This is not the text of a certificate's QR code; scan it again and give the whole text."
        )
    return Claim(found["person"], day, found["digest"])


def check(claim: Claim, certificate: Certificate | None, secret: bytes, issued: Sequence[str]) -> Outcome:
    """Say what a claim is worth: `certificate` is what would be certified of the person and day now.

    `changed` is a certificate that was issued here and whose facts have been corrected since; `issued` are the digests
    of all that were.
    """
    if certificate is not None and hmac.compare_digest(digest_of(certificate, secret), claim.digest):
        return "matches"
    return "changed" if claim.digest in issued else "not_ours"


def certificate_secret(folder: Path) -> bytes:
    """Return the secret of the installation; it is made once. Raises PrivateFileError when it is damaged."""
    return secret_of(folder / "secret.key")


def note_issue(folder: Path, claim: Claim, at: datetime) -> None:
    """Remember that a certificate was issued: its digest, whose and of which day; no name."""
    append_line(
        folder / "issued.jsonl",
        {
            "at": at.isoformat(timespec="seconds"),
            "person_key": claim.person_key,
            "day": claim.day.isoformat(),
            "digest": claim.digest,
        },
    )


def issued_digests(folder: Path) -> list[str]:
    """Return the digest of every certificate that was issued."""
    path = folder / "issued.jsonl"
    if not path.exists():
        return []
    return [str(json.loads(line)["digest"]) for line in path.read_text(encoding="utf-8").splitlines()]


def render_pdf(certificate: Certificate, qr: str, *, is_synthetic: bool, commune: str) -> bytes:
    """Return the page as PDF: A4, Vietnamese and English; the same certificate gives the same bytes."""
    import segno  # noqa: PLC0415 - only who prints pays for it
    import typst  # noqa: PLC0415

    drawn = io.BytesIO()
    segno.make(qr, error="m", micro=False).save(drawn, kind="svg", scale=4, border=2)
    data: dict[str, Any] = {
        "full_name": certificate.full_name,
        "birth_date": certificate.birth_date.strftime(_DAY),
        "sex": certificate.sex or "",
        "commune": commune,
        "day": certificate.day.strftime(_DAY),
        "person_key": certificate.person_key,
        "digest": qr.rsplit(":", 1)[-1],
        "qr": drawn.getvalue().decode(),
        "is_synthetic": is_synthetic,
        "doses": [
            {
                "disease_vi": dose.disease_vi,
                "disease_en": dose.disease_en,
                "label": dose.label,
                "given_date": dose.given_date.strftime(_DAY),
                "product": dose.product,
                "facility": dose.facility,
            }
            for dose in certificate.doses
        ],
    }
    # Only the fonts inside typst: the page is the same on every machine, and offline.
    page = typst.compile(
        str(_TEMPLATE), format="pdf", ignore_system_fonts=True, sys_inputs={"data": json.dumps(data)}, timestamp=0
    )
    return bytes(page)
