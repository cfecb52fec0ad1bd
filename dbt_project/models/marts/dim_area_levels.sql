select * from {{ ref('area_levels') }}
