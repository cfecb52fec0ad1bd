"""`niis releases`: every release that was published, whether its copy is still kept or not."""

from __future__ import annotations

import typer

from pipelines.commands.output import Format, FormatOption, print_rows
from pipelines.settings import Settings

COLUMNS = [
    "release_id",
    "published_on",
    "published_at",
    "as_of_date",
    "definition_version",
    "changed_rows",
    "is_kept",
    "is_current",
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("releases")(releases)


def releases(ctx: typer.Context, form: FormatOption = Format.TABLE) -> None:
    """Mọi bản phát hành, kể cả bản đã gỡ / every release, also those whose copy was removed; the newest first."""
    from pipelines.history import records  # noqa: PLC0415 - commands import what they need
    from pipelines.publish import current_release  # noqa: PLC0415

    settings: Settings = ctx.obj
    current = current_release(settings)
    rows = [
        {
            "release_id": record.release_id,
            "published_on": record.published_on,
            "published_at": record.published_at,
            "as_of_date": record.manifest["as_of_date"],
            "definition_version": record.manifest["definition_version"],
            "changed_rows": record.changed_rows,
            "is_kept": (settings.published / record.release_id).exists(),
            "is_current": current is not None and record.release_id == current.release_id,
        }
        for record in reversed(records(settings))
    ]
    print_rows(rows, COLUMNS, form)
