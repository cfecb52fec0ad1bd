"""`niis generate`: a synthetic national programme as files."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.output import console, say


class Layout(StrEnum):
    """How the generated data is cut into files."""

    FACILITY_FILES = "facility-files"
    BULK = "bulk"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("generate")(generate)


def generate(
    *,
    out: Annotated[Path, typer.Option(file_okay=False, help="Thư mục để ghi / the folder to write into.")],
    provinces: Annotated[
        str,
        typer.Option(help="Mã tỉnh của 63 tỉnh, cách nhau dấu phẩy, hoặc all / codes of the 63 provinces, or all."),
    ] = "all",
    month_from: Annotated[str, typer.Option("--from", help="Tháng đầu, YYYY-MM / the first month.")] = "2024-01",
    month_to: Annotated[str, typer.Option("--to", help="Tháng cuối, YYYY-MM / the last month.")] = "2024-12",
    scale: Annotated[
        float,
        typer.Option(min=0.0001, max=1.0, help="Phần số trẻ thật / share of the real number of children."),
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Cùng số, cùng dữ liệu / the same seed gives the same bytes.")] = 1,
    layout: Annotated[
        Layout,
        typer.Option(help="Một tệp mỗi cơ sở và tháng, hay gộp / a file a facility and month, or bulk files."),
    ] = Layout.FACILITY_FILES,
    plain_csv: Annotated[
        bool, typer.Option("--plain-csv", help="Chỉ CSV UTF-8, dấu phẩy / only UTF-8 CSV with commas.")
    ] = False,
    defects: Annotated[
        bool, typer.Option(help="Có lỗi gắn nhãn hay không / with labelled defects, or without.")
    ] = True,
    finding_share: Annotated[
        float,
        typer.Option(
            min=0.0, max=0.2, help="Phần bản ghi mang mỗi loại lỗi chất lượng / share with each quality defect."
        ),
    ] = 0.0,
) -> None:
    """Sinh chương trình tiêm chủng tổng hợp / generate a synthetic national programme as files."""
    first, last = _month(month_from, "--from"), _month(month_to, "--to")
    if first > last:
        raise typer.BadParameter(
            f"{month_from} is after {month_to}; give the earlier month first.", param_hint="--from"
        )
    from pipelines.progress import ConsoleReporter  # noqa: PLC0415 - commands import what they need
    from pipelines.synthetic import generate as generate_programme  # noqa: PLC0415

    codes = None if provinces == "all" else [code.strip() for code in provinces.split(",") if code.strip()]
    with ConsoleReporter(console(stderr=True)).step("Sinh dữ liệu / generating") as step:
        summary = generate_programme(
            out,
            codes,
            first,
            last,
            scale,
            seed,
            layout.value,
            defects=defects,
            plain_csv=plain_csv,
            finding_share=finding_share,
            progress=step,
        )
    say(str(summary))


def _month(text: str, option: str) -> date:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise typer.BadParameter(f"'{text}' is not a month; write it as YYYY-MM.", param_hint=option)
    return date(int(text[:4]), int(text[5:]), 1)
