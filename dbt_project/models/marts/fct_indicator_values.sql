{{ config(materialized='view') }}

-- Sums the parts over the period, and divides last. Filters on indicator, area and period reach the scan of the facts.
with sums as (
    select
        facts.hierarchy_code,
        facts.level_code,
        facts.area_code,
        periods.period_type,
        periods.period,
        periods.period_start_month,
        periods.period_end_month,
        parts.indicator_code,
        {{ part_sums('parts', 'facts.value') }},
        sum(facts.value) filter (where parts.part_role = 'included') as units_included,
        sum(facts.value) filter (where parts.part_role = 'expected') as units_expected,
        sum(facts.value) filter (where parts.part_role = 'with_records') as units_with_records,
        {{ one_source('facts.source_code') }} as source_code
    from {{ ref('fct_measure_values') }} as facts
    inner join {{ ref('dim_indicator_parts') }} as parts on facts.measure_code = parts.measure_code
    inner join {{ ref('dim_period_months') }} as periods
        on {{ add_months('facts.month', '-12 * parts.offset_years') }} = periods.month
        -- A report over a longer time is in a period only as a whole.
        and {{ add_months('facts.span_start_month', '-12 * parts.offset_years') }} >= periods.period_start_month
    group by all
)

{{ judged_values('sums', ref('dim_indicators'), [
    'hierarchy_code', 'level_code', 'area_code', 'period_type', 'period', 'period_start_month', 'period_end_month'
]) }}
