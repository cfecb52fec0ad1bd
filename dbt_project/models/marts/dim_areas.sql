select
    areas.*,
    levels.depth,
    {{ search_key('areas.name_vi') }} as search_key,
    cast(
        row_number() over (partition by areas.hierarchy_code order by {{ sort_key('areas.name_vi') }}, areas.area_code)
        as integer
    ) as sort_order
from {{ ref('areas') }} as areas
inner join {{ ref('area_levels') }} as levels
    on areas.hierarchy_code = levels.hierarchy_code and areas.level_code = levels.level_code
