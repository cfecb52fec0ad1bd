"""Which dose records stand, worked out again in plain Python from the rules of docs/architecture.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_RANK = {"add": 0, "change": 1, "void": 2}


def current_records(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the row hash of the live version of each record key."""
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
            standing.setdefault(row["record_key"], []).append(row)
    newest = {
        key: max(found, key=lambda row: (row["version_at"], _RANK[row["action"]], row["row_hash"]))
        for key, found in standing.items()
    }
    return {key: row["row_hash"] for key, row in newest.items() if row["action"] != "void"}
