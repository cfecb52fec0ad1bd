"""The frames that quality rules are about: small summaries of a batch, and of the marts before publication.

Each query is the definition of one dataset; a rule names a dataset and a column of it. No frame holds a
person.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl

# One row a submission of the batches in question. The shares are of data lines (without header and blank
# lines).
_INTAKE_SUBMISSIONS = """
select
    submission_id, batch_no, submission_kind, file_format, encoding, status, refusal_code,
    line_count, header_count, blank_count, accepted_count, rejected_count, duplicate_count,
    line_count - header_count - blank_count - accepted_count - rejected_count - duplicate_count
        as unexplained_count,
    rejected_count / nullif(line_count - header_count - blank_count, 0) as rejected_share,
    duplicate_count / nullif(line_count - header_count - blank_count, 0) as duplicate_share,
    first_report_month, last_report_month, facility_count
from read_parquet($submissions)
where batch_no > $since
"""

# One row a reason that is given in the batches in question.
_INTAKE_REJECTIONS = """
with reasons as (
    select submission_id, unnest(reason_codes) as reason_code, unnest(field_names) as field_name
    from read_parquet($rejected_rows)
    where batch_no > $since
)

select reason_code, field_name, count(*) as row_count, count(distinct submission_id) as submission_count
from reasons
group by reason_code, field_name
"""

# One row a national, regional or provincial value of a month or year.
_SUMMARY_INDICATOR_VALUES = """
select *
from fct_indicator_values
where level_code in ('nation', 'region', 'province') and period_type in ('month', 'year')
"""

# One row a tree, level above the lowest, and measure: what stands at that level, and what its children add
# up to, over all months. A container (a total that its parts do not explain) stands at its own level only,
# so the level may hold more than its children, and never less.
_SUMMARY_MEASURE_TREE = """
with depths as (
    select hierarchy_code, level_code, depth
    from area_levels
),

totals as (
    select facts.hierarchy_code, depths.depth, facts.level_code, facts.measure_code, sum(facts.value) as value
    from fct_measure_values as facts
    inner join depths using (hierarchy_code, level_code)
    group by all
),

standing as (
    -- Each such report stands at one area of a tree: its own, or a facility's commune.
    select places.hierarchy_code, depths.depth, reported.measure_code, sum(reported.value) as value
    from int_measures_unit_month as reported
    inner join int_unit_ancestors as places using (unit_code)
    inner join depths using (hierarchy_code, level_code)
    where starts_with(reported.unit_code, 'X:')
    group by all
)

select
    parents.hierarchy_code, parents.level_code, parents.measure_code,
    parents.value as level_value,
    coalesce(children.value, 0) - coalesce(standing.value, 0) as children_value,
    -- Adding decimals in another order differs in the last digits.
    round(parents.value - coalesce(children.value, 0) + coalesce(standing.value, 0), 3) as own_value
from totals as parents
left join totals as children
    on parents.hierarchy_code = children.hierarchy_code
    and parents.measure_code = children.measure_code
    and children.depth = parents.depth + 1
left join standing
    on parents.hierarchy_code = standing.hierarchy_code
    and parents.measure_code = standing.measure_code
    and standing.depth = parents.depth + 1
where parents.depth < (select max(depth) from depths where depths.hierarchy_code = parents.hierarchy_code)
"""

# One row a published relation. A report may have nothing to report, and what is counted of persons is empty where
# nobody sends dose records, or no child is old enough; what is reported, or a dimension, without rows is broken.
_SUMMARY_RELATIONS = """
select
    table_name as relation,
    estimated_size as row_count,
    case
        when starts_with(table_name, 'dim_') or table_name = 'fct_reported_measure_values' then estimated_size
    end as required_row_count
from duckdb_tables()
where starts_with(table_name, 'dim_') or starts_with(table_name, 'fct_') or starts_with(table_name, 'rpt_')
"""

# One row a nation's or province's year of which the target is known, and that of the year before.
_SUMMARY_DENOMINATORS = """
select hierarchy_code, level_code, area_code, period, numerator as target, denominator as target_before, value as growth
from fct_indicator_values
where
    -- The rule says which indicator it is about.
    indicator_code in (select affects_indicator from quality_rules where dataset = 'summary_denominators')
    and period_type = 'year'
    and level_code in ('nation', 'province') and value is not null
"""

# One row a tree and level: how many areas there are.
_SUMMARY_AREAS = """
select hierarchy_code, level_code, count(*) as area_count
from dim_areas
group by hierarchy_code, level_code
"""

_MARTS = {
    "summary_indicator_values": _SUMMARY_INDICATOR_VALUES,
    "summary_measure_tree": _SUMMARY_MEASURE_TREE,
    "summary_relations": _SUMMARY_RELATIONS,
    "summary_areas": _SUMMARY_AREAS,
    "summary_denominators": _SUMMARY_DENOMINATORS,
}


def intake_frames(lake: Path, since_batch_no: int) -> dict[str, pl.DataFrame]:
    """Return the frames of the batches after `since_batch_no`, by dataset."""
    with duckdb.connect() as connection:
        return {
            "intake_submissions": connection.sql(
                _INTAKE_SUBMISSIONS,
                params={
                    "submissions": str(lake / "submissions" / "**" / "*.parquet"),
                    "since": since_batch_no,
                },
            ).pl(),
            "intake_rejections": connection.sql(
                _INTAKE_REJECTIONS,
                params={
                    "rejected_rows": str(lake / "rejected_rows" / "**" / "*.parquet"),
                    "since": since_batch_no,
                },
            ).pl(),
        }


def mart_frames(warehouse: Path) -> dict[str, pl.DataFrame]:
    """Return the frames of the marts in a built warehouse, by dataset."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return {dataset: connection.sql(query).pl() for dataset, query in _MARTS.items()}


def rule_totals(warehouse: Path) -> dict[str, tuple[int, int]]:
    """Return what each rule that models compute found: violations and what it looked at, by its code."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute("select rule_code, violations, evaluated from int_quality_totals").fetchall()
    return {code: (violations, evaluated) for code, violations, evaluated in rows}


def rule_hits(warehouse: Path) -> pl.DataFrame:
    """Return one row a rule and record that contradicts it: rule_code, record_key."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        hits: pl.DataFrame = connection.sql("select rule_code, record_key from int_quality_hits").pl()
        return hits
