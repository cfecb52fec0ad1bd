{{ config(materialized='incremental', incremental_strategy='append', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_months') }}") }}

-- A dose that stands in a record and in the facility's own monthly report is one dose: records count where the
-- facility sent records for the month, else its report, else the records that came in late with another month's file.
with facility_months as (
    select * from {{ ref('int_facility_months') }}
    where {{ touched('month') }}
),

recorded as (
    select * from {{ ref('int_dose_counts') }}
    where {{ touched('month') }}
),

reported as (
    select facility_code, period_start_month as month, measure_code, measure_kind, source_code, value
    from {{ ref('int_report_values_current') }}
    where
        facility_code is not null
        and period_start_month = period_end_month
        and annual_spread = 'none'
        and {{ touched('period_end_month') }}
),

months_with_reported_doses as (
    select distinct facility_code, month from reported where measure_kind = 'dose_count'
),

facilities as (
    select facility_code, unit_code, source_code from {{ ref('stg_programme__facilities') }}
),

chosen as (
    select recorded.facility_code, recorded.month, recorded.measure_code, facilities.source_code, recorded.value,
        true as is_recorded
    from recorded
    inner join facilities using (facility_code)
    left join facility_months using (facility_code, month)
    left join months_with_reported_doses as reported_doses using (facility_code, month)
    where coalesce(facility_months.has_records, false) or reported_doses.facility_code is null

    union all

    select reported.facility_code, reported.month, reported.measure_code, reported.source_code, reported.value,
        false as is_recorded
    from reported
    left join facility_months using (facility_code, month)
    where reported.measure_kind <> 'dose_count' or not coalesce(facility_months.has_records, false)
)

select facilities.unit_code, chosen.*
from chosen
inner join facilities using (facility_code)
