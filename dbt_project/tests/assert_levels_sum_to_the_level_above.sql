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

spread as (
    -- Persons of a split commune stand in its parts, which lie at one depth; what it reported itself does not.
    select splits.unit_code, splits.hierarchy_code, min(depths.depth) as depth, sum(splits.share) as share
    from {{ ref('int_unit_splits') }} as splits
    inner join {{ ref('areas') }} as areas using (hierarchy_code, area_code)
    inner join depths using (hierarchy_code, level_code)
    group by all
),

person_reached as (
    select
        reached.unit_code,
        reached.hierarchy_code,
        coalesce(spread.depth, reached.depth) as depth,
        coalesce(spread.share, 1) as share
    from reached
    left join spread using (unit_code, hierarchy_code)
),

unit_values as (
    select reached.hierarchy_code, reached.depth, unit_code, facts.measure_code, facts.value
    from {{ ref('int_measures_unit_month') }} as facts
    inner join reached using (unit_code)
    union all
    select person_reached.hierarchy_code, person_reached.depth, unit_code, facts.measure_code,
        facts.value * person_reached.share
    from {{ ref('int_person_measures_unit_month') }} as facts
    inner join person_reached using (unit_code)
    union all
    select reached.hierarchy_code, reached.depth, unit_code, facts.measure_code, facts.value
    from {{ ref('int_reporting_streaks') }} as facts
    inner join reached using (unit_code)
),

own as (
    -- What can be added to nothing (X:) stands at its own area alone.
    select
        hierarchy_code,
        depth,
        measure_code,
        sum(value) as value,
        sum(case when unit_code like 'X:%' then value else 0 end) as standing_value
    from unit_values
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
