"""`niis serve`: the dashboards."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.settings import Settings

HostOption = Annotated[str, typer.Option(help="Địa chỉ nghe / the address to listen on.")]
PortOption = Annotated[int, typer.Option(min=1, max=65535, help="Cổng / the port.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    ctx: typer.Context,
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8501,
    persons: Annotated[
        bool,
        typer.Option(
            "--persons",
            help="Mở cả trang từng người (danh sách đến hạn, lịch sử tiêm) cho mọi người xem máy chủ này"
            " / open the pages of single persons, due lists and histories, to every reader of this server.",
        ),
    ] = False,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="Dùng thử: chọn vai trò mẫu trên trang; bị từ chối trên hệ thống thật"
            " / try out sample roles chosen on a page; refused on a production system.",
        ),
    ] = False,
) -> None:
    """Mở bảng số liệu trên bản đang phát hành / serve the dashboards over the current release."""
    from dashboards.access import door_of  # noqa: PLC0415 - commands import what they need
    from dashboards.server import serve as serve_dashboards  # noqa: PLC0415

    settings: Settings = ctx.obj
    serve_dashboards(settings.published, host=host, port=port, door=door_of(settings, demo=demo, persons=persons))
