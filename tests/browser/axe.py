"""What axe-core says of a page. The script comes from the locked package; nothing is fetched when tests run."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

_SCRIPT = AXE_FILE_PATH.read_text(encoding="utf-8")
_GRAVE = ("serious", "critical")
_CONTRAST = "color-contrast"


def grave_findings(page: Page, *, contrast_only: bool = False) -> list[str]:
    """Return the serious and critical findings of axe-core on what a page shows now, one line an element."""
    options: dict[str, Any] = {"resultTypes": ["violations"], "elementRef": False}
    if contrast_only:
        options["runOnly"] = [_CONTRAST]
    page.evaluate(_SCRIPT)
    found = page.evaluate("options => axe.run(document, options)", options)
    if not contrast_only:
        assert any(rule["id"] == _CONTRAST for rule in found["passes"]), "axe looked at a page without words"
    return [
        f"{rule['id']} ({rule['impact']}) at {node['target'][0]}: {node['html'][:160]} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in _GRAVE
        for node in rule["nodes"]
    ]
