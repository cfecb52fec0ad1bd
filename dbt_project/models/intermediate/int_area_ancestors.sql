-- The closure of both trees, each area being its own ancestor too: any depth, and a level that ended is only data.
with recursive areas as (
    select * from {{ ref('areas') }}
),

climbed as (
    select hierarchy_code, area_code, area_code as ancestor_code, parent_code
    from areas

    union all

    select climbed.hierarchy_code, climbed.area_code, parents.area_code as ancestor_code, parents.parent_code
    from climbed
    inner join areas as parents
        on climbed.hierarchy_code = parents.hierarchy_code and climbed.parent_code = parents.area_code
)

select climbed.hierarchy_code, climbed.area_code, climbed.ancestor_code, ancestors.level_code as ancestor_level_code
from climbed
inner join areas as ancestors
    on climbed.hierarchy_code = ancestors.hierarchy_code and climbed.ancestor_code = ancestors.area_code
