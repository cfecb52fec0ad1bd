with months as (
    select month from {{ ref('int_programme_months') }}
    union
    select {{ month_series('min(period_start_month)', 'max(period_end_month)') }} as month
    from {{ ref('int_report_values_current') }}
    -- A year's target lies in months that nobody can have reported yet: they are no periods of their own.
    where annual_spread = 'none'
),

ends as (
    select
        month,
        cast(year(month) as string) as year_code,
        quarter(month) as quarter_no,
        cast(year(month) as string) || '-' || lpad(cast(month(month) as string), 2, '0') as month_code,
        cast(date_trunc('year', month) as date) as year_start,
        cast(date_trunc('quarter', month) as date) as quarter_start
    from months
),

periods as (
    select 'month' as period_type, month_code as period, month as period_start_month, month as period_end_month
    from ends
    union
    select 'quarter', year_code || 'Q' || quarter_no, quarter_start, {{ add_months('quarter_start', 2) }} from ends
    union
    select 'ytd', month_code, year_start, month from ends
    union
    select 'year', year_code, year_start, {{ add_months('year_start', 11) }} from ends
    union
    select 'rolling12', month_code, {{ add_months('month', -11) }}, month from ends
),

deadlines as (
    select max(deadline_days) as longest_days
    from {{ ref('reporting_deadlines') }}
    where valid_from <= {{ as_of_date() }} and (valid_to is null or {{ as_of_date() }} < valid_to)
)

select
    period_type,
    period,
    period_start_month,
    period_end_month,
    -- Until the last report of its last month is due, a period is still being filled.
    {{ add_days(add_months('period_end_month', 1), 'deadlines.longest_days') }} <= {{ as_of_date() }} as is_complete
from periods
cross join deadlines
