"""Data Docs of Great Expectations as a static site that stands by itself: a page a dataset, and one that lists them.

What Great Expectations renders of a validation is kept; the page around it, whose styles and scripts come from a dozen
outside hosts, is not. Every page is one file that loads nothing and runs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_quality.results import CheckResult, Stage

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

    from data_quality.suites import DocumentedRule

INDEX = "index.html"
# Data Docs end with the version of the library and the id of the run, which our own heading says better.
_LEFT_OUT = ("Run Info",)
_KEPT_TAGS = frozenset(
    "table thead tbody tr th td div span h4 h5 h6 p ul ol li strong em b i br code pre".split()  # noqa: SIM905
)
_VOID_TAGS = frozenset({"br"})
_KEPT_ATTRIBUTES = frozenset({"class", "id", "colspan", "rowspan"})
_SILENT_TAGS = frozenset({"script", "style", "svg", "template"})
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b2733; background: #fff; margin: 0 auto; max-width: 1100px;
  padding: 1.2rem; }
a { color: #0b5394; } h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.en { color: #42505e; } .facts { color: #42505e; border-bottom: 1px solid #d7dfe8; padding-bottom: .6rem; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0 1rem; }
th, td { border: 1px solid #d7dfe8; padding: .35rem .5rem; text-align: left; vertical-align: top; }
.passed { color: #17663a; } .failed, .error { color: #9c1c1c; font-weight: 600; } .not_applicable { color: #42505e; }
.gx { border: 1px solid #d7dfe8; border-radius: .4rem; padding: .6rem .9rem; overflow-x: auto; }
.badge { background: #eef2f6; border-radius: .25rem; padding: 0 .3rem; font-family: ui-monospace, monospace; }
.fa-check-circle::before { content: "✔"; color: #17663a; } .fa-times::before { content: "✘"; color: #9c1c1c; }
.fa-exclamation-triangle::before { content: "⚠"; color: #7a4b00; }
"""
_STATUS = {
    "passed": ("đạt", "passed"),
    "failed": ("không đạt", "failed"),
    "error": ("không kiểm tra được", "could not be checked"),
    "not_applicable": ("không có gì để kiểm tra", "nothing to check"),
}


@dataclass(frozen=True)
class SiteFacts:
    """What every page says of its source."""

    release_id: str
    as_of_date: str


def fragments_of(outcome: ExpectationSuiteValidationResult) -> list[str]:
    """Return what Great Expectations renders of a validation, section by section, cleaned."""
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer  # noqa: PLC0415 - seconds to import
    from great_expectations.render.view.view import DefaultJinjaSectionView  # noqa: PLC0415

    document = ValidationResultsPageRenderer(run_info_at_end=True).render(outcome)
    view: Any = DefaultJinjaSectionView()
    return [
        cleaned(view.render({"section": section.to_json_dict(), "section_loop": {"index": number}}))
        for number, section in enumerate(document.sections, start=1)
        if section.section_name not in _LEFT_OUT
    ]


def cleaned(markup: str) -> str:
    """Return the text and tables of a piece of HTML: no script, no style, no address, no attribute that acts."""
    cleaner = _Cleaner()
    cleaner.feed(markup)
    cleaner.close()
    return "".join(cleaner.parts)


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT_TAGS:
            self._silent += 1
        elif not self._silent and tag in _KEPT_TAGS:
            kept = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if name in _KEPT_ATTRIBUTES)
            self.parts.append(f"<{tag}{kept}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT_TAGS:
            self._silent = max(0, self._silent - 1)
        elif not self._silent and tag in _KEPT_TAGS - _VOID_TAGS:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(escape(data))


def save_fragments(folder: Path, stage: Stage, made_for: str, found: Mapping[str, Sequence[str]]) -> None:
    """Keep what was rendered of a stage's datasets, for the data that `made_for` names, until it is published."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{stage}.documents.tmp"
    temporary.write_text(json.dumps({"made_for": made_for, "datasets": found}, ensure_ascii=False), encoding="utf-8")
    temporary.replace(folder / f"{stage}.documents.json")


def load_fragments(folder: Path, stage: Stage, made_for: str) -> dict[str, list[str]]:
    """Return what was rendered of a stage's datasets; nothing where it was checked by a version that kept none."""
    path = folder / f"{stage}.documents.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    datasets: dict[str, list[str]] = found["datasets"] if found.get("made_for") == made_for else {}
    return datasets


def write_site(
    folder: Path,
    rules: Iterable[DocumentedRule],
    results: Iterable[CheckResult],
    fragments: Mapping[str, Sequence[str]],
    facts: SiteFacts,
) -> None:
    """Write the pages into a folder: one for each dataset that a rule is about, and the one that lists them."""
    by_code = {result.rule_code: result for result in results}
    datasets: dict[str, list[DocumentedRule]] = {}
    for rule in rules:
        datasets.setdefault(rule.dataset, []).append(rule)
    folder.mkdir(parents=True, exist_ok=True)
    for dataset, of_dataset in datasets.items():
        found = [(rule, by_code.get(rule.rule_code)) for rule in of_dataset]
        page = _dataset_page(dataset, found, fragments.get(dataset, []), facts)
        (folder / f"{dataset}.html").write_text(page, encoding="utf-8")
    (folder / INDEX).write_text(_index_page(datasets, by_code, facts), encoding="utf-8")


def _index_page(
    datasets: Mapping[str, Sequence[DocumentedRule]], results: Mapping[str, CheckResult], facts: SiteFacts
) -> str:
    rows = "".join(
        f'<tr><td><a href="{dataset}.html">{escape(dataset)}</a></td><td>{_two(rule.name_vi, rule.name_en)}</td>'
        f"{_result_cells(results.get(rule.rule_code))}</tr>"
        for dataset, rules in datasets.items()
        for rule in rules
    )
    head = _header_row(("Bộ số liệu", "Dataset"), ("Quy tắc", "Rule"), ("Kết quả", "Result"), ("Vi phạm", "Violations"))
    return _page(("Data Docs: các bộ số liệu", "Data Docs: datasets"), f"<table>{head}{rows}</table>", facts)


def _dataset_page(
    dataset: str,
    found: Sequence[tuple[DocumentedRule, CheckResult | None]],
    fragments: Sequence[str],
    facts: SiteFacts,
) -> str:
    head = _header_row(
        ("Quy tắc", "Rule"),
        ("Vì sao", "Why"),
        ("Cần làm", "What to do"),
        ("Kết quả", "Result"),
        ("Vi phạm", "Violations"),
    )
    rows = "".join(
        f"<tr><td>{_two(rule.name_vi, rule.name_en)}</td><td>{_two(rule.rationale_vi, rule.rationale_en)}</td>"
        f"<td>{_two(rule.action_vi, rule.action_en)}</td>{_result_cells(result)}</tr>"
        for rule, result in found
    )
    heading = _two("Kỳ vọng và kết quả (Great Expectations)", "Expectations and results (Great Expectations)")
    shown = "".join(f'<div class="gx">{fragment}</div>' for fragment in fragments)
    looked_at = any(result is not None and result.evaluated for _, result in found)
    nothing = "" if looked_at else f"<p>{_two(*_STATUS['not_applicable'])}</p>"
    body = (
        f'<p><a href="{INDEX}">{_two("Mọi bộ số liệu", "All datasets")}</a></p><table>{head}{rows}</table>'
        f"<h2>{heading}</h2>{shown or nothing}"
    )
    return _page((f"Data Docs: {dataset}",) * 2, body, facts)


def _result_cells(result: CheckResult | None) -> str:
    status = result.status if result is not None else "not_applicable"
    counts = "" if result is None or result.violations is None else f"{result.violations} / {result.evaluated}"
    return f'<td class="{status}">{_two(*_STATUS[status])}</td><td>{counts}</td>'


def _header_row(*names: tuple[str, str]) -> str:
    return "<tr>" + "".join(f"<th>{_two(*name)}</th>" for name in names) + "</tr>"


def _two(vi: str, en: str) -> str:
    return escape(vi) if vi == en else f'{escape(vi)}<br><span class="en" lang="en">{escape(en)}</span>'


def _page(title: tuple[str, str], body: str, facts: SiteFacts) -> str:
    told = _two(
        f"Bản phát hành {facts.release_id} · số liệu đến {facts.as_of_date}",
        f"Release {facts.release_id} · data as of {facts.as_of_date}",
    )
    return (
        f'<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>{escape(title[0])}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body><h1>{_two(*title)}</h1>"
        f'<p class="facts">{told}</p>{body}</body></html>'
    )
