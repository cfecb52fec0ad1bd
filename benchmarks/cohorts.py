"""Everything that is kept and counted of persons for a national birth cohort: all months but the last, then the last.

`python -m benchmarks.cohorts [--children 1400000] [--work FOLDER]`: writes a cohort's records into a lake (14 each,
from birth to the first birthday; everybody's card is a person of its own), then measures, each in a process of its own,
a build of the warehouse from nothing and one with the last month's records.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.measure import measured
from pipelines.facilities import write_facilities
from pipelines.identity.resolve import PERSON_LINKS, PERSON_REDIRECTS
from pipelines.intake.schemas import DOSE_RECORDS
from pipelines.lake import Lake
from pipelines.reference import load_registry
from pipelines.settings import Settings
from pipelines.synthetic.register import communes, facilities

COHORT = 1_400_000
FIRST_BIRTH, LAST_MONTH, AS_OF = date(2024, 1, 1), date(2025, 12, 1), date(2026, 1, 10)
# Product, dose number, age in days.
VISITS = (
    ("hepb_mono", 1, 0), ("bcg", 1, 2), ("penta_sii", 1, 62), ("opv", 1, 62), ("penta_sii", 2, 95), ("opv", 2, 95),
    ("penta_sii", 3, 128), ("opv", 3, 128), ("ipv", 1, 156), ("ipv", 2, 281), ("measles", 1, 281),
    ("je_inactivated", 1, 366), ("je_inactivated", 2, 380), ("mr", 2, 548),
)  # fmt: skip
_BUILD = """
import sys
from pathlib import Path
from pipelines.settings import Settings
from pipelines.transform import BuildPlan, build, describe_failures
home, since, as_of = sys.argv[1:]
mode = "changed" if int(since) else "everything"
plan = BuildPlan(int(since), int(since) + 1, as_of, mode, keeps_definitions=mode == "changed")
result = build(Settings(Path(home)), plan)
failed = [node for node in result.failed if node.resource_type == "model"]
if failed:
    sys.exit(describe_failures(failed))
persons = [
    node for node in result.nodes
    if node.resource_type == "model" and ("person" in node.name or "cohort" in node.name or "dose_" in node.name)
]
print(f"of persons: {sum(node.seconds for node in persons):.1f} s of models")
for node in sorted(persons, key=lambda node: -node.seconds)[:8]:
    print(f"  {node.seconds:7.1f} s {node.name}")
"""


def make_records(folder: Path, children: int) -> int:
    """Write one Parquet file a month of vaccination, and the cards; return how many records there are."""
    places = communes(load_registry(), None)
    visits = ", ".join(f"('{product}', {number}, {age})" for product, number, age in VISITS)
    known = {
        "submission_id": "'bench'", "batch_no": "1", "line_no": "1", "record_key": "facility_code || '|' || record_id",
        "action": "'add'", "version_at": "timestamp '2026-01-05 08:00:00'", "submission_mode": "'amend'",
        "facility_code": "facility_code", "report_month": "month", "record_id": "record_id",
        "person_code": "person_code", "birth_date": "birth_date", "sex": "'F'",
        "household_commune_code": "commune_code", "product_code": "product_code",
        "given_at": "cast(given_date as timestamp)", "given_date": "given_date", "has_given_time": "false",
        "dose_number": "dose_number", "dose_status": "2", "service_type": "'epi'", "row_hash": "record_id",
        "record_origin": "'facility'", "person_card_key": "card_key",
    }  # fmt: skip
    columns = ", ".join(f"{known.get(name, 'null')} as {name}" for name in DOSE_RECORDS)
    with duckdb.connect() as database:
        database.execute("set threads = 2; set memory_limit = '6GB'")
        database.register("places", places.select("commune_code").with_row_index("number").to_arrow())
        database.execute(
            "create table born as select c, 'P' || c as person_code, substr(md5('card' || c), 1, 20) as card_key,"
            f" commune_code, commune_code || '01' as facility_code, date '{FIRST_BIRTH}' + cast(c % 366 as integer)"
            f" as birth_date from range({children}) as r (c)"
            f" inner join places on places.number = hash(c) % {places.height}"
        )
        database.execute(
            f"copy (select card_key, substr(md5('person' || c), 1, 20) as person_key, 1 as first_batch_no from born)"
            f" to '{folder / 'person_cards.parquet'}' (format parquet)"
        )
        database.execute(
            "create table given as select *, cast(date_trunc('month', given_date) as date) as month from ("
            " select born.*, product_code, dose_number, c || '-' || product_code || dose_number as record_id,"
            " birth_date + cast(age + hash(c) % 20 + hash(c, age) % 3 as integer) as given_date"
            f" from born cross join (values {visits}) as v (product_code, dose_number, age)"
            " where hash(c, product_code, dose_number) % 12 > 0)"
            f" where given_date < date '{LAST_MONTH}' + interval 1 month"
        )
        typed = "create table lake (" + ", ".join(
            f"{name} {_TYPES.get(str(dtype).split('(')[0], 'varchar')}" for name, dtype in DOSE_RECORDS.items()
        )
        database.execute(typed + ")")
        database.execute(f"insert into lake select {columns} from given")
        for (month,) in database.execute("select distinct report_month from lake order by 1").fetchall():
            batch = 2 if month == LAST_MONTH else 1
            database.execute(
                f"copy (select * replace ({batch} as batch_no) from lake where report_month = date '{month}')"
                f" to '{folder / f'{month}.parquet'}' (format parquet)"
            )
        ((count,),) = database.execute("select count(*) from lake").fetchall()
    return int(count)


_TYPES = {"Int32": "integer", "Int64": "bigint", "Date": "date", "Datetime": "timestamp", "Boolean": "boolean"}


def main() -> int:
    """Build from nothing without the last month, then with it, and print what both took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=COHORT)
    parser.add_argument("--work", type=Path, default=None, help="folder for the data; kept when given")
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="niis-bench-"))
    settings = Settings(work / "home")
    months = work / "months"
    if not months.exists():
        months.mkdir(parents=True)
        print(f"{make_records(months, options.children)} records of {options.children} children")
    shutil.rmtree(settings.home, ignore_errors=True)
    write_facilities(facilities(communes(load_registry(), None), 1.0), settings.facilities)
    Lake(settings).initialise()
    settings.identity.mkdir(parents=True)
    shutil.copy(months / "person_cards.parquet", settings.identity / "person_cards.parquet")
    pl.DataFrame(schema=PERSON_LINKS).write_parquet(settings.identity / "person_links.parquet")
    pl.DataFrame(schema=PERSON_REDIRECTS).write_parquet(settings.identity / "person_redirects.parquet")
    files = sorted(months.glob("2*.parquet"))
    taken = {}
    for since, batch in enumerate([files[:-1], files[-1:]]):
        for path in batch:
            part = settings.lake / "dose_records" / path.stem[:7] / f"part-{since + 1:06d}-{path.stem}.parquet"
            part.parent.mkdir(parents=True)
            shutil.copy(path, part)
        command = [sys.executable, "-W", "ignore", "-c", _BUILD, str(settings.home), str(since), AS_OF.isoformat()]
        taken[since] = measured(command)
        print(f"{'a month more' if since else 'from nothing'}: {taken[since]}")
    first, more = taken.values()
    wall, cpu = more.seconds / first.seconds, more.cpu_seconds / first.cpu_seconds
    print(f"the month costs {wall:.2f} of all months before it ({cpu:.2f} of processors)")
    if options.work is None:
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
