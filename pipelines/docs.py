"""The generated pages of docs/: what the registry defines, in words. `python -m pipelines.docs [--check]`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipelines.reference import FindingRule, Indicator, QualityRule, Registry, Term, load_registry
from pipelines.settings import PROJECT_ROOT, SEEDS_DIR

_NOTE = "<!-- Generated from the registry by `make docs`; change the seeds instead. -->"


def render() -> dict[Path, str]:
    """Return the text of each generated page by its path."""
    registry = load_registry()
    return {
        PROJECT_ROOT / "docs" / "indicators.md": _indicators(registry),
        PROJECT_ROOT / "docs" / "data_dictionary.md": _dictionary(registry),
        PROJECT_ROOT / "docs" / "quality_rules.md": _quality_rules(registry),
    }


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with --check say which are out of date and return 1."""
    stale = [path for path, text in render().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            sys.stderr.write(f"{path.relative_to(PROJECT_ROOT)} is out of date; run `make docs` and commit it.\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(render()[path], encoding="utf-8")
    return 0


def _indicators(registry: Registry) -> str:
    lines = ["# Chỉ số / Indicators", "", _NOTE, ""]
    lines += _table(
        ["code", "tên", "name", "WHO"],
        ([f"[{row.indicator_code}](#{row.indicator_code})", row.label_vi, row.label_en, row.who_code or ""]
         for row in registry.indicators.values()),
    )  # fmt: skip
    for row in registry.indicators.values():
        lines += ["", *_indicator(registry, row)]
    return "\n".join(lines) + "\n"


def _indicator(registry: Registry, row: Indicator) -> list[str]:
    terms = registry.terms_of(row.indicator_code)
    bands = [band for band in registry.thresholds if band.indicator_code == row.indicator_code]
    lines = [
        f"## {row.indicator_code}",
        "",
        f"**{row.label_vi}** · {row.label_en}",
        "",
        row.definition_vi,
        "",
        row.definition_en,
        "",
        *_table(
            ["", ""],
            [
                ["numerator", _sum(term for term in terms if term.term_role == "numerator")],
                ["denominator", _sum(term for term in terms if term.term_role == "denominator") or "none (a count)"],
                ["multiplier, unit, decimals", f"{row.multiplier:g}, {row.unit}, {row.decimals}"],
                ["missing data", row.missing_policy],
                ["better when", row.direction],
                ["reference", row.reference + (f" ({row.who_code})" if row.who_code else "")],
                ["definition version", row.definition_version],
            ],
        ),
    ]
    if bands:
        lines += ["", *_table(
            ["band", "from", "below", "source"],
            ([f"{band.label_vi} / {band.label_en}", _bound(band.lower_bound), _bound(band.upper_bound), band.source]
             for band in bands),
        )]  # fmt: skip
    return lines


def _sum(terms: Iterable[Term]) -> str:
    parts = []
    for term in terms:
        shift = f" ({term.offset_years:+d} y)" if term.offset_years else ""
        factor = "" if abs(term.weight) == 1 else f"{abs(term.weight):g} x "
        parts.append(f"{'-' if term.weight < 0 else '+'} {factor}`{term.measure_code}`{shift}")
    return " ".join(parts).removeprefix("+ ")


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _dictionary(registry: Registry) -> str:
    lines = ["# Từ điển dữ liệu / Data dictionary", "", _NOTE, ""]
    for kind in dict.fromkeys(row.submission_kind for row in registry.submission_fields):
        lines += [f"## {kind}", ""]
        aliases: dict[str, list[str]] = {}
        for alias in registry.field_aliases:
            if alias.submission_kind == kind:
                aliases.setdefault(alias.field_name, []).append(alias.alias)
        lines += _table(
            ["field", "tên", "name", "type", "column", "value", "recognised as"],
            ([f"`{row.field_name}`", row.name_vi, row.name_en, row.data_type,
              "required" if row.is_required_column else "", "required" if row.is_required_value else "",
              ", ".join(aliases[row.field_name])] for row in registry.fields(kind).values()),
        )  # fmt: skip
        lines.append("")
    lines += ["## Lý do từ chối / Reasons for rejection", ""]
    lines += _table(
        ["code", "of", "lý do", "reason", "cần làm", "what to do"],
        ([f"`{row.reason_code}`", row.reason_level, row.text_vi, row.text_en, row.action_vi, row.action_en]
         for row in registry.reasons.values()),
    )  # fmt: skip
    lines += ["", "## Đánh giá mũi tiêm / Verdicts on doses", ""]
    lines += _table(
        ["code", "status", "lý do", "reason", "cần làm", "what to do"],
        ([f"`{row.reason_code}`", row.status, row.text_vi, row.text_en, row.action_vi, row.action_en]
         for row in registry.verdict_reasons.values()),
    )  # fmt: skip
    lines += ["", "## Số đo / Measures", ""]
    lines += _table(
        ["code", "kind", "tên", "name", "unit", "blank means", "spread"],
        ([f"`{row.measure_code}`", row.measure_kind, row.name_vi, row.name_en, row.unit, row.blank_means,
          row.annual_spread] for row in registry.measures.values()),
    )  # fmt: skip
    lines += ["", "## Seeds", ""]
    lines += _table(["seed", "columns"], _seeds())
    return "\n".join(lines) + "\n"


def _quality_rules(registry: Registry) -> str:
    """Return the page of rules: those that Great Expectations runs, then those that models compute."""
    lines = ["# Quy tắc chất lượng / Quality rules", "", _NOTE, ""]
    rules: list[QualityRule | FindingRule] = [*registry.quality_rules.values(), *registry.finding_rules.values()]
    lines += _table(
        ["code", "quy tắc", "rule", "stage", "severity"],
        ([f"[{rule.rule_code}](#{rule.rule_code})", rule.name_vi, rule.name_en, rule.rule_stage, rule.severity]
         for rule in rules),
    )  # fmt: skip
    for rule in rules:
        lines += ["", *_quality_rule(rule)]
    return "\n".join(lines) + "\n"


def _quality_rule(rule: QualityRule | FindingRule) -> list[str]:
    rows = [
        ["looks at", f"`{rule.dataset}` ({rule.rule_stage})"],
        ["expects", rule.expectation],
        ["tolerated overall", _bound(rule.threshold)],
        ["severity", rule.severity],
        ["affects", rule.affects_indicator or ""],
        ["cơ sở cần làm", rule.facility_action_vi or "không có việc gì"],
        ["the facility should", rule.facility_action_en or "nothing"],
        ["người phân tích cần làm", rule.action_vi],
        ["the analyst should", rule.action_en],
        ["source", rule.source],
    ]
    if isinstance(rule, QualityRule):
        rows.insert(2, ["with", " ".join(text for text in (rule.column_name, rule.kwargs_json) if text)])
    else:
        rows.insert(2, ["limits", ", ".join(
            f"{name} {_bound(value)}" for name, value in (
                ("from", rule.lower_limit), ("to", rule.upper_limit), ("expected", rule.expected_value),
                ("at least", rule.minimum_evaluated), ("of one subject", rule.subject_threshold),
            ) if value is not None)])  # fmt: skip
    return [
        f"## {rule.rule_code}",
        "",
        f"**{rule.name_vi}** · {rule.name_en}",
        "",
        rule.rationale_vi,
        "",
        rule.rationale_en,
        "",
        *_table(["", ""], rows),
    ]


def _seeds() -> Iterable[list[str]]:
    for path in sorted(SEEDS_DIR.rglob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            header = next(csv.reader(stream))
        yield [f"`{path.relative_to(SEEDS_DIR).with_suffix('').as_posix()}`", ", ".join(header)]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
