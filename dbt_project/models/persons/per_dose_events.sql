-- A declared dose that no facility confirms has no verdict.
select
    events.event_key,
    events.person_key,
    events.series_code,
    events.given_date,
    events.given_at,
    events.has_given_time,
    events.product_code,
    events.facility_code,
    events.dose_number,
    events.service_type,
    events.record_key,
    events.record_count,
    events.is_confirmed,
    verdicts.status,
    verdicts.reason_code,
    verdicts.valid_dose_number,
    verdicts.dose_code,
    verdicts.age_days,
    verdicts.interval_days
from {{ ref('int_dose_events') }} as events
left join {{ ref('int_dose_verdicts') }} as verdicts on events.event_key = verdicts.event_key
