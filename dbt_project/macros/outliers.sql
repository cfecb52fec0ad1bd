{# How far each value lies from the others of its series, by every rule of `outlier_rules`: a query with a row a value and
   rule, of `keys`, period, value, rule_code, reference_count, score, lower_bound, upper_bound, largest_score, year_share
   and flag.

   relation  the keys that tell series apart, period (unique in a series), period_year, value; no value, no row
   rules     the seed: reference_scope says which values a value is measured against (its series, its year in it, or the
             years before the last of the relation, where there are any), centre (mean, median), what the distance is
             measured in (MAD / mad_divisor, or where the MAD is 0 the mean deviation / mean_deviation_divisor; standard
             deviations on n - 1 where there is no divisor), the cuts, and how few values are too few
   flag      too_few, extreme, moderate or none; a score equal to a cut is within it. Where nothing measures the
             distance, whatever differs from the centre is extreme, and has no score
   largest_score  what a standard score on n values cannot exceed: (n - 1) / sqrt(n) #}
{% macro outlier_scores(relation, rules, keys=['area_code', 'measure_code']) -%}
{%- set series = keys | join(', ') -%}
with valued as (
    select {{ series }}, period, period_year, cast(value as double) as value
    from {{ relation }} as relation
    where value is not null
),

years as (
    select min(period_year) as first_year, max(period_year) as last_year from valued
),

measured as (
    select
        valued.*,
        rules.*,
        case when rules.reference_scope = 'year' then valued.period_year else 0 end as scope_year,
        rules.reference_scope <> 'before_last_year'
            or valued.period_year < years.last_year
            or years.first_year = years.last_year as is_reference
    from valued
    cross join {{ rules }} as rules
    cross join years
),

middles as (
    select
        {{ series }},
        rule_code,
        scope_year,
        count(*) as reference_count,
        min(value) as smallest,
        max(value) as largest,
        avg(value) as mean_value,
        median(value) as median_value
    from measured
    where is_reference
    group by {{ series }}, rule_code, scope_year
),

deviations as (
    select
        {{ series }},
        rule_code,
        scope_year,
        median(abs(value - median_value)) as median_deviation,
        avg(abs(value - median_value)) as mean_deviation,
        -- By sums about the median: of counts these are exact, so the order in which rows are added moves no digit, as it
        -- does in the running formula of the engines' own function.
        case
            when count(*) > 1
                then sqrt(greatest(
                    sum(power(value - median_value, 2)) - power(sum(value - median_value), 2) / count(*), 0
                ) / (count(*) - 1))
        end as standard_deviation
    from measured
    inner join middles using ({{ series }}, rule_code, scope_year)
    where is_reference
    group by {{ series }}, rule_code, scope_year
),

year_totals as (
    select {{ series }}, period_year, sum(value) as year_total from valued group by {{ series }}, period_year
),

centred as (
    select
        measured.*,
        coalesce(middles.reference_count, 0) as reference_count,
        year_totals.year_total,
        -- The mean of equal numbers need not be that number.
        case
            when middles.smallest = middles.largest then middles.smallest
            when measured.centre = 'mean' then middles.mean_value
            else middles.median_value
        end as centre_value,
        case
            when middles.smallest = middles.largest then 0
            when measured.mad_divisor is null then deviations.standard_deviation
            when deviations.median_deviation > 0 then deviations.median_deviation / measured.mad_divisor
            when measured.mean_deviation_divisor is null then 0
            else deviations.mean_deviation / measured.mean_deviation_divisor
        end as unit
    from measured
    left join middles using ({{ series }}, rule_code, scope_year)
    left join deviations using ({{ series }}, rule_code, scope_year)
    left join year_totals using ({{ series }}, period_year)
),

scored as (
    select
        *,
        reference_count >= minimum_values as is_enough,
        case when unit > 0 then (value - centre_value) / unit when value = centre_value then 0 end as score,
        case when year_share_cut is not null and year_total > 0 then value / year_total end as year_share
    from centred
)

select
    {{ series }},
    period,
    value,
    rule_code,
    reference_count,
    case when is_enough then score end as score,
    case when is_enough and not is_high_only then centre_value - extreme_cut * unit end as lower_bound,
    case when is_enough then centre_value + extreme_cut * unit end as upper_bound,
    case when mad_divisor is null and reference_count > 0 then (reference_count - 1) / sqrt(reference_count) end as largest_score,
    case when is_enough then year_share end as year_share,
    case
        when not is_enough then 'too_few'
        when value <= above_value then 'none'
        when year_share > year_share_cut then 'extreme'
        when is_high_only and value <= centre_value then 'none'
        when score is null or abs(score) > extreme_cut then 'extreme'
        when abs(score) > moderate_cut then 'moderate'
        else 'none'
    end as flag
from scored
{%- endmacro %}
