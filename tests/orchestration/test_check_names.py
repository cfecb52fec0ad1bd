"""Every test of the warehouse says what it holds, in both languages."""

from __future__ import annotations

from pipelines.settings import Settings
from tests.orchestration.published import query


def test_every_check_has_a_name_that_is_a_sentence(published_home: Settings) -> None:
    rows = query(published_home, "select rule_code, name_vi, name_en from rpt_check_results")
    assert rows
    bare = [code for code, vi, en in rows if code in {vi, en} or " " not in str(vi) or " " not in str(en)]
    assert bare == []
    assert not [name for _, *names in rows for name in names if "{" in str(name)]
