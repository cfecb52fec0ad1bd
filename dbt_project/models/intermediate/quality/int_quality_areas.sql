-- What rules say of areas above the commune, by year. Sums over communes are too small to be compared.
with yearly as (
    select facts.hierarchy_code, facts.level_code, facts.area_code, year(facts.month) as value_year, facts.measure_code, sum(facts.value) as value
    from {{ ref('fct_reported_measure_values') }} as facts
    where
        facts.level_code <> 'commune'
        and facts.measure_code in (
            select first_measure_code from {{ ref('related_measures') }}
            union
            select second_measure_code from {{ ref('related_measures') }}
        )
    group by facts.hierarchy_code, facts.level_code, facts.area_code, year(facts.month), facts.measure_code
)

select
    related.rule_code,
    firsts.hierarchy_code,
    firsts.level_code,
    firsts.area_code,
    cast(firsts.value_year as string) as period,
    related.second_measure_code as measure_code,
    cast(case
        when seconds.value / firsts.value < related.lower_ratio or seconds.value / firsts.value > related.upper_ratio
            then 1
        else 0
    end as bigint) as violations,
    cast(1 as bigint) as evaluated,
    seconds.value,
    firsts.value as expected,
    abs(seconds.value - firsts.value) as effect
from {{ ref('related_measures') }} as related
inner join yearly as firsts on related.first_measure_code = firsts.measure_code
inner join yearly as seconds
    on related.second_measure_code = seconds.measure_code
    and firsts.hierarchy_code = seconds.hierarchy_code
    and firsts.level_code = seconds.level_code
    and firsts.area_code = seconds.area_code
    and firsts.value_year = seconds.value_year
where firsts.value > 0
