"""Which dose records and appointments stand, worked out in plain Python from the rules of docs/architecture.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_RANK = {"add": 0, "change": 1, "void": 2}


def current_records(rows: Iterable[Mapping[str, Any]], key: str = "record_key") -> dict[str, str]:
    """Return the row hash of the live version of each value of `key`."""
    rows = list(rows)
    scopes: dict[tuple[Any, Any], dict[str, Any]] = {}
    for row in rows:
        files = scopes.setdefault((row["facility_code"], row["report_month"]), {})
        at, replaces = files.get(row["submission_id"], (row["version_at"], False))
        files[row["submission_id"]] = (max(at, row["version_at"]), replaces or row["submission_mode"] == "replace")
    standing: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        files = scopes[row["facility_code"], row["report_month"]]
        own = (files[row["submission_id"]][0], row["submission_id"])
        if not any(replaces and (at, name) > own for name, (at, replaces) in files.items()):
            standing.setdefault(row[key], []).append(row)
    newest = {
        name: max(found, key=lambda row: (row["version_at"], _RANK[row["action"]], row["row_hash"]))
        for name, found in standing.items()
    }
    return {name: row["row_hash"] for name, row in newest.items() if row["action"] != "void"}
