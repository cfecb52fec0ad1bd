-- Months in which facilities owe reports: from the first month that any facility reported to the last that is over.
with reported as (
    select min(report_month) as first_month, max(report_month) as last_month
    from {{ ref('stg_lake__dose_records') }}

    union all

    select min(period_start_month) as first_month, max(period_end_month) as last_month
    from {{ ref('stg_lake__report_values') }}
    where facility_code is not null and period_start_month = period_end_month
),

range as (
    select
        min(first_month) as first_month,
        greatest(max(last_month), {{ add_months(month_of(as_of_date()), -1) }}) as last_month
    from reported
)

select {{ month_series('first_month', 'last_month') }} as month
from range
where first_month is not null
