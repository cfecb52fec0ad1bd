{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ forget_affected_persons() }}') }}

-- One dose is one event, however many records tell of it: the facility's record before a family's word, one with a
-- time before one without, then the newest.
with records as (
    select * from {{ ref('int_person_records') }}
    where {{ affected('person_key') }} and given_date is not null
),

statuses as (
    {{ given_statuses() }}
),

given as (
    select
        records.person_key,
        product_series.series_code,
        records.given_date,
        records.given_at,
        records.given_at <> cast(records.given_date as timestamp) as has_given_time,
        records.product_code,
        records.facility_code,
        records.unit_code,
        records.source_code,
        records.dose_number,
        records.service_type,
        records.is_within_24h,
        records.record_key,
        records.record_origin = 'facility' as is_facility_record,
        records.version_at
    from records
    inner join {{ ref('product_series') }} as product_series on records.product_code = product_series.product_code
    where cast(records.dose_status as string) in (select canonical_value from statuses)
),

repeated as (
    select person_key, series_code, given_date
    from given
    group by person_key, series_code, given_date
    having count(*) > 1
),

ranked as (
    select
        given.*,
        count(*) over event as record_count,
        bool_or(given.is_facility_record) over event as is_confirmed,
        bool_or(given.is_within_24h) over event as is_flagged_within_24h,
        row_number() over (
            partition by given.person_key, given.series_code, given.given_date
            order by given.is_facility_record desc, given.has_given_time desc, given.version_at desc, given.record_key
        ) as best_rank
    from given
    inner join repeated
        on given.person_key = repeated.person_key
        and given.series_code = repeated.series_code
        and given.given_date = repeated.given_date
    window event as (partition by given.person_key, given.series_code, given.given_date)
),

-- Of nearly every event one record tells, and there is nothing to rank.
best as (
    select * from ranked
    where best_rank = 1

    union all

    select
        given.*,
        cast(1 as bigint) as record_count,
        given.is_facility_record as is_confirmed,
        given.is_within_24h as is_flagged_within_24h,
        1 as best_rank
    from given
    left join repeated
        on given.person_key = repeated.person_key
        and given.series_code = repeated.series_code
        and given.given_date = repeated.given_date
    where repeated.person_key is null
)

select
    best.person_key || '|' || best.series_code || '|' || cast(best.given_date as string) as event_key,
    best.person_key,
    persons.birth_date,
    best.series_code,
    best.given_date,
    best.given_at,
    best.has_given_time,
    best.product_code,
    best.facility_code,
    best.unit_code,
    best.source_code,
    best.dose_number,
    best.service_type,
    best.is_flagged_within_24h,
    best.record_key,
    best.record_count,
    best.is_confirmed
from best
inner join {{ ref('int_persons') }} as persons on best.person_key = persons.person_key
