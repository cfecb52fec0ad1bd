"""Extracts as files, one or a whole catalogue in a ZIP; every file says where its numbers come from."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime

from dashboards.downloads import Extract, to_csv, to_parquet, to_xlsx
from dashboards.exports import extracts
from dashboards.exports.extracts import ExtractError
from dashboards.exports.scope import Scope, fact_text, scope_facts
from dashboards.i18n import Texts
from pipelines.reference import ExtractKind, Registry

FORMATS = ("csv", "xlsx", "parquet")
# Excel has no more lines than this on a sheet; the first is the header.
_MOST_LINES = 1_048_575
_METADATA_SUFFIX = "-metadata.json"  # the name that "CSV on the Web" (W3C) gives to what is said of a CSV file

Step = Callable[[int, int, str], None]


def to_bytes(registry: Registry, kind: ExtractKind, extract: Extract, form: str) -> bytes:
    """Return an extract as a file. Raises ExtractError when the format cannot hold it."""
    if form == "xlsx":
        if extract.rows.height > _MOST_LINES:
            raise ExtractError(
                f"'{kind.extract_code}' có {extract.rows.height} dòng, nhiều hơn một trang Excel; hãy chọn csv hoặc"
                f" parquet, hoặc ít cấp hơn. / '{kind.extract_code}' has {extract.rows.height} lines, more than a"
                " sheet of Excel holds; choose csv or parquet, or fewer levels."
            )
        return to_xlsx(extracts.titled(registry, kind, extract))
    if form == "parquet":
        return to_parquet(extract)
    return to_csv(extract)


def metadata(extract: Extract) -> str:
    """Return what is said of a CSV file, as JSON by the names of "CSV on the Web" (W3C)."""
    return json.dumps(
        {
            "@context": "http://www.w3.org/ns/csvw",
            "dc:title": fact_text(extract.facts[0][1], extract.language),
            "dc:language": extract.language,
            "tableSchema": {"columns": [{"name": column.name} for column in extract.columns]},
            "niis:facts": {name: fact_text(value, extract.language) for name, value in extract.facts},
            "niis:definitions": list(extract.definitions),
        },
        ensure_ascii=False,
        indent=2,
    )


def metadata_name(name: str) -> str:
    """Return the name of the file that describes a CSV file."""
    return f"{name}{_METADATA_SUFFIX}"


def to_zip(
    registry: Registry,
    kinds: Sequence[ExtractKind],
    scope: Scope,
    *,
    form: str,
    last_level: str | None = None,
    step: Step = lambda done, total, detail: None,
) -> bytes:
    """Return extracts of an area and period as one ZIP with a page that says what is inside.

    The same release gives the same bytes. Raises ExtractError.
    """
    areas = extracts.areas_of(scope, last_level)
    at = scope.info.built_at
    texts = scope.texts
    listed: list[str] = []
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, kind in enumerate(kinds):
            name = kind.name_vi if texts.language == "vi" else kind.name_en
            step(index, len(kinds), name)
            extract = extracts.make(registry, kind, scope, areas)
            file_name = f"{kind.extract_code}.{form}"
            _put(archive, file_name, to_bytes(registry, kind, extract, form), at)
            if form == "csv":
                _put(archive, metadata_name(file_name), metadata(extract).encode(), at)
            lines = texts("extract_lines", lines=extract.rows.height)
            about = kind.description_vi if texts.language == "vi" else kind.description_en
            listed.append(f"{file_name}: {name} ({lines}). {about}")
        _put(archive, "README.txt", _read_me(scope, listed, texts).encode("utf-8-sig"), at)
        step(len(kinds), len(kinds), "")
    return out.getvalue()


def _read_me(scope: Scope, listed: Sequence[str], texts: Texts) -> str:
    facts = [f"{name}: {fact_text(value, texts.language)}" for name, value in scope_facts(scope)]
    return "\r\n".join([texts("app_title"), "", *facts, "", *listed, ""])


def _put(archive: zipfile.ZipFile, name: str, content: bytes, at: datetime) -> None:
    entry = zipfile.ZipInfo(name, (at.year, at.month, at.day, at.hour, at.minute, at.second))
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
