"""Verdicts on the doses of a national birth cohort, beside a bare read and count of the same rows.

`python -m benchmarks.evaluation [--children 1400000] [--work FOLDER]`: makes about 20 doses a child in Parquet, then
measures, each in a process of its own, the macros of the warehouse over them and DuckDB reading and counting them.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.measure import measured
from pipelines.reference import load_registry

SCHEDULE_CODE = "epi_2024"
# What the warehouse gives dbt: docs/decisions/0002 and dbt_project/profiles.yml.
SETTINGS = "set threads = 2; set memory_limit = '6GB'; set preserve_insertion_order = false;"
BARE = """
import sys, duckdb
duckdb.execute(sys.argv[1])
rows = duckdb.execute(f"select series_code, count(*), count(distinct given_date) from '{sys.argv[2]}' group by all")
print("bare read:", sum(row[1] for row in rows.fetchall()), "doses")
"""
EVALUATE = """
import sys, duckdb
from pipelines.evaluation.macros import render
settings, doses, schedule, rounds, spill, out = sys.argv[1:]
database = duckdb.connect()
database.execute(settings + " set enable_progress_bar = false")
database.execute(f"set temp_directory = '{spill}'")
without = ["sequence", "product_code", "death_date", "minimum_interval_from_first", "not_needed_from_age"]
without += ["allowed_products"]
sql = render("evaluate_doses", f"read_parquet('{doses}')", f"read_parquet('{schedule}')", int(rounds), without=without)
database.execute(f"copy ({sql}) to '{out}' (format parquet)")
rows = duckdb.execute(f"select status, count(*) from '{out}' group by all order by all").fetchall()
print("verdicts:", ", ".join(f"{count} {status}" for status, count in rows))
"""


def make_schedule(path: Path) -> int:
    """Write the doses of the national schedule by series, and return the highest dose number."""
    registry = load_registry()
    rows = [
        (
            dose.series_code,
            dose.dose_number,
            row.recommended_age,
            row.minimum_age,
            row.maximum_age,
            row.minimum_interval,
        )
        for row in registry.schedule_doses
        if row.schedule_code == SCHEDULE_CODE and row.scope == "national"
        for dose in [registry.doses[row.dose_code]]
    ]
    with duckdb.connect() as database:
        database.execute(
            "create table schedule (series_code varchar, dose_number integer, recommended_age varchar,"
            " minimum_age varchar, maximum_age varchar, minimum_interval varchar, valid_from date, valid_to date)"
        )
        database.executemany("insert into schedule values (?, ?, ?, ?, ?, ?, null, null)", rows)
        database.execute(f"copy schedule to '{path}' (format parquet)")
    return max(row[1] for row in rows)


def make_doses(path: Path, schedule: Path, children: int) -> int:
    """Write the doses of children born within a year, and return how many they are.

    Each is given from two days before to 39 days after the recommended age; one of 20 comes 15 days too early, one of
    20 is missing, and one of 50 is entered twice.
    """
    from pipelines.evaluation.macros import render  # noqa: PLC0415

    due = render("add_age_text", "birth_date", "recommended_age")
    with duckdb.connect() as database:
        database.execute(SETTINGS)
        database.execute(
            f"""
            copy (
                with children as (
                    select
                        number,
                        substr(sha256(cast(number as varchar)), 1, 20) as person_key,
                        date '2022-08-01' + cast(number % 365 as integer) as birth_date
                    from range({children}) as numbers (number)
                ),
                planned as (
                    select
                        children.*,
                        schedule.*,
                        {due} as due_date,
                        hash(number, 1) % 42 as delay,
                        hash(number, series_code, dose_number) as dice
                    from children, '{schedule}' as schedule
                ),
                given as (
                    select
                        person_key,
                        birth_date,
                        series_code,
                        substr(md5(concat(person_key, series_code, dose_number)), 1, 20) as event_key,
                        greatest(
                            birth_date,
                            due_date + cast(delay as integer) - case when dice % 20 = 0 then 15 else 2 end
                        ) as given_date,
                        dice
                    from planned
                    where dice % 20 <> 1
                )
                select * exclude (dice) from given
                union all
                select * exclude (dice) replace (concat(event_key, 'x') as event_key) from given where dice % 50 = 2
            ) to '{path}' (format parquet)
            """
        )
        return int(database.execute(f"select count(*) from '{path}'").fetchall()[0][0])


def processor_seconds() -> float:
    """Return how long the processes that ended so far kept the processors busy."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Generate, measure, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=1_400_000)
    parser.add_argument("--work", type=Path, default=None, help="folder for the data; kept when given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="niis-bench-") as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        doses, schedule, out = work / "doses.parquet", work / "schedule.parquet", work / "verdicts.parquet"
        rounds = make_schedule(schedule)
        count = make_doses(doses, schedule, options.children)
        bare = measured([sys.executable, "-c", BARE, SETTINGS, str(doses)])
        inputs = [SETTINGS, str(doses), str(schedule), str(rounds), str(work / "spill"), str(out)]
        before = processor_seconds()
        found = measured([sys.executable, "-c", EVALUATE, *inputs])
        busy = processor_seconds() - before
    print(f"{count} doses of {options.children} children")
    print(f"bare read and count: {bare}")
    print(f"evaluation:          {found}: {count / found.seconds:,.0f} doses/s, {found.seconds / bare.seconds:.1f} x")
    print(f"processors:          {busy:.1f} s busy: what the time would be on one that nobody else uses")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
