-- What only a family says is shown, and counted nowhere.
select verdicts.event_key
from {{ ref('int_dose_verdicts') }} as verdicts
left join {{ ref('int_dose_events') }} as events on verdicts.event_key = events.event_key
where events.event_key is null or not events.is_confirmed
