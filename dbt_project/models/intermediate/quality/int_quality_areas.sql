-- What rules say of areas above the commune, one row a rule, area, period and measure. Sums of communes are too small to be
-- compared. `value` is what was found, `expected` what it is measured against.
with yearly as (
    select
        facts.hierarchy_code,
        facts.level_code,
        facts.area_code,
        year(facts.month) as value_year,
        facts.measure_code,
        sum(facts.value) as value
    from {{ ref('fct_reported_measure_values') }} as facts
    where
        facts.level_code <> 'commune'
        and facts.measure_code in (
            select first_measure_code from {{ ref('related_measures') }}
            union
            select second_measure_code from {{ ref('related_measures') }}
        )
        -- A year that is not over is not compared.
        and year(facts.month) < year({{ as_of_date() }})
    group by facts.hierarchy_code, facts.level_code, facts.area_code, year(facts.month), facts.measure_code
),

related as (
    select
        related.rule_code,
        firsts.hierarchy_code,
        firsts.level_code,
        firsts.area_code,
        cast(firsts.value_year as string) as period,
        related.second_measure_code as measure_code,
        seconds.value / firsts.value < related.lower_ratio or seconds.value / firsts.value > related.upper_ratio
            as is_found,
        seconds.value,
        firsts.value as expected
    from {{ ref('related_measures') }} as related
    inner join {{ ref('finding_rules') }} as rules on related.rule_code = rules.rule_code and rules.rule_stage = 'area'
    inner join yearly as firsts on related.first_measure_code = firsts.measure_code
    inner join yearly as seconds
        on related.second_measure_code = seconds.measure_code
        and firsts.hierarchy_code = seconds.hierarchy_code
        and firsts.level_code = seconds.level_code
        and firsts.area_code = seconds.area_code
        and firsts.value_year = seconds.value_year
    where firsts.value > 0
),

-- A year against the mean of the three before it, all of which must be known.
trends as (
    select
        current_year.hierarchy_code,
        current_year.level_code,
        current_year.area_code,
        current_year.value_year,
        current_year.measure_code,
        current_year.value,
        avg(before.value) as expected
    from yearly as current_year
    inner join yearly as before
        on current_year.hierarchy_code = before.hierarchy_code
        and current_year.area_code = before.area_code
        and current_year.measure_code = before.measure_code
        and before.value_year between current_year.value_year - 3 and current_year.value_year - 1
    inner join {{ ref('measures') }} as measures
        on current_year.measure_code = measures.measure_code and measures.measure_kind = 'dose_count'
    group by
        current_year.hierarchy_code, current_year.level_code, current_year.area_code, current_year.value_year,
        current_year.measure_code, current_year.value
    having count(*) = 3 and avg(before.value) > 0
),

-- Against the parent, so that one area that leaves the others shows; a shortage of the whole nation moves the parent too
-- and shows only in the rule above.
relative as (
    select trends.*, trends.value / trends.expected / (parents.value / parents.expected) as ratio
    from trends
    inner join {{ ref('areas') }} as areas
        on trends.hierarchy_code = areas.hierarchy_code and trends.area_code = areas.area_code
    inner join trends as parents
        on trends.hierarchy_code = parents.hierarchy_code
        and areas.parent_code = parents.area_code
        and trends.value_year = parents.value_year
        and trends.measure_code = parents.measure_code
    where parents.value > 0
),

-- A target against that of the year before.
grown as (
    select this_year.*, before.value as expected
    from yearly as this_year
    inner join yearly as before
        on this_year.hierarchy_code = before.hierarchy_code
        and this_year.area_code = before.area_code
        and this_year.measure_code = before.measure_code
        and this_year.value_year = before.value_year + 1
    inner join {{ ref('measures') }} as measures
        on this_year.measure_code = measures.measure_code and measures.measure_kind = 'target'
    where before.value > 0
),

-- Targets that areas report themselves, against those of all areas right below, where every one of these reports its own.
own_targets as (
    select hierarchy_code, area_code, period, measure_code, value
    from {{ ref('int_report_values_current') }}
    where facility_code is null and measure_kind = 'target' and value is not null
),

parents as (
    select areas.hierarchy_code, areas.parent_code, count(*) as child_count
    from {{ ref('areas') }} as areas
    where areas.parent_code is not null and not areas.is_pseudo
    group by areas.hierarchy_code, areas.parent_code
),

parts as (
    select children.hierarchy_code, areas.parent_code, children.period, children.measure_code,
        count(*) as part_count, sum(children.value) as value
    from own_targets as children
    inner join {{ ref('areas') }} as areas
        on children.hierarchy_code = areas.hierarchy_code and children.area_code = areas.area_code and not areas.is_pseudo
    group by children.hierarchy_code, areas.parent_code, children.period, children.measure_code
),

summed as (
    select own_targets.hierarchy_code, areas.level_code, own_targets.area_code, own_targets.period,
        own_targets.measure_code, parts.value, own_targets.value as expected
    from own_targets
    inner join {{ ref('areas') }} as areas
        on own_targets.hierarchy_code = areas.hierarchy_code and own_targets.area_code = areas.area_code
    inner join parents on own_targets.hierarchy_code = parents.hierarchy_code and own_targets.area_code = parents.parent_code
    inner join parts
        on own_targets.hierarchy_code = parts.hierarchy_code
        and own_targets.area_code = parts.parent_code
        and own_targets.period = parts.period
        and own_targets.measure_code = parts.measure_code
        and parents.child_count = parts.part_count
    where own_targets.value > 0
),

-- Newborns of the programme over the population, against the birth rate that the statistics office publishes.
births as (
    select
        yearly.hierarchy_code,
        yearly.level_code,
        yearly.area_code,
        yearly.value_year,
        yearly.measure_code,
        1000 * yearly.value / populations.population as value,
        populations.birth_rate as expected,
        populations.population
    from yearly
    inner join {{ ref('population_values') }} as populations
        on yearly.area_code = populations.area_code and yearly.value_year = populations.value_year
    inner join {{ ref('denominator_measures') }} as targets
        on yearly.measure_code = targets.measure_code
        and targets.target_group_code = 'newborns'
        and targets.denominator_code = 'official_target'
    where yearly.hierarchy_code = '63'
),

-- The least given dose of those that make a child fully immunised, where all of them are known.
least_given as (
    select facts.hierarchy_code, facts.level_code, facts.area_code, facts.period, min(facts.value) as value,
        max(facts.denominator) as denominator
    from {{ ref('fct_indicator_values') }} as facts
    where
        facts.hierarchy_code = '63'
        and facts.level_code in ('nation', 'province')
        and facts.period_type = 'year'
        and facts.value is not null
        and facts.indicator_code in (select indicator_code from {{ ref('full_immunisation_doses') }})
        and facts.period in (select cast(value_year as string) from {{ ref('full_immunisation_values') }})
    group by facts.hierarchy_code, facts.level_code, facts.area_code, facts.period
    having count(*) = (select count(*) from {{ ref('full_immunisation_doses') }})
),

limits as (
    select rule_code, lower_limit, upper_limit from {{ ref('finding_rules') }}
),

-- Coverage of the nation, year by year; one tree is enough, since both have the same nation.
coverage as (
    select
        facts.hierarchy_code,
        facts.level_code,
        facts.area_code,
        facts.indicator_code,
        cast(facts.period as integer) as value_year,
        facts.value,
        facts.denominator
    from {{ ref('fct_indicator_values') }} as facts
    inner join {{ ref('dim_indicators') }} as indicators on facts.indicator_code = indicators.indicator_code
    where
        facts.level_code = 'nation'
        and facts.hierarchy_code = '34'
        and facts.period_type = 'year'
        and facts.value is not null
        and indicators.indicator_kind = 'coverage'
        and indicators.base_indicator_code = indicators.indicator_code
        and cast(facts.period as integer) < year({{ as_of_date() }})
),

swings as (
    select
        this_year.*,
        this_year.value - before.value as step_before,
        after.value - this_year.value as step_after
    from coverage as this_year
    inner join coverage as before
        on this_year.indicator_code = before.indicator_code and this_year.value_year = before.value_year + 1
    left join coverage as after
        on this_year.indicator_code = after.indicator_code and this_year.value_year = after.value_year - 1
),

judged as (
    select rule_code, hierarchy_code, level_code, area_code, period, measure_code, is_found, value, expected,
        cast(null as double) as denominator
    from related

    union all

    select
        'year_inconsistent' as rule_code, trends.hierarchy_code, trends.level_code, trends.area_code,
        cast(trends.value_year as string) as period, trends.measure_code,
        trends.value / trends.expected < limits.lower_limit or trends.value / trends.expected > limits.upper_limit
            as is_found,
        trends.value, trends.expected, cast(null as double) as denominator
    from trends
    inner join limits on limits.rule_code = 'year_inconsistent'

    union all

    select
        'year_unlike_parent' as rule_code, relative.hierarchy_code, relative.level_code, relative.area_code,
        cast(relative.value_year as string) as period, relative.measure_code,
        relative.ratio < limits.lower_limit or relative.ratio > limits.upper_limit as is_found,
        relative.value, relative.value / nullif(relative.ratio, 0) as expected, cast(null as double) as denominator
    from relative
    inner join limits on limits.rule_code = 'year_unlike_parent'

    union all

    select
        'outlier_month' as rule_code, scores.hierarchy_code, scores.level_code, scores.area_code,
        scores.period, scores.measure_code,
        scores.flag = 'extreme' as is_found,
        scores.value, (scores.lower_bound + scores.upper_bound) / 2 as expected,
        cast(null as double) as denominator
    from {{ ref('fct_outlier_scores') }} as scores
    inner join {{ ref('outlier_rules') }} as rules on scores.rule_code = rules.rule_code and rules.is_primary
    where scores.flag <> 'too_few'

    union all

    select
        'coverage_over_limit' as rule_code, coverage.hierarchy_code, coverage.level_code, coverage.area_code,
        cast(coverage.value_year as string) as period, coverage.indicator_code as measure_code,
        coverage.value > limits.upper_limit as is_found,
        coverage.value, limits.upper_limit as expected, coverage.denominator
    from coverage
    inner join limits on limits.rule_code = 'coverage_over_limit'

    union all

    -- Up and down again, or the reverse; of the last year known, a jump is enough.
    select
        'coverage_sawtooth' as rule_code, swings.hierarchy_code, swings.level_code, swings.area_code,
        cast(swings.value_year as string) as period, swings.indicator_code as measure_code,
        abs(swings.step_before) > limits.upper_limit
            and (
                swings.step_after is null
                or (abs(swings.step_after) > limits.upper_limit and swings.step_before * swings.step_after < 0)
            ) as is_found,
        swings.value, swings.value - swings.step_before as expected, swings.denominator
    from swings
    inner join limits on limits.rule_code = 'coverage_sawtooth'

    union all

    select
        'survey_differs' as rule_code, coverage.hierarchy_code, coverage.level_code, coverage.area_code,
        cast(coverage.value_year as string) as period, coverage.indicator_code as measure_code,
        abs(coverage.value - surveys.value) > limits.upper_limit as is_found,
        coverage.value, surveys.value as expected, coverage.denominator
    from coverage
    inner join {{ ref('survey_values') }} as surveys
        on coverage.indicator_code = surveys.indicator_code
        and coverage.area_code = surveys.area_code
        and coverage.value_year = surveys.birth_year
    inner join limits on limits.rule_code = 'survey_differs'

    union all

    select
        'denominator_growth' as rule_code, grown.hierarchy_code, grown.level_code, grown.area_code,
        cast(grown.value_year as string) as period, grown.measure_code,
        grown.value / grown.expected < limits.lower_limit or grown.value / grown.expected > limits.upper_limit as is_found,
        grown.value, grown.expected, cast(null as double) as denominator
    from grown
    inner join limits on limits.rule_code = 'denominator_growth'

    union all

    select
        'denominator_parts' as rule_code, summed.hierarchy_code, summed.level_code, summed.area_code,
        summed.period, summed.measure_code,
        summed.value / summed.expected < limits.lower_limit or summed.value / summed.expected > limits.upper_limit as is_found,
        summed.value, summed.expected, cast(null as double) as denominator
    from summed
    inner join limits on limits.rule_code = 'denominator_parts'

    union all

    -- The effect is in births: what the rates differ by, over the population.
    select
        'birth_rate_implied' as rule_code, births.hierarchy_code, births.level_code, births.area_code,
        cast(births.value_year as string) as period, births.measure_code,
        births.value / births.expected < limits.lower_limit or births.value / births.expected > limits.upper_limit as is_found,
        births.value, births.expected, births.population / 10.0 as denominator
    from births
    inner join limits on limits.rule_code = 'birth_rate_implied'

    union all

    select
        'full_immunisation_differs' as rule_code, least_given.hierarchy_code, least_given.level_code, least_given.area_code,
        least_given.period, 'full_immunisation' as measure_code,
        published.value > least_given.value + limits.upper_limit as is_found,
        published.value, least_given.value as expected, least_given.denominator
    from least_given
    inner join {{ ref('full_immunisation_values') }} as published
        on least_given.area_code = published.area_code and least_given.period = cast(published.value_year as string)
    inner join limits on limits.rule_code = 'full_immunisation_differs'
)

select
    rule_code,
    hierarchy_code,
    level_code,
    area_code,
    period,
    judged.measure_code as series_code,
    measures.measure_code,
    case
        when measures.measure_code is null and rule_code <> 'full_immunisation_differs' then judged.measure_code
    end as indicator_code,
    cast(case when is_found then 1 else 0 end as bigint) as violations,
    cast(1 as bigint) as evaluated,
    value,
    expected,
    -- Points of a coverage in doses of its target.
    abs(value - expected) * coalesce(denominator / 100, 1) as effect
from judged
left join {{ ref('measures') }} as measures on judged.measure_code = measures.measure_code
