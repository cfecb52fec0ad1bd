{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ forget_affected_persons() }}') }}
-- depends_on: {{ ref('int_dose_verdicts_before') }}

{%- set doses %}
(
    select
        events.person_key, events.series_code, events.event_key, events.birth_date, events.given_date,
        events.product_code, persons.death_date
    from {{ ref('int_dose_events') }} as events
    inner join {{ ref('int_persons') }} as persons on events.person_key = persons.person_key
    where events.is_confirmed and {{ affected('events.person_key') }}
)
{%- endset %}
{%- set products %}
(
    select
        product_code,
        min_age_days || ' days' as minimum_age,
        max_age_days || ' days' as maximum_age
    from {{ ref('vaccine_products') }}
)
{%- endset %}

-- Only doses that a facility's record confirms are judged.
with verdicts as (
    {{ evaluate_doses(
        doses, ref('int_schedule_doses'), rounds=var('highest_dose_number'), products=products,
        without=['sequence', 'allowed_products', 'minimum_interval_from_first', 'not_needed_from_age']
    ) }}
),

confirmed as (
    select * from {{ ref('int_dose_events') }}
    where is_confirmed and {{ affected('person_key') }}
)

select
    confirmed.event_key,
    confirmed.person_key,
    confirmed.birth_date,
    confirmed.series_code,
    confirmed.given_date,
    confirmed.given_at,
    confirmed.has_given_time,
    confirmed.is_flagged_within_24h,
    confirmed.product_code,
    confirmed.facility_code,
    confirmed.unit_code,
    confirmed.source_code,
    residences.unit_code as residence_unit_code,
    confirmed.dose_number,
    cast(verdicts.place as integer) as recorded_dose_number,
    verdicts.status,
    verdicts.reason_code,
    verdicts.valid_dose_number,
    verdicts.age_days,
    verdicts.interval_days,
    vaccine_doses.dose_code
from confirmed
inner join verdicts on confirmed.event_key = verdicts.event_key
left join {{ ref('vaccine_doses') }} as vaccine_doses
    on confirmed.series_code = vaccine_doses.series_code
    and verdicts.valid_dose_number = vaccine_doses.dose_number
left join {{ ref('int_person_residences') }} as residences
    on confirmed.person_key = residences.person_key
    and confirmed.given_date >= residences.valid_from
    and (residences.valid_to is null or confirmed.given_date < residences.valid_to)
