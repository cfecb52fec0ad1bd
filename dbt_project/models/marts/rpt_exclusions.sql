-- What stewards left out, and what was reported there; no value: nothing is reported (any more) that could be left out.
with reported as (
    select 'F:' || facility_code as reporter_code, month as span_start_month, month, measure_code, value
    from {{ ref('int_facility_values') }}

    union all

    select reporter_code, span_start_month, month, measure_code, reported_value from {{ ref('int_containers') }}
)

select
    exclusions.reporter_code,
    exclusions.period,
    exclusions.measure_code,
    exclusions.decided_at,
    sum(reported.value) as value
from {{ ref('stg_stewardship__exclusions') }} as exclusions
left join reported
    on exclusions.reporter_code = reported.reporter_code
    and exclusions.span_start_month = reported.span_start_month
    and exclusions.month = reported.month
    and exclusions.measure_code = reported.measure_code
group by exclusions.reporter_code, exclusions.period, exclusions.measure_code, exclusions.decided_at
