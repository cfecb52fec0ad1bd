-- The lowest area not below a district that a unit reaches in each tree: where distributions are gathered, which need
-- more children than a commune has.
with ranked as (
    select
        ancestors.unit_code,
        ancestors.hierarchy_code,
        ancestors.area_code,
        row_number() over (
            partition by ancestors.unit_code, ancestors.hierarchy_code order by levels.depth desc
        ) as depth_rank
    from {{ ref('int_unit_ancestors') }} as ancestors
    inner join {{ ref('area_levels') }} as levels
        on ancestors.hierarchy_code = levels.hierarchy_code and ancestors.level_code = levels.level_code
    where ancestors.level_code <> 'commune'
)

select unit_code, hierarchy_code, area_code
from ranked
where depth_rank = 1
