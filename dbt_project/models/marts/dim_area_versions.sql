select * from {{ ref('area_versions') }}
