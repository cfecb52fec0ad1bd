{{ config(materialized='view') }}

-- How much of an indicator's denominator (of its number, where it counts) rests on former communes that were split. No
-- row: nothing does.
select
    facts.hierarchy_code,
    facts.level_code,
    facts.area_code,
    periods.period_type,
    periods.period,
    periods.period_start_month,
    periods.period_end_month,
    parts.indicator_code,
    sum(parts.weight * facts.value) as split_value
from {{ ref('fct_split_measure_values') }} as facts
inner join {{ ref('dim_indicator_parts') }} as parts on facts.measure_code = parts.measure_code
inner join {{ ref('dim_indicators') }} as indicators on parts.indicator_code = indicators.indicator_code
inner join {{ ref('dim_period_months') }} as periods
    on {{ add_months('facts.month', '-12 * parts.offset_years') }} = periods.month
where parts.part_role = {{ divided_by('indicators') }}
group by all
