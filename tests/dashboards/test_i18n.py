"""Both languages say the same things, and pages say nothing by themselves."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import dashboards
from dashboards.i18n import MissingTextError, Texts, catalogue

SOURCES = sorted(Path(dashboards.__file__).parent.rglob("*.py"))
# What Streamlit shows of a call: its first argument and these.
SHOWN_KEYWORDS = {"label", "placeholder", "help", "body", "title", "alt"}
DRAWING = {
    "title", "header", "subheader", "caption", "markdown", "write", "text", "info", "warning", "error", "success",
    "selectbox", "text_input", "segmented_control", "download_button", "page_link", "button", "metric", "tabs",
}  # fmt: skip


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_catalogues_have_the_same_keys_and_placeholders() -> None:
    vi, en = catalogue("vi"), catalogue("en")
    assert vi.keys() == en.keys()
    assert [key for key in vi if placeholders(vi[key]) != placeholders(en[key])] == []
    assert [key for key, text in {**vi, **en}.items() if not text.strip()] == []


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(MissingTextError):
        Texts("vi")("no such text")


def test_every_key_that_is_asked_for_exists_and_every_text_is_used() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    keys = set(catalogue("vi"))
    asked = set(re.findall(r"\btexts\(\s*\"(\w+)\"[,)\s]", code))
    assert asked - keys == set()
    families = (
        "period_type_", "unit_", "language_", "check_", "severity_", "submission_", "kind_", "due_note_", "sex_",
        "link_", "timeline_", "residence_", "dose_status_", "appointment_", "verdict_",
        "as_of_banner_", "nowcast_", "breakdown_", "reminder_",
    )  # fmt: skip
    unused = [key for key in keys if not re.search(rf"[\"']{key}[\"']", code) and not key.startswith(families)]
    assert unused == []


def test_pages_hold_no_words_of_their_own() -> None:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "st"):
                continue
            shown = [keyword.value for keyword in node.keywords if keyword.arg in SHOWN_KEYWORDS]
            if node.func.attr in DRAWING:
                shown += node.args[:1]
            found += [
                f"{path.name}:{node.lineno}: {part.value}"
                for part in shown
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and re.search(r"\w", part.value)
            ]
    assert found == []
