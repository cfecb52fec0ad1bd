-- The closure of both trees, each area being its own ancestor too.
with recursive areas as (
    select * from {{ ref('areas') }}
),

climbed as (
    {{ climbed_areas('areas') }}
)

select climbed.hierarchy_code, climbed.area_code, climbed.ancestor_code, ancestors.level_code as ancestor_level_code
from climbed
inner join areas as ancestors
    on climbed.hierarchy_code = ancestors.hierarchy_code and climbed.ancestor_code = ancestors.area_code
