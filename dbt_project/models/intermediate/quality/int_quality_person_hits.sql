-- Records that another record of the same person contradicts. The rules look at persons as they are known now, so that a
-- link that changes moves what is found.
with statuses as (
    {{ given_statuses() }}
),

records as (
    select
        person_key,
        record_key,
        facility_code,
        month,
        product_code,
        given_date,
        person_code,
        version_at,
        cast(dose_status as string) in (select canonical_value from statuses) as is_given
    from {{ ref('int_person_records') }}
    where record_origin = 'facility' and given_date is not null
),

-- Who appears once on a day has nothing to be compared with.
days as (
    select
        person_key,
        given_date,
        count(*) as record_count,
        count(distinct product_code) as product_count,
        count(*) filter (where not is_given) as refused_count
    from records
    group by person_key, given_date
    having count(*) > 1
),

same_day as (
    select
        records.*,
        days.product_count,
        max(case when records.is_given then 1 else 0 end) over dose as any_given,
        max(case when records.is_given then 0 else 1 end) over dose as any_refused,
        row_number() over (
            partition by records.person_key, records.given_date, records.product_code, records.is_given
            order by records.version_at, records.record_key
        ) as place
    from records
    inner join days on records.person_key = days.person_key and records.given_date = days.given_date
    where days.product_count > {{ rule_limit('visit_crowded', 'upper_limit') }} or days.record_count > days.product_count
    window dose as (partition by records.person_key, records.given_date, records.product_code)
),

codes as (
    select person_key, person_code, min(version_at) as known_from
    from records
    where person_code is not null
    group by person_key, person_code
),

first_codes as (
    select
        person_key,
        person_code,
        row_number() over (partition by person_key order by known_from, person_code) as code_rank
    from codes
),

verdicts as (
    select events.person_key, events.record_key, events.facility_code, verdicts.*
    from (
        select event_key, given_date, reason_code, dose_number < recorded_dose_number as is_number_too_low
        from {{ ref('int_dose_verdicts') }}
        where dose_number < recorded_dose_number or reason_code in ('too_early', 'too_old')
    ) as verdicts
    inner join {{ ref('int_dose_events') }} as events on verdicts.event_key = events.event_key
)

select person_key, record_key, facility_code, month, 'visit_crowded' as rule_code
from same_day
where is_given and product_count > {{ rule_limit('visit_crowded', 'upper_limit') }}

union all

select person_key, record_key, facility_code, month, 'refused_and_given' as rule_code
from same_day
where is_given and any_refused = 1

union all

select person_key, record_key, facility_code, month, 'dose_sent_twice' as rule_code
from same_day
where is_given and place > 1

union all

select records.person_key, records.record_key, records.facility_code, records.month, 'person_registered_twice' as rule_code
from records
inner join first_codes on records.person_key = first_codes.person_key and records.person_code = first_codes.person_code
where records.is_given and first_codes.code_rank > 1

union all

-- A combination is one record and several series.
select distinct person_key, record_key, facility_code, {{ month_of('given_date') }} as month, 'age_outside_range' as rule_code
from verdicts
where reason_code in ('too_early', 'too_old')

union all

select distinct person_key, record_key, facility_code, {{ month_of('given_date') }} as month, 'dose_number_too_low' as rule_code
from verdicts
where is_number_too_low
