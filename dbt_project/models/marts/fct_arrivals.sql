{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_months') }}") }}

-- The lowest level of a tree has a report or two a month: it has no curve.
with lowest as (
    select hierarchy_code, max(depth) as depth from {{ ref('area_levels') }} group by hierarchy_code
),

areas as (
    select areas.hierarchy_code, areas.level_code, areas.area_code
    from {{ ref('areas') }} as areas
    inner join {{ ref('area_levels') }} as levels
        on areas.hierarchy_code = levels.hierarchy_code and areas.level_code = levels.level_code
    inner join lowest on areas.hierarchy_code = lowest.hierarchy_code and levels.depth < lowest.depth
)

select
    areas.hierarchy_code,
    areas.level_code,
    areas.area_code,
    arrivals.month,
    arrivals.delay_days,
    arrivals.is_dated_by_sender,
    cast(sum(arrivals.report_count) as bigint) as report_count,
    cast(sum(arrivals.dose_count) as bigint) as dose_count
from {{ ref('int_arrivals') }} as arrivals
inner join {{ ref('int_unit_ancestors') }} as ancestors on arrivals.unit_code = ancestors.unit_code
inner join areas on ancestors.hierarchy_code = areas.hierarchy_code and ancestors.area_code = areas.area_code
where {{ touched('arrivals.month') }}
group by
    areas.hierarchy_code,
    areas.level_code,
    areas.area_code,
    arrivals.month,
    arrivals.delay_days,
    arrivals.is_dated_by_sender
order by areas.hierarchy_code, areas.level_code, areas.area_code, arrivals.month, arrivals.delay_days
