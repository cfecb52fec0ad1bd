"""`niis status`: what waits, what was taken in, what is published."""

from __future__ import annotations

from typing import Any

import typer

from pipelines.commands.output import Format, FormatOption, print_rows
from pipelines.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(ctx: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """Tệp chờ, tệp đã nhận, bản đang phát hành / files that wait, files taken in, what is published."""
    print_rows(collect(ctx.obj), ["name", "value", "meaning"], form)


def collect(settings: Settings) -> list[dict[str, Any]]:
    """Return the state of a home as rows of name, value and meaning."""
    from pipelines.inbox import waiting  # noqa: PLC0415 - commands import what they need
    from pipelines.ledger import Ledger  # noqa: PLC0415
    from pipelines.publish import current_release  # noqa: PLC0415

    rows: list[tuple[str, Any, str]] = [("home", str(settings.home), "thư mục dữ liệu / data folder")]
    rows.append(("waiting_files", len(waiting(settings)), "tệp chờ tiếp nhận / files in the inbox"))
    if settings.ledger.exists():
        ledger = Ledger(settings.ledger)
        for state, count in sorted(ledger.count_by_status().items()):
            rows.append((f"submissions_{state}", count, "báo cáo theo kết quả / submissions by outcome"))
        rows.append(("latest_batch_no", ledger.latest_batch_no(), "lô mới nhất / newest batch"))
        rows.append(
            (
                "published_batch_no",
                ledger.built_through(),
                "lô mới nhất đã phát hành / newest published batch",
            )
        )
    release = current_release(settings)
    if release is not None:
        rows.append(("release", release.release_id, "bản đang phát hành / current release"))
        rows.append(("as_of_date", release.as_of_date, "số liệu đến ngày / data as of"))
        rows.append(("is_synthetic", release.is_synthetic, "có số liệu mô phỏng / holds synthetic data"))
        rows.append(("definition_version", release.definition_version, "phiên bản định nghĩa / definitions"))
        for state, count in release.check_counts.items():
            rows.append((f"checks_{state}", count, "kết quả kiểm tra / check results"))
    return [{"name": name, "value": value, "meaning": meaning} for name, value, meaning in rows]
