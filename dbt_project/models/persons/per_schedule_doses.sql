select
    schedule_doses.dose_code,
    doses.series_code,
    doses.dose_number,
    schedule_doses.recommended_age,
    schedule_doses.minimum_age,
    schedule_doses.maximum_age,
    schedule_doses.minimum_interval,
    limits.catch_up_age,
    schedule_doses.scope,
    schedule_doses.valid_from as in_force_from,
    schedule_doses.valid_to
from {{ ref('schedule_doses') }} as schedule_doses
inner join {{ ref('vaccine_doses') }} as doses on schedule_doses.dose_code = doses.dose_code
left join {{ ref('catch_up_limits') }} as limits on schedule_doses.dose_code = limits.dose_code
