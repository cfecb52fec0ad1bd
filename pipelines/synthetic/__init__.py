"""The seeded generator of a synthetic national programme, with labelled defects. Production code imports none of it."""

from __future__ import annotations

from pipelines.synthetic.programme import GenerationSummary, demo_parameters, generate

__all__ = ["GenerationSummary", "demo_parameters", "generate"]
