"""The catalogue of extracts: rows of the registry say what each holds, a release gives the numbers.

ExtractError    an extract cannot be made; the message says why and what to do
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from dashboards.definitions import described
from dashboards.downloads import Column, Extract
from dashboards.exports.scope import Scope, scope_facts
from dashboards.i18n import Texts
from dashboards.views import NO_REPORT, area_name
from dashboards.warehouse import Area
from pipelines.reference import BreakdownCategory, Dose, ExtractKind, Registry

# What is counted at the end of a month, not during it.
_STOCK = "stock"


class ExtractError(Exception):
    """An extract cannot be made; the message says why and what to do."""


def in_order(registry: Registry) -> list[ExtractKind]:
    """Return the catalogue in its order."""
    return sorted(registry.extracts.values(), key=lambda row: row.sort_order)


def areas_of(scope: Scope, last_level: str | None) -> list[Area]:
    """Return the area and those below it: down to a level, or one step where none is named.

    Raises ExtractError when nothing at or below the area is of that level.
    """
    if last_level is None:
        return [scope.area, *scope.tree.shown_below(scope.area.area_code)]
    found, open_areas, levels = [scope.area], [scope.area], {scope.area.level_code}
    while open_areas and last_level not in {area.level_code for area in open_areas}:
        open_areas = [child for area in open_areas for child in scope.tree.children(area.area_code)]
        found += open_areas
        levels |= {area.level_code for area in open_areas}
    if last_level not in levels:
        raise ExtractError(
            f"Không có cấp '{last_level}' dưới địa bàn {scope.area.area_code}; các cấp: {', '.join(sorted(levels))}. /"
            f" There is no level '{last_level}' below {scope.area.area_code}; there are {', '.join(sorted(levels))}."
        )
    return found


def make(registry: Registry, kind: ExtractKind, scope: Scope, areas: Sequence[Area]) -> Extract:
    """Return the rows, columns, definitions and facts of an extract; headers are codes (see `titled`)."""
    rows, definitions = _SHAPES[kind.relation_code](registry, kind, scope, areas)
    columns = sorted(
        (row for row in registry.extract_columns if row.relation_code == kind.relation_code),
        key=lambda row: row.sort_order,
    )
    texts = scope.texts
    own = [
        {
            texts("definition_code"): row.column_name,
            texts("definition_name"): row.name_vi if texts.language == "vi" else row.name_en,
            texts("definition"): row.definition_vi if texts.language == "vi" else row.definition_en,
        }
        for row in columns
    ]
    return Extract(
        rows,
        [Column(row.column_name, row.column_name, row.decimals) for row in columns],
        _as_one_table([*own, *definitions]),
        [(texts("extract"), kind.name_vi if texts.language == "vi" else kind.name_en), *scope_facts(scope)],
        texts.language,
    )


def titled(registry: Registry, kind: ExtractKind, extract: Extract) -> Extract:
    """Return an extract whose headers are names in its language, for people."""
    names = {
        row.column_name: row.name_vi if extract.language == "vi" else row.name_en
        for row in registry.extract_columns
        if row.relation_code == kind.relation_code
    }
    columns = [Column(column.name, names[column.name], column.decimals) for column in extract.columns]
    return Extract(extract.rows, columns, extract.definitions, extract.facts, extract.language)


def _as_one_table(definitions: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    headers = list(dict.fromkeys(header for row in definitions for header in row))
    return [{header: row.get(header, "") for header in headers} for row in definitions]


def _codes(registry: Registry, kind: ExtractKind, of: str, frame: pl.DataFrame) -> list[str]:
    """Return the codes of indicators or measures that an extract holds and the release knows, in its order."""
    contents = [row for row in registry.extract_contents if row.extract_code == kind.extract_code]
    named = {row.content_code for row in contents if row.content_kind == of}
    kinds = {row.content_code for row in contents if row.content_kind == f"{of}_kind"}
    chosen = frame.filter(pl.col(f"{of}_code").is_in(named) | pl.col(f"{of}_kind").is_in(kinds))
    return chosen[f"{of}_code"].to_list()


def _spine(scope: Scope, areas: Sequence[Area], code_column: str, codes: Sequence[str]) -> pl.DataFrame:
    places = pl.DataFrame(
        {
            "hierarchy_code": [scope.hierarchy] * len(areas),
            "level_code": [area.level_code for area in areas],
            "area_code": [area.area_code for area in areas],
            "area_name": [area_name(area, scope.texts) for area in areas],
            "parent_code": pl.Series([area.parent_code for area in areas], dtype=pl.String),
        }
    ).with_columns(period_type=pl.lit(scope.period_type), period=pl.lit(scope.period))
    return places.join(pl.DataFrame({code_column: codes}, schema={code_column: pl.String}), how="cross")


def _indicator_rows(
    registry: Registry, kind: ExtractKind, scope: Scope, areas: Sequence[Area]
) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    texts = scope.texts
    codes = _codes(registry, kind, "indicator", scope.indicators)
    values = scope.values(codes, [area.area_code for area in areas])
    # What nobody below has for this period and level is left out; an area that lacks what others have is said.
    held = set(values["indicator_code"])
    shown = scope.indicators.filter(pl.col("indicator_code").is_in(held))
    words = pl.DataFrame(
        {
            "indicator_code": shown["indicator_code"],
            "indicator_name": [texts.named(row, "label") for row in shown.iter_rows(named=True)],
            "unit": shown["unit"],
        }
    )
    statuses = {row["value_status"]: texts.named(row, "label") for row in scope.release.value_statuses().to_dicts()}
    rows = (
        _spine(scope, areas, "indicator_code", shown["indicator_code"].to_list())
        .join(words, on="indicator_code", how="left", maintain_order="left")
        .join(
            values.drop("level_code", "period_type", "period"),
            on=["area_code", "indicator_code"],
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("value_status").fill_null(NO_REPORT))
        .with_columns(pl.col("value_status").replace_strict(statuses, return_dtype=pl.String).alias("status_name"))
    )
    terms, thresholds = scope.release.terms(), scope.release.thresholds()
    definitions = [
        {
            texts("definition_code"): row["indicator_code"],
            texts("definition_name"): texts.named(row, "label"),
            **{
                header: text
                for header, text in described(row, terms, thresholds, texts).items()
                if header not in {texts("indicator_code"), texts("indicator")}
            },
        }
        for row in shown.iter_rows(named=True)
    ]
    return rows, definitions


def _measure_rows(
    registry: Registry, kind: ExtractKind, scope: Scope, areas: Sequence[Area]
) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    texts = scope.texts
    measures = scope.release.measures()
    codes = _codes(registry, kind, "measure", measures)
    at_end = set(measures.filter(pl.col("measure_kind") == _STOCK)["measure_code"]) & set(codes)
    first, last = scope.months
    places = [area.area_code for area in areas]
    values = pl.concat(
        [
            scope.release.measure_values(
                [code for code in codes if code not in at_end], scope.hierarchy, places, first, last
            ),
            scope.release.measure_values(sorted(at_end), scope.hierarchy, places, last, last),
        ]
    )
    held = set(values["measure_code"])
    shown = measures.filter(pl.col("measure_code").is_in(held))
    words = pl.DataFrame(
        {
            "measure_code": shown["measure_code"],
            "measure_name": [texts.named(row) for row in shown.iter_rows(named=True)],
            "unit": shown["unit"],
            "months_in_period": [
                1 if code in at_end else 12 * (last.year - first.year) + last.month - first.month + 1
                for code in shown["measure_code"]
            ],
        }
    )
    rows = (
        _spine(scope, areas, "measure_code", shown["measure_code"].to_list())
        .join(words, on="measure_code", how="left", maintain_order="left")
        .join(values, on=["area_code", "measure_code"], how="left", maintain_order="left")
        .with_columns(pl.col("months_with_data").fill_null(0))
    )
    definitions = [
        {
            texts("definition_code"): row["measure_code"],
            texts("definition_name"): texts.named(row),
            texts("unit"): row["unit"],
            texts("reference"): row["source"],
        }
        for row in shown.iter_rows(named=True)
    ]
    return rows, definitions


def _check_rows(
    registry: Registry, kind: ExtractKind, scope: Scope, areas: Sequence[Area]
) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    del registry, kind, areas  # checks are of the whole release
    texts, checks = scope.texts, scope.checks
    rows = checks.with_columns(
        pl.Series("rule_name", [texts.named(row) for row in checks.iter_rows(named=True)], dtype=pl.String),
        pl.Series("message", [texts.named(row, "message") for row in checks.iter_rows(named=True)], dtype=pl.String),
    )
    return rows, []


def _facility_rows(
    registry: Registry, kind: ExtractKind, scope: Scope, areas: Sequence[Area]
) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    del registry, kind, areas  # facilities are those of the whole area, however deep the other extracts go
    texts = scope.texts
    found, waiting = [], [scope.area]
    while waiting:
        area = waiting.pop()
        below = scope.tree.children(area.area_code)
        waiting += below
        if not below:
            found.append(area.area_code)
    rows = scope.release.facilities(scope.hierarchy, found)
    names = pl.Series("facility_name", [texts.named(row) for row in rows.iter_rows(named=True)], dtype=pl.String)
    return rows.with_columns(names), []


def _breakdown_rows(
    registry: Registry, kind: ExtractKind, scope: Scope, areas: Sequence[Area]
) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    del kind  # every dose is told apart in the same way
    texts, release = scope.texts, scope.release
    doses = sorted(registry.doses.values(), key=lambda dose: dose.sort_order)
    codes = [area.area_code for area in areas]
    counts = release.dose_margins([dose.dose_code for dose in doses], scope.hierarchy, codes, *scope.months)
    if not counts.height:
        counts = pl.DataFrame(schema=_MARGINS)
    statuses = {row["value_status"]: texts.named(row, "label") for row in release.value_statuses().to_dicts()}
    names = pl.DataFrame(
        [
            (row.breakdown_code, row.category_code, row.sort_order, _name(row, texts))
            for row in registry.breakdown_categories
        ],
        schema=["breakdown_code", "category_code", "place", "category_name"],
        orient="row",
    )
    rows = (
        _spine(
            scope, areas, "dose_code", [dose.dose_code for dose in doses if dose.dose_code in set(counts["dose_code"])]
        )
        .join(counts, on=["area_code", "dose_code"], how="inner", maintain_order="left")
        .join(names, on=["breakdown_code", "category_code"], how="inner", maintain_order="left")
        .with_columns(
            pl.col("dose_code")
            .replace_strict({dose.dose_code: _name(dose, texts) for dose in doses}, return_dtype=pl.String)
            .alias("dose_name"),
            pl.col("value_status").replace_strict(statuses, return_dtype=pl.String).alias("status_name"),
        )
    )
    return rows, []


_MARGINS = {
    "area_code": pl.String,
    "dose_code": pl.String,
    "breakdown_code": pl.String,
    "category_code": pl.String,
    "dose_count": pl.Int64,
    "value_status": pl.String,
}


def _name(row: Dose | BreakdownCategory, texts: Texts) -> str:
    return row.name_vi if texts.language == "vi" else row.name_en


_Shape = Callable[
    [Registry, ExtractKind, Scope, Sequence[Area]],
    tuple[pl.DataFrame, list[dict[str, str]]],
]
_SHAPES: dict[str, _Shape] = {
    "indicator_values": _indicator_rows,
    "measure_values": _measure_rows,
    "check_results": _check_rows,
    "facilities": _facility_rows,
    "dose_breakdowns": _breakdown_rows,
}
SHAPES = frozenset(_SHAPES)
