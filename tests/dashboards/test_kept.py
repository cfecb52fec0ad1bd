"""What a server keeps: the latest answers, up to a size; and never what one reader may see for another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dashboards.kept import Kept
from dashboards.warehouse import open_release
from pipelines.access.policy import AccessDeniedError, Place, Reader, Scope, Territory
from pipelines.reference import load_registry


def test_what_was_asked_for_longest_ago_goes_first() -> None:
    made: list[str] = []
    kept: Kept[str] = Kept(10, len)

    def ask(key: str) -> str:
        return kept.get(key, lambda: made.append(key) or key * 4)

    for key in ("a", "b", "a", "c", "a", "b"):
        assert ask(key) == key * 4
    assert made == ["a", "b", "c", "b"]
    assert kept.get("much", lambda: "x" * 11) == "x" * 11
    assert ask("a") == "aaaa"
    assert made[-1] == "a", "what does not fit is not kept, and nothing else fits beside it"


def test_a_failure_is_not_kept() -> None:
    kept: Kept[str] = Kept(10, len)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: str(1 // 0))
    assert kept.get("a", lambda: "now") == "now"


def test_several_threads_share_it() -> None:
    kept: Kept[str] = Kept(1000, len)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: kept.get(number % 7, lambda: str(number % 7)), range(500)))
    assert found == [str(number % 7) for number in range(500)]


def test_what_one_reader_was_told_is_not_told_to_another(published: Path) -> None:
    registry = load_registry()
    release = open_release(published).remembering()
    asked = {"area_codes": ["01"], "period_type": "year", "period_from": "2025", "period_to": "2025"}
    everything = release.indicator_values(["coverage_mcv1"], "63", **asked)  # type: ignore[arg-type]
    assert everything.height == 1
    assert release.indicator_values(["coverage_mcv1"], "63", **asked) is everything, "it was kept"  # type: ignore[arg-type]
    official = Reader("official", registry.roles["official"], Place("63", "79"))
    bound = release.within(Scope(official, Territory.of(registry)))
    with pytest.raises(AccessDeniedError):
        bound.indicator_values(["coverage_mcv1"], "63", **asked)  # type: ignore[arg-type]
