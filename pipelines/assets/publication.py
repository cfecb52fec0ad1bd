"""The asset `published_release`: the immutable copy that readers open."""

import dagster as dg

from pipelines.build import publish_build
from pipelines.progress import Reporter
from pipelines.publish import PublicationRefusedError
from pipelines.reference import Registry
from pipelines.resources import WRITER_POOL, Clock, Home

PUBLICATION_KEY = dg.AssetKey("published_release")


def build_publication(marts: list[dg.AssetKey], registry: Registry) -> dg.AssetsDefinition:
    """Return the publication asset, which waits for `marts` and for their blocking checks."""

    @dg.asset(
        key=PUBLICATION_KEY,
        deps=marts,
        group_name="publication",
        kinds={"duckdb"},
        pool=WRITER_POOL,
        description="Bản phát hành không đổi mà người đọc mở / the immutable copy that readers open",
    )
    def published_release(home: Home, clock: Clock, progress: dg.ResourceParam[Reporter]) -> dg.MaterializeResult:
        """Copy, verify, switch; or leave the last good copy where it is."""
        try:
            release = publish_build(home.settings(), registry, clock.now(), progress)
        except PublicationRefusedError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        return dg.MaterializeResult(
            metadata={
                "release": release.release_id,
                "as_of_date": release.as_of_date,
                "sha256": release.sha256,
                "bytes": release.byte_count,
                "rows": sum(count or 0 for count in release.row_counts.values()),
            }
        )

    return published_release
