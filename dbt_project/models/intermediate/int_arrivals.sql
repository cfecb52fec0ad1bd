{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_months') }}") }}

-- When what a month holds arrived: each facility's first report of it, and each dose of records that stands by the first
-- version that told of it. Dated by the sender, else by the receipt.
with submissions as (
    select submission_id, received_at from {{ ref('stg_lake__submissions') }}
),

facility_months as (
    select * from {{ ref('int_facility_months') }}
    where is_received and {{ touched('month') }}
),

standing as (
    select record_key, facility_code, month
    from ({{ counted_records() }}) as records
),

told as (
    select
        standing.record_key,
        min(coalesce(records.submitted_at, submissions.received_at)) as first_told_at,
        min(records.submitted_at) as first_sent_at
    from {{ ref('stg_lake__dose_records') }} as records
    inner join standing using (record_key)
    inner join submissions using (submission_id)
    group by standing.record_key
),

arrivals as (
    select unit_code, month, cast(first_submitted_at as date) as arrived_on, is_dated_by_sender, 1 as reports, 0 as doses
    from facility_months

    union all

    select
        facilities.unit_code,
        standing.month,
        cast(told.first_told_at as date) as arrived_on,
        coalesce(told.first_told_at = told.first_sent_at, false) as is_dated_by_sender,
        0 as reports,
        1 as doses
    from standing
    inner join told using (record_key)
    inner join {{ ref('stg_programme__facilities') }} as facilities using (facility_code)
),

first_receipt as (
    select cast(min(received_at) as date) as day from submissions
),

delays as (
    select *, {{ days_between(add_days(add_months('month', 1), -1), 'arrived_on') }} as delay_days
    from arrivals
)

select
    unit_code,
    month,
    delay_days,
    is_dated_by_sender,
    cast(sum(reports) as bigint) as report_count,
    cast(sum(doses) as bigint) as dose_count
from delays
-- A receipt says nothing of the delay of a month that was over before anything was ever received: history was loaded.
where is_dated_by_sender or {{ add_months('month', 1) }} > (select day from first_receipt)
group by unit_code, month, delay_days, is_dated_by_sender
