with spread as (
    select unit_code, measure_code, source_code, span_months, year(month) as target_year, sum(value) as value
    from {{ ref('int_containers') }}
    where annual_spread <> 'none' and is_additive and span_months = 12
    group by all
),

months as (
    select unit_code, measure_code, source_code, year(month) as target_year, sum(value) as value
    from {{ ref('int_measures_unit_month') }}
    group by all
)

select spread.*, months.value as months_value
from spread
left join months using (unit_code, measure_code, source_code, target_year)
where abs(spread.value - coalesce(months.value, 0)) > 0.001
