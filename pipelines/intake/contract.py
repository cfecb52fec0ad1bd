"""What a header means: the kind of submission, and the field or measure in each column."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pipelines.intake.formats.lines import RefusedFileError
from pipelines.reference import Registry
from pipelines.text import fold_key

DOSE_RECORDS = "dose_records"
MONTHLY_REPORT = "monthly_report"


@dataclass(frozen=True)
class Layout:
    """The meaning of one header, shared by every file that has the same header and separator."""

    submission_kind: str
    separator: str
    columns: tuple[str | None, ...]  # field name per column; None where the column is not ours
    measures: tuple[str | None, ...]  # measure code per column of a wide report
    ignored: tuple[str, ...]  # names of columns that are not ours
    language: str  # vi or en: that of the header


@lru_cache(maxsize=4)
def measure_names(registry: Registry) -> dict[str, str]:
    """Return the reportable measure that each folded code or label names."""
    names: dict[str, str] = {}
    for measure in registry.measures.values():
        if measure.is_reportable:
            for name in (measure.measure_code, measure.name_vi, measure.name_en):
                names.setdefault(fold_key(name), measure.measure_code)
    return names


def recognise(header: list[str], separator: str, registry: Registry) -> Layout:
    """Return the layout of a header.

    Raises RefusedFileError: FILE_HEADER_DUPLICATE when two columns mean the same field, FILE_HEADER_MISSING_FIELDS
    when a required column is not there, FILE_HEADER_UNKNOWN when no kind of submission fits.
    """
    keys = [fold_key(name) for name in header]
    aliases = {kind: registry.field_alias_map(kind) for kind in (DOSE_RECORDS, MONTHLY_REPORT)}
    measures = measure_names(registry)
    lacking = {
        DOSE_RECORDS: _missing_dose_fields(keys, aliases[DOSE_RECORDS], registry),
        MONTHLY_REPORT: _missing_report_fields(keys, aliases[MONTHLY_REPORT], measures, registry),
    }
    kind = next((kind for kind, missing in lacking.items() if not missing), None)
    if kind is None:
        matched = {kind: sum(key in known for key in keys) for kind, known in aliases.items()}
        nearest = max(matched, key=lambda kind: matched[kind])
        if matched[nearest] < 2:
            raise RefusedFileError("FILE_HEADER_UNKNOWN", ", ".join(header[:8])[:120])
        raise RefusedFileError("FILE_HEADER_MISSING_FIELDS", f"{nearest}: {', '.join(lacking[nearest])}")
    known = aliases[kind]
    columns = tuple(known.get(key) for key in keys)
    wide = tuple(
        measures.get(key) if kind == MONTHLY_REPORT and field is None else None
        for key, field in zip(keys, columns, strict=True)
    )
    meant = [name for name in (*columns, *wide) if name is not None]
    if repeated := sorted({name for name in meant if meant.count(name) > 1}):
        raise RefusedFileError("FILE_HEADER_DUPLICATE", ", ".join(repeated))
    ignored = tuple(
        name for name, field, measure in zip(header, columns, wide, strict=True) if field is None and measure is None
    )
    return Layout(kind, separator, columns, wide, ignored, _language(keys, kind, registry))


def _missing_dose_fields(keys: list[str], known: dict[str, str], registry: Registry) -> list[str]:
    present = {known[key] for key in keys if key in known}
    fields = registry.fields(DOSE_RECORDS).values()
    return [field.field_name for field in fields if field.is_required_column and field.field_name not in present]


def _missing_report_fields(
    keys: list[str], known: dict[str, str], measures: dict[str, str], registry: Registry
) -> list[str]:
    present = {known[key] for key in keys if key in known}
    fields = registry.fields(MONTHLY_REPORT).values()
    missing = [field.field_name for field in fields if field.is_required_column and field.field_name not in present]
    if not present & {"facility_code", "area_code"}:
        missing.append("facility_code")
    is_wide = any(key in measures and key not in known for key in keys)
    if not is_wide:
        missing += [name for name in ("measure_code", "value") if name not in present]
    return missing


def _language(keys: list[str], kind: str, registry: Registry) -> str:
    fields = registry.fields(kind).values()
    english = {fold_key(name) for field in fields for name in (field.field_name, field.name_en)}
    vietnamese = {fold_key(field.name_vi) for field in fields}
    return "vi" if sum(key in vietnamese for key in keys) > sum(key in english for key in keys) else "en"
