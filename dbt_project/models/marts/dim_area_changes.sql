select * from {{ ref('area_changes') }}
