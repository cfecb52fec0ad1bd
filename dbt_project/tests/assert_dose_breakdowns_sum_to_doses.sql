-- Doses by who pays, sex and age add up to the doses of records that count, at all ages and up to each age limit.
with broken_down as (
    select breakdowns.month, measures.measure_code, sum(breakdowns.dose_count) as value
    from {{ ref('fct_dose_breakdowns') }} as breakdowns
    inner join {{ ref('breakdown_categories') }} as ages
        on ages.breakdown_code = 'age_group' and breakdowns.age_group = ages.category_code
    inner join {{ ref('product_series') }} as product_series on breakdowns.product_code = product_series.product_code
    inner join {{ ref('vaccine_doses') }} as doses
        on product_series.series_code = doses.series_code and breakdowns.dose_number = doses.dose_number
    inner join {{ ref('measures') }} as measures
        on doses.dose_code = measures.dose_code
        and measures.measure_kind = 'dose_count'
        and (measures.age_limit_months is null or ages.to_months <= measures.age_limit_months)
    group by breakdowns.month, measures.measure_code
),

counted as (
    select month, measure_code, sum(value) as value
    from {{ ref('int_facility_values') }}
    where is_recorded
    group by month, measure_code
)

select month, measure_code, broken_down.value as broken_down_value, counted.value
from broken_down
full outer join counted using (month, measure_code)
where coalesce(broken_down.value, 0) <> coalesce(counted.value, 0)
