-- The schedule by birth date. A dose given before the schedule had it (by private clinics, mostly) is judged by its
-- first rule; it is in force, and asked of a child, only for the birth dates that the schedule names.
with schedule_doses as (
    select * from {{ ref('schedule_doses') }}
),

firsts as (
    select dose_code, min(valid_from) as first_valid_from
    from schedule_doses
    group by dose_code
)

select
    schedule_doses.schedule_code,
    schedule_doses.dose_code,
    doses.series_code,
    doses.dose_number,
    schedule_doses.recommended_age,
    schedule_doses.minimum_age,
    schedule_doses.maximum_age,
    schedule_doses.minimum_interval,
    schedule_doses.scope,
    case
        when schedule_doses.valid_from = firsts.first_valid_from then date '1900-01-01'
        else schedule_doses.valid_from
    end as valid_from,
    schedule_doses.valid_to,
    schedule_doses.valid_from as in_force_from
from schedule_doses
inner join {{ ref('vaccine_doses') }} as doses on schedule_doses.dose_code = doses.dose_code
inner join firsts on schedule_doses.dose_code = firsts.dose_code
