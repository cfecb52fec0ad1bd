"""The letter to a facility: how its data are judged and what it should mend; its page as PDF, in Vietnamese."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_TEMPLATE = Path(__file__).parent / "letter.typ"


@dataclass(frozen=True)
class Part:
    """A part of the scorecard as the letter lists it: texts that are ready to be read."""

    name: str
    definition: str
    score: str
    band: str
    colour_token: str
    counted: str  # how much is in order, of how much


@dataclass(frozen=True)
class Task:
    """What a facility is asked to mend: one rule, all that it found there, and why it matters."""

    rule: str
    rationale: str
    action: str
    details: Sequence[str]
    more: int  # findings of the rule that are not listed


@dataclass(frozen=True)
class Letter:
    """Everything on the page. Nothing of single persons."""

    facility: str
    facility_code: str
    commune: str
    province: str
    year: int
    day: str  # as-of date of the data
    release_id: str
    overall: Part | None
    rank: str  # such as 3 / 120; empty where nothing is ranked
    parts: Sequence[Part]
    tasks: Sequence[Task]
    is_synthetic: bool


def render_pdf(letter: Letter) -> bytes:
    """Return the letter as PDF: A4; the same letter gives the same bytes, on every machine and offline."""
    import typst  # noqa: PLC0415 - only who prints pays for it

    data = json.dumps(asdict(letter))
    page = typst.compile(str(_TEMPLATE), format="pdf", ignore_system_fonts=True, sys_inputs={"data": data}, timestamp=0)
    return bytes(page)
