-- A facility's records against its own monthly report, dose by dose, for months in which it sent both. The factor is what
-- the records hold in percent of what was reported: below 100 the report says more than can be shown.
with recorded_months as (
    select facility_code, month from {{ ref('int_facility_months') }} where has_records
),

reported as (
    select facility_code, period_start_month as month, measure_code, source_code, value
    from {{ ref('int_report_values_current') }}
    where
        facility_code is not null
        and period_start_month = period_end_month
        and measure_kind = 'dose_count'
)

select
    reported.facility_code,
    facilities.commune_code_2025 as area_code,
    reported.month,
    reported.measure_code,
    reported.source_code,
    coalesce(recorded.value, 0) as recorded_value,
    reported.value as reported_value,
    case when reported.value > 0 then {{ percent('coalesce(recorded.value, 0)', 'reported.value') }} end as verification_factor
from reported
inner join recorded_months on reported.facility_code = recorded_months.facility_code and reported.month = recorded_months.month
inner join {{ ref('stg_programme__facilities') }} as facilities on reported.facility_code = facilities.facility_code
left join {{ ref('int_dose_counts') }} as recorded
    on reported.facility_code = recorded.facility_code
    and reported.month = recorded.month
    and reported.measure_code = recorded.measure_code
