"""Who is who in a national birth cohort: 1.4 million children with the cards under which facilities know them.

The cards of all months but the last are linked from nothing; then those of the last month are linked to them. Both
are timed in a process of their own, from the lake's parts to the written files. Quality is measured on the way.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import polars as pl

from benchmarks.measure import Measurement, measured
from pipelines.identity.store import IdentityStore
from pipelines.intake.schemas import DOSE_RECORDS
from pipelines.lake import Lake
from pipelines.ledger import Ledger, Part
from pipelines.reference import load_registry
from pipelines.settings import Settings
from pipelines.synthetic.persons import deck

COHORT = 1_400_000
DAYS = 365
_IDENTIFY = (
    "import sys; from pathlib import Path; from pipelines.identify import identify;"
    " from pipelines.progress import SilentReporter; from pipelines.reference import load_registry;"
    " from pipelines.settings import Settings;"
    " print(identify(Settings(Path(sys.argv[1])), load_registry(), SilentReporter()))"
)


def prepare(settings: Settings, children: int) -> None:
    """Write a cohort's cards as parts of a lake, one record a card, each month a batch that nobody commits yet."""
    dealt = deck(load_registry(), children, seed=1, days=DAYS)
    settings.identity.mkdir(parents=True, exist_ok=True)
    dealt.truth.write_csv(IdentityStore(settings.identity).labels)
    records = dealt.cards.with_columns(
        pl.col("card_key").alias("person_card_key"),
        pl.col("known_from").alias("version_at"),
        pl.col("known_from").dt.truncate("1mo").dt.date().alias("report_month"),
        *(pl.lit(None, dtype=dtype).alias(name) for name, dtype in DOSE_RECORDS.items() if name not in KNOWN),
    )
    Lake(settings).initialise()
    folder = settings.home / "months"
    folder.mkdir()
    for (month,), rows in records.partition_by("report_month", as_dict=True).items():
        rows.select(pl.col(name).cast(dtype) for name, dtype in DOSE_RECORDS.items()).write_parquet(
            folder / f"{month}.parquet", compression="zstd", compression_level=1
        )


KNOWN = frozenset(
    {"person_card_key", "version_at", "report_month", "person_code", "national_id", "full_name", "birth_date", "sex",
     "mother_name", "phone", "household_commune_code", "temporary_commune_code", "birth_order"}
)  # fmt: skip


def commit(settings: Settings, months: list[Path], batch_no: int) -> int:
    """Make months of cards a batch of the lake; return how many cards they hold."""
    parts, total = [], 0
    for path in months:
        rows = pl.read_parquet(path).with_columns(pl.lit(batch_no, dtype=pl.Int32).alias("batch_no"))
        target = settings.lake / "dose_records" / path.stem[:7] / f"part-{batch_no:06d}-{path.stem}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        rows.write_parquet(target, compression="zstd", compression_level=1)
        parts.append(Part(target.relative_to(settings.lake).as_posix(), "not read here", rows.height))
        total += rows.height
    Ledger(settings.ledger).commit_batch(batch_no, [], parts, [], datetime(2026, 1, 1))  # noqa: DTZ001
    return total


def identify(settings: Settings) -> Measurement:
    """Measure one run of identity."""
    return measured([sys.executable, "-W", "ignore", "-c", _IDENTIFY, str(settings.home)])


def main() -> int:
    """Link a cohort, then a month more, and print what they took and how good the links are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=COHORT)
    parser.add_argument("--work", type=Path, default=None, help="folder for the data; kept when given")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="niis-bench-"))
    settings = Settings(work / "home")
    started = time.monotonic()
    if not (settings.home / "months").exists():
        prepare(settings, options.children)
        print(f"cards of {options.children} children dealt in {time.monotonic() - started:.0f} s")
    shutil.rmtree(settings.lake, ignore_errors=True)
    for path in settings.identity.glob("*.parquet"):
        path.unlink()
    (settings.identity / "manifest.json").unlink(missing_ok=True)

    months = sorted((settings.home / "months").glob("*.parquet"))
    # A month of the year in which the cohort is at its busiest, not one of its thin ends.
    last = max(months, key=lambda path: path.stat().st_size)
    first = commit(settings, [path for path in months if path != last], 1)
    whole = identify(settings)
    more = commit(settings, [last], 2)
    increment = identify(settings)
    print(f"from nothing: {first} cards, {whole}")
    print(f"a month more: {more} cards, {increment}; {increment.seconds / whole.seconds:.2f} of the time")
    report = json.loads(IdentityStore(settings.identity).report.read_text(encoding="utf-8"))
    for name in ("cards", "persons", "precision", "recall", "recall_with_review", "review_backlog"):
        print(f"{name}: {report[name]}")
    for line in report["lines"]:
        print(f"{line['tier']:40} {line['pairs']:>9} {line['true_pairs']:>9} {line['precision']:.5f}")
    if options.work is None:
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
