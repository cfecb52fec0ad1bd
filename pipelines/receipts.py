"""The receipt of a submission, for its sender, in the sender's language: what was kept, what was not, what to do."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipelines.lake import Lake
from pipelines.ledger import Ledger
from pipelines.reference import Registry
from pipelines.settings import Settings

# More rows than this are for a program to read: the text names the CSV.
_TEXT_ROWS = 50

_WORDS = {
    "vi": {
        "title": "BIÊN NHẬN TIẾP NHẬN SỐ LIỆU TIÊM CHỦNG",
        "submission": "Mã tiếp nhận",
        "file": "Tệp",
        "received": "Nhận lúc",
        "status": "Kết quả",
        "accepted": "Đã nhận toàn bộ",
        "accepted_with_rejections": "Đã nhận, trừ các dòng nêu dưới đây",
        "refused": "Không nhận tệp; không dòng nào được ghi",
        "lines": "{line_count} dòng = {header_count} tiêu đề + {blank_count} trống + {accepted_count} đã nhận"
        " + {rejected_count} bị từ chối + {duplicate_count} trùng",
        "declared": "Trong số đã nhận có {count} mũi do gia đình tự khai: được lưu và hiển thị, chưa tính vào số liệu"
        " cho đến khi cơ sở tiêm chủng xác nhận.",
        "corrects": "Tệp sửa của {corrects}, duyệt bằng quyết định số {decision_version} về tệp đó lúc {decided_at}",
        "line": "Dòng",
        "more": "Còn {count} lỗi khác; xem đủ trong biên nhận CSV.",
        "header": ["so_dong", "cot", "gia_tri", "ma_ly_do", "ly_do", "can_lam", "dong_goc"],
    },
    "en": {
        "title": "RECEIPT OF IMMUNIZATION DATA",
        "submission": "Submission",
        "file": "File",
        "received": "Received",
        "status": "Outcome",
        "accepted": "Accepted in full",
        "accepted_with_rejections": "Accepted, but for the lines below",
        "refused": "The file was refused; no line of it was kept",
        "lines": "{line_count} lines = {header_count} header + {blank_count} blank + {accepted_count} accepted"
        " + {rejected_count} rejected + {duplicate_count} duplicate",
        "declared": "{count} of the accepted doses are declared by families: they are kept and shown, and counted only"
        " when a facility confirms them.",
        "corrects": "Corrects {corrects}, let in by decision {decision_version} on that file at {decided_at}",
        "line": "Line",
        "more": "{count} more problems; the CSV receipt has them all.",
        "header": ["line_no", "field", "value", "reason_code", "reason", "what_to_do", "original_line"],
    },
}


def receipt_csv(settings: Settings, registry: Registry, submission: Mapping[str, Any], language: str | None) -> str:
    """Return the receipt as CSV, one row a rejected line and reason; a refused file has one row without a line."""
    chosen = language or submission["language"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_WORDS[chosen]["header"])
    if submission["status"] == "refused":
        text, action = _reason(registry, submission["refusal_code"], chosen)
        writer.writerow(
            ["", "", _safe(submission["refusal_detail"] or ""), submission["refusal_code"], text, action, ""]
        )
    for line_no, field, value, code, raw in _problems(settings, submission["submission_id"]):
        text, action = _reason(registry, code, chosen)
        writer.writerow(
            [line_no, _label(registry, submission, field, chosen), _safe(value), code, text, action, _safe(raw)]
        )
    return buffer.getvalue()


def receipt_text(settings: Settings, registry: Registry, submission: Mapping[str, Any], language: str | None) -> str:
    """Return the receipt as text for reading."""
    chosen = language or submission["language"]
    words = _WORDS[chosen]
    lines = [
        str(words["title"]),
        "",
        f"{words['submission']}: {submission['submission_id']}",
        f"{words['file']}: {submission['original_name']}",
        f"{words['received']}: {submission['received_at']}",
        f"{words['status']}: {words[submission['status']]}",
    ]
    if correction := Ledger(settings.ledger).correction(submission["submission_id"]):
        lines.append(str(words["corrects"]).format(**vars(correction)))
    if submission["status"] == "refused":
        text, action = _reason(registry, submission["refusal_code"], chosen)
        detail = f" ({submission['refusal_detail']})" if submission["refusal_detail"] else ""
        return "\n".join([*lines, "", f"{text}{detail}. {action}.", ""])
    lines += [str(words["lines"]).format(**submission), ""]
    declared = Lake(settings).declared_count(submission["submission_id"], submission["batch_no"])
    if declared:
        lines += [str(words["declared"]).format(count=declared), ""]
    problems = _problems(settings, submission["submission_id"])
    for line_no, field, value, code, _ in problems[:_TEXT_ROWS]:
        text, action = _reason(registry, code, chosen)
        where = f"{words['line']} {line_no}"
        if field:
            where += f", {_label(registry, submission, field, chosen)}" + (f" = {value!r}" if value else "")
        lines.append(f"{where}: {text}. {action}. [{code}]")
    if len(problems) > _TEXT_ROWS:
        lines.append(str(words["more"]).format(count=len(problems) - _TEXT_ROWS))
    return "\n".join([*lines, ""])


def _problems(settings: Settings, submission_id: str) -> list[tuple[int, str, str, str, str]]:
    rows = Lake(settings).rejected_rows(submission_id)
    each = rows.explode("reason_codes", "field_names", "field_values")
    return each.select(
        "line_no", pl.col("field_names").fill_null(""), pl.col("field_values").fill_null(""), "reason_codes", "raw_text"
    ).rows()


def _reason(registry: Registry, code: str, language: str) -> tuple[str, str]:
    reason = registry.reasons[code]
    return (reason.text_vi, reason.action_vi) if language == "vi" else (reason.text_en, reason.action_en)


def _label(registry: Registry, submission: Mapping[str, Any], field: str, language: str) -> str:
    known = registry.fields(submission["submission_kind"]).get(field) or registry.measures.get(field)
    if known is None:
        return field
    return known.name_vi if language == "vi" else known.name_en


def _safe(text: str) -> str:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in set("=+-@\t\r") else text
