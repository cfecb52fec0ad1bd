-- How far each month of an area lies from the others of its series, by every rule of `outlier_rules`; of the measures that
-- rules of quality compare. Months of communes hold too few doses for a series.
{%- set series %}
(
    select hierarchy_code, level_code, area_code, measure_code, {{ period_of_month('month') }} as period,
        year(month) as period_year, sum(value) as value
    from {{ ref('fct_reported_measure_values') }}
    where
        level_code <> 'commune'
        -- What is told of a whole year is no month.
        and span_start_month = month
        and measure_code in (
            select first_measure_code from {{ ref('related_measures') }}
            union
            select second_measure_code from {{ ref('related_measures') }}
        )
        and measure_code in (select measure_code from {{ ref('measures') }} where measure_kind = 'dose_count')
    group by hierarchy_code, level_code, area_code, measure_code, month
)
{%- endset %}
{{ outlier_scores(series, ref('outlier_rules'), keys=['hierarchy_code', 'level_code', 'area_code', 'measure_code']) }}
