"""Which submitted rows stand, worked out again in plain Python from the rules of docs/architecture.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_RANK = {"add": 0, "change": 1, "void": 2}


def current_records(rows: Iterable[Mapping[str, Any]], key: str = "record_key") -> dict[str, str]:
    """Return the row hash of the live version of each value of `key`, of dose records or appointments."""
    standing = standing_rows(
        {**row, "key": row[key], "scope": (row["facility_code"], row["report_month"])} for row in rows
    )
    return {row["key"]: row["row_hash"] for row in standing}


def standing_rows(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the live version of each `key`: newest by time, action and content, of what no later file replaced.

    A file in mode `replace` supersedes the earlier files of its `scope`.
    """
    rows = list(rows)
    scopes: dict[Any, dict[str, Any]] = {}
    for row in rows:
        files = scopes.setdefault(row["scope"], {})
        at, replaces = files.get(row["submission_id"], (row["version_at"], False))
        files[row["submission_id"]] = (max(at, row["version_at"]), replaces or row["submission_mode"] == "replace")
    standing: dict[Any, list[Mapping[str, Any]]] = {}
    for row in rows:
        files = scopes[row["scope"]]
        own = (files[row["submission_id"]][0], row["submission_id"])
        if not any(replaces and (at, name) > own for name, (at, replaces) in files.items()):
            standing.setdefault(row["key"], []).append(row)
    newest = [
        max(found, key=lambda row: (row["version_at"], _RANK[row["action"]], row["row_hash"]))
        for found in standing.values()
    ]
    return [row for row in newest if row["action"] != "void"]
