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
        sum(parts.weight * facts.value) filter (where parts.part_role = 'numerator') as numerator_sum,
        sum(parts.weight * facts.value) filter (where parts.part_role = 'denominator') as denominator_sum,
        coalesce(bit_or(parts.term_bit) filter (where parts.part_role = 'numerator'), 0) as numerator_found,
        coalesce(bit_or(parts.term_bit) filter (where parts.part_role = 'denominator'), 0) as denominator_found,
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
),

found as (
    select
        sums.*,
        indicators.indicator_kind,
        indicators.missing_policy,
        indicators.multiplier,
        indicators.definition_version,
        (sums.numerator_found
            | case when sums.units_with_records > 0 then indicators.numerator_dose_bits else 0 end)
            = indicators.numerator_bits as has_numerator,
        indicators.denominator_bits > 0
            and (sums.denominator_found
                | case when sums.units_with_records > 0 then indicators.denominator_dose_bits else 0 end)
            = indicators.denominator_bits as has_denominator
    from sums
    inner join {{ ref('dim_indicators') }} as indicators using (indicator_code)
),

judged as (
    select
        *,
        case
            when missing_policy <> 'none' and coalesce(units_included, 0) = 0 then 'not_reported'
            when not has_numerator then 'not_reported'
            when indicator_kind = 'count' then 'value'
            when not has_denominator then 'no_denominator'
            when coalesce(denominator_sum, 0) = 0 then 'zero_denominator'
            else 'value'
        end as judgement
    from found
)

select
    hierarchy_code,
    level_code,
    area_code,
    period_type,
    period,
    period_start_month,
    period_end_month,
    indicator_code,
    case when has_numerator and judgement <> 'not_reported' then coalesce(numerator_sum, 0) end as numerator,
    case when has_denominator then coalesce(denominator_sum, 0) end as denominator,
    case
        when judgement = 'value' and indicator_kind = 'count' then multiplier * coalesce(numerator_sum, 0)
        when judgement = 'value' then multiplier * coalesce(numerator_sum, 0) / denominator_sum
    end as value,
    cast(coalesce(units_included, 0) as bigint) as units_included,
    cast(coalesce(units_expected, 0) as bigint) as units_expected,
    case
        when judgement <> 'value' then judgement
        when coalesce(units_included, 0) < coalesce(units_expected, 0) then 'calculated_partial'
        else 'calculated'
    end as value_status,
    definition_version,
    source_code
from judged
