{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', tags=['monthly'],
    pre_hook="{{ forget_touched_periods() }}") }}

-- depends_on: {{ ref('int_touched_months') }}
-- How the values of areas are spread below each area above them, as rows of `distributions` ask: for quarters, years and
-- twelve months in a row, since the values of small areas jump from month to month.
with distributions as (
    select
        distributions.*,
        indicators.multiplier,
        indicators.definition_version,
        bases.multiplier as base_multiplier
    from {{ ref('distributions') }} as distributions
    inner join {{ ref('dim_indicators') }} as indicators using (indicator_code)
    inner join {{ ref('dim_indicators') }} as bases on distributions.base_indicator_code = bases.indicator_code
),

parts as (
    select * from {{ ref('dim_indicator_parts') }}
    where indicator_code in (select base_indicator_code from distributions)
),

-- Numbers stand for what a group is named by: grouping and ranking millions of rows by nine texts takes several times
-- as long.
period_months as (
    select
        *,
        dense_rank() over (order by period_type, period) as period_no
    from {{ ref('dim_period_months') }}
    where period_type in ('quarter', 'year', 'rolling12')
    {% if is_incremental() %}
        and period_end_month in (
            select periods.period_end_month
            from {{ ref('dim_period_months') }} as periods
            inner join {{ ref('int_touched_months') }} as touched on periods.month = touched.month
        )
    {% endif %}
),

period_numbers as (
    select distinct period_type, period, period_start_month, period_end_month, period_no from period_months
),

unit_areas as (
    -- Numbered in the order of their codes, by which equal values are ranked.
    select
        hierarchy_code, area_code, level_code,
        row_number() over (order by hierarchy_code, area_code) as unit_no
    from {{ ref('areas') }}
    where level_code in (select unit_level_code from distributions) and not is_pseudo
),

facts as (
    select
        unit_areas.unit_no, facts.month, facts.span_start_month, facts.measure_code, facts.source_code, facts.value
    from {{ ref('fct_measure_values') }} as facts
    inner join unit_areas
        on facts.hierarchy_code = unit_areas.hierarchy_code and facts.area_code = unit_areas.area_code
    where
        facts.level_code in (select unit_level_code from distributions)
        and facts.measure_code in (select measure_code from parts)
),

sums as (
    {{ period_sums_of_months('facts', 'parts', 'period_months', ['unit_no'], ['period_no']) }}
),

unit_values as (
    {{ judged_values('sums', ref('dim_indicators'), ['unit_no', 'period_no']) }}
),

areas_above as (
    select
        unit_areas.unit_no, unit_areas.level_code,
        ancestors.hierarchy_code, ancestors.ancestor_code, ancestors.ancestor_level_code,
        dense_rank() over (order by ancestors.hierarchy_code, ancestors.ancestor_code) as ancestor_no
    from {{ ref('int_area_ancestors') }} as ancestors
    inner join unit_areas
        on ancestors.hierarchy_code = unit_areas.hierarchy_code and ancestors.area_code = unit_areas.area_code
    where ancestors.ancestor_code <> ancestors.area_code
),

above as (
    select hierarchy_code, ancestor_code, ancestor_level_code, ancestor_no, level_code as unit_level_code,
        count(*) as unit_count
    from areas_above
    group by all
),

base_numbers as (
    select distinct
        base_indicator_code, unit_level_code,
        dense_rank() over (order by base_indicator_code, unit_level_code) as base_no
    from distributions
),

{% set group = 'ancestor_no, period_no, base_no' %}
placed as (
    select
        areas_above.ancestor_no,
        unit_values.period_no,
        base_numbers.base_no,
        unit_values.unit_no,
        unit_values.numerator,
        unit_values.denominator,
        unit_values.value,
        unit_values.source_code
    from unit_values
    inner join areas_above on unit_values.unit_no = areas_above.unit_no
    inner join base_numbers
        on unit_values.indicator_code = base_numbers.base_indicator_code
        and areas_above.level_code = base_numbers.unit_level_code
    -- A value over nothing, or of nobody, is no value to rank.
    where unit_values.value is not null and unit_values.denominator > 0
),

group_totals as (
    select {{ group }}, count(*) as unit_count, sum(numerator) / sum(denominator) as overall
    from placed
    group by {{ group }}
),

ranked as (
    select
        placed.*,
        row_number() over (partition by {{ group }} order by value, denominator, unit_no) as rank_no,
        group_totals.unit_count,
        group_totals.overall
    from placed
    inner join group_totals using ({{ group }})
),

measured as (
    select
        ranked.ancestor_no,
        ranked.period_no,
        distributions.unit_level_code,
        distributions.indicator_code,
        distributions.multiplier,
        distributions.definition_version,
        count(*) as units_included,
        case distributions.statistic
            when 'share_at_least'
                then cast(sum(case when ranked.value >= distributions.parameter then 1 else 0 end) as double)
            when 'lowest_share'
                then sum(
                    case when ranked.rank_no <= greatest(1, floor(ranked.unit_count * distributions.parameter / 100))
                        then ranked.numerator else 0 end)
            when 'mean_difference'
                then {{ exact_sum('abs(ranked.value - distributions.base_multiplier * ranked.overall)') }}
            else {{ exact_sum('ranked.denominator * abs(ranked.value - distributions.base_multiplier * ranked.overall)') }}
        end as numerator,
        case distributions.statistic
            when 'lowest_share'
                then sum(
                    case when ranked.rank_no <= greatest(1, floor(ranked.unit_count * distributions.parameter / 100))
                        then ranked.denominator else 0 end)
            when 'weighted_difference' then sum(ranked.denominator)
            else cast(count(*) as double)
        end as denominator,
        {{ one_source('ranked.source_code') }} as source_code
    from ranked
    inner join base_numbers on ranked.base_no = base_numbers.base_no
    inner join distributions
        on base_numbers.base_indicator_code = distributions.base_indicator_code
        and base_numbers.unit_level_code = distributions.unit_level_code
    group by ranked.ancestor_no, ranked.period_no, distributions.unit_level_code, distributions.indicator_code,
        distributions.multiplier, distributions.definition_version, distributions.statistic,
        distributions.base_multiplier
)

select
    above.hierarchy_code,
    above.ancestor_level_code as level_code,
    above.ancestor_code as area_code,
    period_numbers.period_type,
    period_numbers.period,
    period_numbers.period_start_month,
    period_numbers.period_end_month,
    measured.indicator_code,
    measured.numerator,
    measured.denominator,
    measured.multiplier * measured.numerator / measured.denominator as value,
    cast(measured.units_included as bigint) as units_included,
    cast(above.unit_count as bigint) as units_expected,
    case when measured.units_included < above.unit_count then 'calculated_partial' else 'calculated' end
        as value_status,
    measured.definition_version,
    measured.source_code
from measured
inner join above
    on measured.ancestor_no = above.ancestor_no and measured.unit_level_code = above.unit_level_code
inner join period_numbers on measured.period_no = period_numbers.period_no
order by above.hierarchy_code, measured.indicator_code, above.ancestor_level_code, above.ancestor_code
