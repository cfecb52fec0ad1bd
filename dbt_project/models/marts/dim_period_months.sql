select
    periods.period_type,
    periods.period,
    periods.period_start_month,
    periods.period_end_month,
    {{ month_series('periods.period_start_month', 'periods.period_end_month') }} as month
from {{ ref('dim_periods') }} as periods
