"""The generated pages of docs/: what the registry defines, in words. `python -m pipelines.docs [--check]`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipelines.reference import Indicator, Registry, Term, load_registry
from pipelines.settings import PROJECT_ROOT, SEEDS_DIR

_NOTE = "<!-- Generated from the registry by `make docs`; change the seeds instead. -->"


def render() -> dict[Path, str]:
    """Return the text of each generated page by its path."""
    registry = load_registry()
    return {
        PROJECT_ROOT / "docs" / "indicators.md": _indicators(registry),
        PROJECT_ROOT / "docs" / "data_dictionary.md": _dictionary(registry),
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
