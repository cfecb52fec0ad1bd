{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ forget_affected_persons() }}') }}

-- One dose is one event, however many records tell of it: the facility's record before a family's word, one with a
-- time before one without, then the newest.
with records as (
    select * from {{ ref('int_person_records') }}
    where {{ affected('person_key') }} and given_date is not null
),

statuses as (
    select canonical_value from {{ ref('value_aliases') }} where field_name = 'dose_status' and alias = 'done'
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

ranked as (
    select
        *,
        count(*) over event as record_count,
        bool_or(is_facility_record) over event as is_confirmed,
        bool_or(is_within_24h) over event as is_flagged_within_24h,
        row_number() over (
            partition by person_key, series_code, given_date
            order by is_facility_record desc, has_given_time desc, version_at desc, record_key
        ) as best_rank
    from given
    window event as (partition by person_key, series_code, given_date)
)

select
    ranked.person_key || '|' || ranked.series_code || '|' || cast(ranked.given_date as string) as event_key,
    ranked.person_key,
    persons.birth_date,
    ranked.series_code,
    ranked.given_date,
    ranked.given_at,
    ranked.has_given_time,
    ranked.product_code,
    ranked.facility_code,
    ranked.unit_code,
    ranked.source_code,
    ranked.dose_number,
    ranked.service_type,
    ranked.is_flagged_within_24h,
    ranked.record_key,
    ranked.record_count,
    ranked.is_confirmed
from ranked
inner join {{ ref('int_persons') }} as persons on ranked.person_key = persons.person_key
where ranked.best_rank = 1
