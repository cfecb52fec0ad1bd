"""`niis explain`: what lies beneath one published value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.commands.asked import (
    PERIOD_SHAPES,
    CodeArgument,
    Hierarchy,
    HierarchyOption,
    PeriodType,
    PlaceOption,
    check_asked,
    check_period,
    read_over,
)
from pipelines.commands.known import AsOfOption, open_as_known
from pipelines.commands.output import CommandError, Format, FormatOption, console, print_rows
from pipelines.settings import Settings

if TYPE_CHECKING:
    from dashboards.explanation import Explanation

# One row an item; what a column means depends on the section.
COLUMNS = [
    "section", "code", "name_vi", "name_en", "period", "numerator", "denominator", "value", "contribution",
    "rate_effect", "mix_effect", "row_count", "rejected_count", "status", "note_vi", "note_en",
]  # fmt: skip
_HEADINGS = {
    "definition": "Định nghĩa / definition",
    "value": "Giá trị / value",
    "part": "Các phần của giá trị / parts of the value",
    "gap": "Địa bàn góp vào khoảng cách tới mục tiêu / areas that make the gap to the goal",
    "change": "Địa bàn góp vào thay đổi / areas that make the change",
    "cause": "Nguyên nhân có thể / likely causes",
    "event": "Sự kiện / events",
    "file": "Tệp nguồn / files beneath",
    "check": "Kiểm tra / checks",
}
_REST = ("Ngoài các địa bàn trực thuộc", "Beyond the areas below")

Row = dict[str, Any]


class Goal(StrEnum):
    """What a gap is measured to."""

    GOOD = "good"
    FULL = "full"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    ctx: typer.Context,
    *,
    code: CodeArgument,
    period: Annotated[str, typer.Option(help="Kỳ: 2024-03, 2024Q1, 2024 / the period.")],
    area: PlaceOption = "VN",
    hierarchy: HierarchyOption = Hierarchy.OLD,
    period_type: Annotated[
        PeriodType | None,
        typer.Option(help="Loại kỳ; mặc định theo cách viết kỳ / the kind of period; by default as it is written."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(help="Kỳ so sánh; mặc định kỳ trước / the period compared with; by default the one before."),
    ] = None,
    goal: Annotated[
        Goal, typer.Option(help="Khoảng cách tới mức tốt hay tới 100 % / the gap to the good band or to 100 %.")
    ] = Goal.GOOD,
    denominator: Annotated[
        str | None, typer.Option(help="Mẫu số khác / another denominator than the indicator's own.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Số dòng nhiều nhất mỗi phần / the most rows of a section.")] = 10,
    as_of: AsOfOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Giải thích một giá trị: định nghĩa, các phần, địa bàn, tệp, kiểm tra / explain one value, down to its files."""
    kind = period_type or _kind_of(period)
    check_period("--period", period, kind)
    check_period("--against", against, kind)
    from dashboards import explanation  # noqa: PLC0415 - commands import what they need
    from dashboards.views import compared_period  # noqa: PLC0415

    settings: Settings = ctx.obj
    release = open_as_known(settings, as_of)
    check_asked(release, code, [hierarchy.value], area)
    if denominator is not None:
        code = read_over(release, code, denominator)
    known = release.periods(kind.value)["period"].to_list()
    for text in (period, against):
        if text is not None and text not in known:
            span = f"it has {known[0]} to {known[-1]}" if known else "it has none"
            raise CommandError(f"the release has no period {text} of type {kind}; {span}.")
    question = explanation.Question(
        code, hierarchy.value, area, kind.value, period, against or compared_period(period, kind.value, known)
    )
    found = explanation.explain(release, question, goal_kind=goal.value)
    rows = list(_rows(found, limit))
    if form is not Format.TABLE:
        print_rows([_whole(row) for row in rows], COLUMNS, form)
        return
    for section, heading in _HEADINGS.items():
        shown = [row for row in rows if row["section"] == section]
        if shown:
            console().print(f"\n{heading}")
            columns = [name for name in COLUMNS[1:] if any(row.get(name) is not None for row in shown)]
            print_rows([_whole(row) for row in shown], columns, form)


def _kind_of(period: str) -> PeriodType:
    for kind in (PeriodType.MONTH, PeriodType.QUARTER, PeriodType.YEAR):
        if re.fullmatch(PERIOD_SHAPES[kind][0], period):
            return kind
    raise typer.BadParameter(f"'{period}' is no period; write it as YYYY-MM, YYYYQn or YYYY.", param_hint="--period")


def _whole(row: Row) -> Row:
    return {column: row.get(column) for column in COLUMNS}


def _rows(found: Explanation, limit: int) -> Iterator[Row]:
    """Yield what is printed, section by section."""
    indicator, question = found.indicator, found.question
    yield {
        "section": "definition",
        "code": question.indicator_code,
        "name_vi": indicator["label_vi"],
        "name_en": indicator["label_en"],
        "note_vi": indicator["definition_vi"],
        "note_en": indicator["definition_en"],
    }
    for period, own in ((question.period, found.value), (question.against, found.before)):
        if own is not None:
            yield {
                "section": "value",
                "code": own["area_code"],
                "period": period,
                "numerator": own["numerator"],
                "denominator": own["denominator"],
                "value": own["value"],
                "row_count": own["units_included"],
                "status": own["value_status"],
                "note_vi": f"{own['units_included']} / {own['units_expected']} đơn vị",
                "note_en": f"{own['units_included']} of {own['units_expected']} units",
            }
    for part in found.parts.iter_rows(named=True):
        years = f", {part['offset_years']:+d} × 12" if part["offset_years"] else ""
        yield {
            "section": "part",
            "code": part["measure_code"],
            "name_vi": part["name_vi"],
            "name_en": part["name_en"],
            "value": part["measure_sum"],
            "contribution": part["weighted_sum"],
            "status": part["term_role"] + years,
            "note_en": part["source"],
        }
    yield from _area_rows(found, limit)
    for cause in found.causes:
        likely = {True: "likely", False: "nothing_speaks_for_it", None: "not_known"}[cause.is_likely]
        yield {
            "section": "cause",
            "code": cause.cause_code,
            "name_vi": cause.name_vi,
            "name_en": cause.name_en,
            "status": likely,
            "note_vi": "; ".join(cause.evidence_vi) or None,
            "note_en": "; ".join(cause.evidence_en) or None,
        }
    for event in found.events:
        yield {
            "section": "event",
            "code": event["event_code"],
            "name_vi": event["label_vi"],
            "name_en": event["label_en"],
            "period": f"{event['valid_from']} – {event['valid_to']}",
            "status": event["event_kind"],
            "note_en": event["source"],
        }
    file_count, row_count = found.files.height, found.files["row_count"].sum()
    for file in found.files.head(limit).iter_rows(named=True):
        yield {
            "section": "file",
            "code": file["submission_id"],
            "name_vi": file["original_name"],
            "name_en": file["original_name"],
            "row_count": file["row_count"],
            "rejected_count": file["rejected_count"],
            "status": file["status"],
            "note_vi": f"một trong {file_count} tệp, {row_count} mũi và giá trị",
            "note_en": f"one of {file_count} files, {row_count} records and values",
        }
    for check in found.checks.head(limit).iter_rows(named=True):
        yield {
            "section": "check",
            "code": check["rule_code"],
            "name_vi": check["name_vi"],
            "name_en": check["name_en"],
            "row_count": check["evaluated"],
            "rejected_count": check["violations"],
            "status": check["status"],
            "note_vi": check["message_vi"],
            "note_en": check["message_en"],
        }


def _area_rows(found: Explanation, limit: int) -> Iterator[Row]:
    """Yield the areas below, those that add most first; the sum of all of them is the gap, or the change."""
    for gap in found.gaps[:limit]:
        name_vi, name_en = found.names.get(gap.part or "", _REST)
        yield {
            "section": "gap",
            "code": gap.part,
            "name_vi": name_vi,
            "name_en": name_en,
            "numerator": gap.now.numerator,
            "denominator": gap.now.denominator,
            "contribution": gap.contribution,
            "note_vi": f"{'thiếu' if gap.missing > 0 else 'hơn'} {abs(gap.missing):,.0f} so với mức {found.goal:g}",
            "note_en": f"{abs(gap.missing):,.0f} {'short of' if gap.missing > 0 else 'past'} {found.goal:g}",
        }
    for change in found.changes[:limit]:
        name_vi, name_en = found.names.get(change.part or "", _REST)
        yield {
            "section": "change",
            "code": change.part,
            "name_vi": name_vi,
            "name_en": name_en,
            "period": f"{found.question.against} → {found.question.period}",
            "numerator": change.now.numerator,
            "denominator": change.now.denominator,
            "contribution": change.contribution,
            "rate_effect": change.rate_effect,
            "mix_effect": change.mix_effect,
        }
