select * from {{ ref('schedule_versions') }}
