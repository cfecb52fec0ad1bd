"""A certificate from a release: what of a person is certified, and the page of it."""

from __future__ import annotations

from datetime import date, datetime

from dashboards.persons import Persons
from pipelines.care.certificate import (
    Certificate,
    Claim,
    Dose,
    Outcome,
    certificate_secret,
    check,
    issued_digests,
    note_issue,
    qr_text,
    read_claim,
    render_pdf,
)
from pipelines.settings import Settings


class NoSuchPersonError(Exception):
    """The release knows no person of this key, or no name of it; the message says which."""


def certified(persons: Persons, person_key: str, day: date) -> Certificate | None:
    """Return what is certified of a person by what was given up to `day`; None without the person or a name of it.

    A key of old is certified with what is known of the person that it leads to.
    """
    current = persons.current_key(person_key)
    person = persons.person(current) if current else None
    if current is None or person is None or person["full_name"] is None:
        return None
    doses = [
        Dose(
            disease_vi=row["disease_vi"],
            disease_en=row["disease_en"],
            series_code=row["series_code"],
            number=row["valid_dose_number"],
            label=row["dose_short"] or str(row["valid_dose_number"]),
            given_date=row["given_date"],
            product=row["product_vi"] or "",
            facility=row["facility_vi"] or "",
        )
        for row in persons.protection(current, day).iter_rows(named=True)
    ]
    return Certificate(person_key, person["full_name"], person["birth_date"], person["sex"], day, doses)


def issue(persons: Persons, settings: Settings, person_key: str, at: datetime) -> tuple[bytes, str]:
    """Return the PDF of a person's certificate as of the release's day, and the text of its QR code.

    Raises NoSuchPersonError.
    """
    certificate = certified(persons, person_key, persons.as_of_date)
    if certificate is None:
        raise NoSuchPersonError(
            f"không có người nào mang mã {person_key}, hoặc chưa có họ tên để in. / "
            f"there is no person {person_key}, or no name of it to print."
        )
    text = qr_text(certificate, certificate_secret(settings.certificates))
    residences = persons.residences(person_key)
    here = [row for row in residences.iter_rows(named=True) if row["valid_to"] is None]
    commune = (here[-1]["commune_vi"] or here[-1]["commune_code"]) if here else ""
    page = render_pdf(certificate, text, is_synthetic=persons.is_synthetic, commune=commune)
    note_issue(settings.certificates, read_claim(text), at)
    return page, text


def verify(persons: Persons, settings: Settings, text: str) -> tuple[Claim, Outcome]:
    """Return what a QR code claims and what the claim is worth. Raises CertificateError when it is no such code."""
    claim = read_claim(text)
    secret = certificate_secret(settings.certificates)
    issued = issued_digests(settings.certificates)
    return claim, check(claim, certified(persons, claim.person_key, claim.day), secret, issued)
