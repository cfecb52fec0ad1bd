"""The asset `person_links`: which person cards are one person."""

import dagster as dg

from pipelines.assets.intake import INTAKE_KEY
from pipelines.identify import identify, read_report
from pipelines.progress import Reporter
from pipelines.reference import Registry
from pipelines.resources import WRITER_POOL, Home

_SCORES = ("true_pairs", "precision", "recall", "recall_with_review")
IDENTITY_KEY = dg.AssetKey("person_links")


def build_identity(registry: Registry) -> dg.AssetsDefinition:
    """Return the identity asset, which links cards by the rules of `registry`."""

    @dg.asset(
        key=IDENTITY_KEY,
        deps=[INTAKE_KEY],
        group_name="identity",
        kinds={"parquet", "duckdb"},
        pool=WRITER_POOL,
        description="Thẻ nào là của cùng một người, với bằng chứng / which cards are one person, with the evidence",
    )
    def person_links(home: Home, progress: dg.ResourceParam[Reporter]) -> dg.MaterializeResult:
        """Link the cards of new batches to all others; decisions of stewards come first."""
        settings = home.settings()
        summary = identify(settings, registry, progress)
        scored = read_report(settings)
        return dg.MaterializeResult(
            metadata={
                # How good the links are, where somebody knows who is who.
                **{name: scored[name] for name in _SCORES if scored.get(name) is not None},
                "cards": summary.cards,
                "new_cards": summary.new_cards,
                "persons": summary.persons,
                "links": summary.links,
                "to_review": summary.to_review,
            }
        )

    return person_links
