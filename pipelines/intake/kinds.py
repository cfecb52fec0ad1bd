"""Which kinds of submission there are, in the order in which a header is tried: a further kind is one more line."""

from __future__ import annotations

from pipelines.intake import appointments, doses, reports
from pipelines.intake.contract import Kind

KINDS: tuple[Kind, ...] = (doses.KIND, reports.KIND, appointments.KIND)
