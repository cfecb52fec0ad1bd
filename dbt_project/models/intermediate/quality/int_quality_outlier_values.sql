-- What a facility reported for a month that lies far from its other months by the primary outlier rule, and by more doses than
-- chance moves; one row a facility, month and measure of the series that move by so many. Of these a steward can exclude one.
{%- set series %}
(
    select reported.facility_code, reported.measure_code, reported.period, year(reported.period_end_month) as period_year,
        reported.value
    from {{ ref('int_report_values_current') }} as reported
    inner join (
        select facility_code, measure_code
        from {{ ref('int_report_values_current') }}
        where facility_code is not null and measure_kind = 'dose_count' and period_start_month = period_end_month
        group by facility_code, measure_code
        having
            max(value) - min(value) >= {{ rule_limit('outlier_value', 'lower_limit') }}
            and count(value) >= {{ rule_limit('outlier_value', 'minimum_evaluated') }}
    ) as moving
        on reported.facility_code = moving.facility_code and reported.measure_code = moving.measure_code
    where reported.period_start_month = reported.period_end_month
)
{%- endset %}
{%- set primary_rule %}(select * from {{ ref('outlier_rules') }} where is_primary){% endset %}
with scores as (
    {{ outlier_scores(series, primary_rule, keys=['facility_code', 'measure_code']) }}
)

select
    facility_code,
    measure_code,
    period,
    value,
    (lower_bound + upper_bound) / 2 as expected,
    flag = 'extreme'
    and abs(value - (lower_bound + upper_bound) / 2) >= {{ rule_limit('outlier_value', 'lower_limit') }} as is_found
from scores
where flag <> 'too_few'
