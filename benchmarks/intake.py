"""One national month, from 17,000 waiting files to the published copy: `make bench-intake`.

Prints wall time, peak memory of the process tree, and the ratio to a bare DuckDB read of the same files with
one group-by, both measured in this run; then the same for a second month on top of the first.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.measure import Measurement, measured

NIIS = [sys.executable, "-m", "pipelines.cli"]
BARE_READ = """
import sys, duckdb
duckdb.execute("set enable_progress_bar = false")
files = open(sys.argv[1], encoding="utf-8").read().split("\\n")
header = open(files[0], encoding="utf-8-sig").readline().strip().split(",")
rows = duckdb.execute(
    "select product_code, dose_number, count(*) from read_csv($files, header=true, auto_detect=false,"
    " delim=',', quote='\\"', columns=$columns) group by all",
    {"files": files, "columns": {name: "VARCHAR" for name in header}},
).fetchall()
print("bare read:", sum(row[2] for row in rows), "rows")
"""


def bare_read(files: list[Path]) -> Measurement:
    """Measure what DuckDB alone needs to read the files as text and count doses by product and number.

    Dialect and columns are given, which is DuckDB's fastest way: sniffing 17,000 files takes far longer.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as listing:
        listing.write("\n".join(map(str, files)))
        listing.flush()
        return measured([sys.executable, "-c", BARE_READ, listing.name])


def run_month(home: Path, files: list[Path]) -> Measurement:
    """Submit the month's files and measure `niis run`, from the waiting files to the published copy."""
    listing = home / "bench-files.txt"
    listing.write_text("\n".join(map(str, files)), encoding="utf-8")
    submit = [*NIIS, "--home", str(home), "submit", "--from-list", str(listing)]
    subprocess.run(submit, check=True, stdout=subprocess.DEVNULL)
    return measured([*NIIS, "--home", str(home), "run"])


def main() -> int:
    """Generate two national months, run them, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the nation's children")
    parser.add_argument("--provinces", default="all")
    parser.add_argument("--months", nargs=2, default=["2025-04", "2025-05"])
    parser.add_argument("--work", type=Path, default=None, help="folder for the data; kept when given")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="niis-bench-"))
    deliveries, home = work / "deliveries", work / "home"

    started = time.monotonic()
    if not deliveries.exists():
        generate = ["generate", "--out", str(deliveries), "--provinces", options.provinces, "--seed", "1"]
        generate += ["--from", options.months[0], "--to", options.months[1], "--scale", str(options.scale)]
        # A spoilt line stops DuckDB's own reader, so that the two would not read the same.
        generate += ["--layout", "facility-files", "--plain-csv", "--no-defects"]
        subprocess.run([*NIIS, "--home", str(home), *generate], check=True)
        print(f"generated in {time.monotonic() - started:.1f} s")
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    subprocess.run([*NIIS, "--home", str(home), "facilities", str(deliveries / "facilities.csv")], check=True)

    results = []
    for month in options.months:
        stamp = month.replace("-", "")
        doses = sorted((deliveries / "submissions").glob(f"dose_records_*_{stamp}.csv"))
        files = sorted(
            path
            for path in (deliveries / "submissions").iterdir()
            if stamp in path.name or (not results and path.name.startswith("targets_"))
        )
        bare = bare_read(doses)
        whole = run_month(home, files)
        results.append(whole)
        wall, cpu = whole.seconds / bare.seconds, whole.cpu_seconds / bare.cpu_seconds
        print(
            f"{month}: {len(files)} files; to the published copy {whole}; bare read {bare};"
            f" ratio {wall:.1f} ({cpu:.1f} of processors)"
        )
    first, second = results
    print(
        f"second month / first month: {second.seconds / first.seconds:.2f}"
        f" ({second.cpu_seconds / first.cpu_seconds:.2f} of processors)"
    )
    pointer = home / "published" / "CURRENT"
    release = home / "published" / pointer.read_text(encoding="utf-8").strip() / "niis.duckdb"
    with duckdb.connect(str(release), read_only=True) as connection:
        (count,) = connection.execute("select count(*) from fct_measure_values").fetchall()[0]
    print(f"published: {count} measure values, {release.stat().st_size / 2**20:.0f} MiB")
    if options.work is None:
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
