select * from {{ ref('schedule_doses') }}
