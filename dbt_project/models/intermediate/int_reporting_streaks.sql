{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='month', tags=['monthly']) }}

-- How many facilities of a place reported in any, and in each, of the twelve months that end with a month: values over
-- that whole span, which a year and twelve months in a row contain and nothing shorter does.
with facility_months as (
    select unit_code, facility_code, source_code, month
    from {{ ref('int_facility_months') }}
    where is_received
),

last_months as (
    select month from {{ ref('int_programme_months') }} as last_months
    where {{ touched_spans('last_months.month') }}
),

reporters as (
    select
        facility_months.unit_code,
        facility_months.facility_code,
        facility_months.source_code,
        last_months.month,
        count(*) as month_count
    from facility_months
    inner join last_months
        on facility_months.month between {{ add_months('last_months.month', -11) }} and last_months.month
    group by facility_months.unit_code, facility_months.facility_code, facility_months.source_code, last_months.month
)

select
    reporters.unit_code,
    reporters.month,
    cast({{ add_months('reporters.month', -11) }} as date) as span_start_month,
    kinds.measure_code,
    reporters.source_code,
    cast(
        sum(case when kinds.measure_code = 'reporters_any_12' or reporters.month_count = 12 then 1 else 0 end) as double
    ) as value
from reporters
cross join (values ('reporters_any_12'), ('reporters_every_12')) as kinds (measure_code)
group by reporters.unit_code, reporters.month, kinds.measure_code, reporters.source_code
