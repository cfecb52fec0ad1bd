-- What stands at a level is what its children add up to and what was reported at that level itself.
with depths as (
    select hierarchy_code, level_code, depth from {{ ref('dim_area_levels') }}
),

levels as (
    select facts.hierarchy_code, depths.depth, facts.measure_code, sum(facts.value) as value
    from {{ ref('fct_measure_values') }} as facts
    inner join depths using (hierarchy_code, level_code)
    group by all
),

reached as (
    select unit_code, hierarchy_code, max(depth) as depth
    from {{ ref('int_unit_ancestors') }}
    inner join depths using (hierarchy_code, level_code)
    group by all
),

unit_values as (
    select unit_code, measure_code, value from {{ ref('int_measures_unit_month') }}
    union all
    select unit_code, measure_code, value from {{ ref('int_person_measures_unit_month') }}
    union all
    select unit_code, measure_code, value from {{ ref('int_reporting_streaks') }}
),

own as (
    -- What can be added to nothing (X:) stands at its own area alone.
    select
        reached.hierarchy_code,
        reached.depth,
        unit_values.measure_code,
        sum(unit_values.value) as value,
        sum(case when unit_values.unit_code like 'X:%' then unit_values.value else 0 end) as standing_value
    from unit_values
    inner join reached using (unit_code)
    group by all
)

select parents.*, children.value as children_value, own.value as own_value
from levels as parents
left join levels as children
    on parents.hierarchy_code = children.hierarchy_code
    and parents.measure_code = children.measure_code
    and children.depth = parents.depth + 1
left join own
    on parents.hierarchy_code = own.hierarchy_code
    and parents.measure_code = own.measure_code
    and parents.depth = own.depth
left join own as own_below
    on parents.hierarchy_code = own_below.hierarchy_code
    and parents.measure_code = own_below.measure_code
    and own_below.depth = parents.depth + 1
where
    abs(
        parents.value - coalesce(children.value, 0) + coalesce(own_below.standing_value, 0) - coalesce(own.value, 0)
    ) > 0.001
