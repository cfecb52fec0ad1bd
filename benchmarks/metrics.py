"""All marts of twelve national months, and the queries that the dashboards make of the published copy.

`python -m benchmarks.metrics [--scale 1.0] [--home FOLDER] [--rounds 20]`: generates twelve months of the whole country
(`--scale` is the share of the children), takes them to publication, and prints what that took; then asks each query of
an area's page for the nation, a province, a district and a commune, `--rounds` times over, and prints the median and
the 95th percentile. A home that was published already is asked only.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from benchmarks.measure import measured
from dashboards.warehouse import Release, open_release
from pipelines.reference import load_registry
from pipelines.settings import Settings

FIRST_MONTH, LAST_MONTH = "2025-01", "2025-12"
LIMIT_SECONDS = 0.150
Query = Callable[[], object]


def queries(release: Release, tree: str) -> dict[str, Query]:
    """Return what a reader's pages ask, by name: one area of each level, its children, its series and its panels."""
    indicators = release.indicators()
    headlines = indicators.filter(pl.col("is_headline"))["indicator_code"].to_list()
    chosen = headlines[0]
    cohort = indicators.filter((pl.col("missing_policy") == "followed_children") & pl.col("dose_code").is_not_null())
    dose = str(cohort["dose_code"][0])
    year = release.latest_complete_period("year", tree) or ""
    month = release.latest_complete_period("month", tree) or ""
    asked: dict[str, Query] = {}
    area, level = "VN", "nation"
    while True:
        children = release.children(tree, area).filter(~pl.col("is_pseudo"))
        asked |= _of_area(release, tree, area, level, children["area_code"].to_list(), headlines, chosen, month, year)
        if children.is_empty():
            break
        area, level = children["area_code"][0], children["level_code"][0]
    read_as = release.denominators(chosen)["read_as"].to_list()
    asked["nation: other denominators"] = lambda: release.indicator_values(
        read_as, tree, area_codes=["VN"], period_type="year", period_from=year, period_to=year
    )
    asked["nation: curve by age"] = lambda: release.cohort_curve(tree, "VN", dose)
    asked["nation: bridge between coverages"] = lambda: release.coverage_bridge(tree, "VN", dose, int(year or 0))
    asked["nation: delays"] = lambda: release.dose_delays(tree, "VN", dose, "quarter")
    asked["search of an area"] = lambda: release.search_areas(tree, "binh")
    asked["receipts"] = lambda: release.submissions(limit=100)
    asked["check results"] = release.check_results
    return asked


def _of_area(
    release: Release,
    tree: str,
    area: str,
    level: str,
    below: list[str],
    headlines: list[str],
    chosen: str,
    month: str,
    year: str,
) -> dict[str, Query]:
    def values(codes: list[str], areas: list[str], kind: str, first: str | None, last: str | None) -> Query:
        return lambda: release.indicator_values(
            codes, tree, area_codes=areas, period_type=kind, period_from=first, period_to=last
        )

    found = {
        f"{level}: headlines": values(headlines, [area], "month", month, month),
        f"{level}: trend": values([chosen], [area], "month", None, None),
        f"{level}: parts of a value": lambda: release.parts(chosen, tree, area, *release.months_of("year", year)),
        f"{level}: files of a value": lambda: release.files_behind(
            chosen, tree, area, *release.months_of("month", month)
        ),
        f"{level}: checks of a value": lambda: release.checks_touching([chosen]),
    }
    span = release.months_of("year", year)
    given = str(release.definition(chosen)["dose_code"])
    found[f"{level}: who pays, sex and age"] = lambda: release.dose_breakdowns([given], tree, [area, *below], *span)
    found[f"{level}: breakdown by month"] = lambda: release.dose_breakdown_months(given, tree, area, *span)
    products = [row.product_code for row in load_registry().products.values()]
    found[f"{level}: form of paid service"] = lambda: release.injections(products, tree, area, *span)
    if below:
        found[f"{level}: areas below"] = values([chosen], below, "year", year, year)
        red = release.red_rules().row(0, named=True)
        both = [red["access_indicator_code"], red["utilisation_indicator_code"]]
        found[f"{level}: RED categories"] = values(both, below, "year", year, year)
    return found


def main() -> int:
    """Build when there is nothing, then ask; return 1 when a query is slower than its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--home", type=Path, default=None, help="kept when given; asked only when it is published")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--tree", default="63")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="niis-bench-"))
    settings = Settings(home)
    if not (settings.published / "CURRENT").exists():
        niis = [sys.executable, "-c", "from pipelines.cli import app; app()", "--home", str(home)]
        files = home / "generated"
        span = ["--from", FIRST_MONTH, "--to", LAST_MONTH, "--scale", str(options.scale), "--layout", "bulk"]
        print(f"generating: {measured([*niis, 'generate', '--out', str(files), *span])}")
        measured([*niis, "facilities", str(files / "facilities.csv")])
        measured([*niis, "submit", str(files / "submissions")])
        print(f"from files to the published copy: {measured([*niis, 'run'])}")
    release = open_release(settings.published)
    slow = 0
    for name, query in queries(release, options.tree).items():
        query()
        taken = []
        for _ in range(options.rounds):
            started = time.perf_counter()
            query()
            taken.append(time.perf_counter() - started)
        high = statistics.quantiles(taken, n=20)[-1]
        slow += high > LIMIT_SECONDS
        mark = "  over the limit" if high > LIMIT_SECONDS else ""
        print(f"{1000 * statistics.median(taken):7.1f} ms median {1000 * high:7.1f} ms 95 %  {name}{mark}")
    if options.home is None:
        shutil.rmtree(home)
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
