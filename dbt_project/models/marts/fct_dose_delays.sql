-- How late doses are. Days are counted first and read as a distribution last: medians of parts do not make a median.
with limits as (
    -- Each dose is looked at when a child reaches the age up to which it counts for coverage.
    select
        doses.dose_code, doses.series_code, doses.dose_number, ages.cohort_age_code, windows.window_days
    from {{ ref('vaccine_doses') }} as doses
    inner join {{ ref('cohort_ages') }} as ages on doses.coverage_age_limit_months = ages.months
    inner join {{ ref('dose_windows') }} as windows on doses.dose_code = windows.dose_code
),

children as (
    select
        *,
        cast(date_trunc('quarter', reach_date) as date) as quarter_start
    from {{ ref('int_followed_children') }}
    where
        is_followed
        and month < {{ month_of(as_of_date()) }}
        and cohort_age_code in (select cohort_age_code from limits)
),

rules as (
    select dose_code, recommended_age, valid_from, valid_to from {{ ref('int_schedule_doses') }}
),

recommended as (
    -- The calendar is asked once a birth date, not once a child.
    select
        births.birth_date,
        limits.cohort_age_code,
        limits.dose_code,
        limits.series_code,
        limits.dose_number,
        limits.window_days,
        {{ add_age_text('births.birth_date', 'rules.recommended_age') }} as recommended_date
    from (select distinct birth_date, cohort_age_code from children) as births
    inner join limits on births.cohort_age_code = limits.cohort_age_code
    inner join rules
        on limits.dose_code = rules.dose_code
        and births.birth_date >= rules.valid_from
        and (rules.valid_to is null or births.birth_date < rules.valid_to)
),

given as (
    select
        unit_areas.hierarchy_code,
        unit_areas.area_code,
        children.quarter_start,
        recommended.dose_code,
        recommended.window_days,
        {{ days_between('recommended.recommended_date', 'verdicts.given_date') }} as delay_days,
        count(*) as dose_count
    from children
    inner join {{ ref('int_dose_verdicts') }} as verdicts
        on children.person_key = verdicts.person_key
        and verdicts.valid_dose_number is not null
        and verdicts.given_date < children.reach_date
    inner join recommended
        on children.birth_date = recommended.birth_date
        and children.cohort_age_code = recommended.cohort_age_code
        and verdicts.series_code = recommended.series_code
        and verdicts.valid_dose_number = recommended.dose_number
    inner join {{ ref('int_unit_areas') }} as unit_areas on children.residence_unit_code = unit_areas.unit_code
    group by all
),

periods as (
    select distinct
        quarter_start,
        'quarter' as period_type,
        cast(year(quarter_start) as string) || 'Q' || quarter(quarter_start) as period
    from children
    union all
    select distinct quarter_start, 'year', cast(year(quarter_start) as string) from children
),

area_days as (
    select
        given.hierarchy_code,
        ancestors.ancestor_level_code as level_code,
        ancestors.ancestor_code as area_code,
        periods.period_type,
        periods.period,
        given.dose_code,
        given.window_days,
        given.delay_days,
        sum(given.dose_count) as dose_count
    from given
    inner join periods on given.quarter_start = periods.quarter_start
    inner join {{ ref('int_area_ancestors') }} as ancestors
        on given.hierarchy_code = ancestors.hierarchy_code and given.area_code = ancestors.area_code
    group by all
),

running as (
    select
        *,
        sum(dose_count) over (
            partition by hierarchy_code, area_code, period_type, period, dose_code
            order by delay_days rows unbounded preceding
        ) as running_count,
        sum(dose_count) over (
            partition by hierarchy_code, area_code, period_type, period, dose_code
        ) as vaccinated_count
    from area_days
),

distributions as (
    select
        hierarchy_code, level_code, area_code, period_type, period, dose_code,
        max(vaccinated_count) as vaccinated_count,
        sum(case when delay_days <= window_days then dose_count else 0 end) as within_window_count,
        min(case when running_count >= 0.5 * vaccinated_count then delay_days end) as median_delay_days,
        min(
            case when running_count >= {{ person_parameter('delay_tail_share') }} * vaccinated_count then delay_days end
        ) as tail_delay_days
    from running
    group by hierarchy_code, level_code, area_code, period_type, period, dose_code
),

child_counts as (
    select unit_areas.hierarchy_code, unit_areas.area_code, children.quarter_start, children.cohort_age_code,
        count(*) as child_count
    from children
    inner join {{ ref('int_unit_areas') }} as unit_areas on children.residence_unit_code = unit_areas.unit_code
    group by all
),

cohorts as (
    select
        child_counts.hierarchy_code,
        ancestors.ancestor_level_code as level_code,
        ancestors.ancestor_code as area_code,
        periods.period_type,
        periods.period,
        child_counts.cohort_age_code,
        sum(child_counts.child_count) as child_count
    from child_counts
    inner join periods on child_counts.quarter_start = periods.quarter_start
    inner join {{ ref('int_area_ancestors') }} as ancestors
        on child_counts.hierarchy_code = ancestors.hierarchy_code and child_counts.area_code = ancestors.area_code
    group by all
)

select
    cohorts.hierarchy_code,
    cohorts.level_code,
    cohorts.area_code,
    cohorts.period_type,
    cohorts.period,
    cohorts.cohort_age_code,
    limits.dose_code,
    cast(cohorts.child_count as bigint) as child_count,
    cast(coalesce(distributions.vaccinated_count, 0) as bigint) as vaccinated_count,
    cast(coalesce(distributions.within_window_count, 0) as bigint) as within_window_count,
    {{ percent('coalesce(distributions.within_window_count, 0)', 'cohorts.child_count') }} as within_window_pct,
    -- Too few doses have no distribution worth showing.
    cast(
        case when distributions.vaccinated_count >= {{ person_parameter('smallest_group') }}
            then distributions.median_delay_days end as integer
    ) as median_delay_days,
    cast(
        case when distributions.vaccinated_count >= {{ person_parameter('smallest_group') }}
            then distributions.tail_delay_days end as integer
    ) as tail_delay_days
from cohorts
inner join limits on cohorts.cohort_age_code = limits.cohort_age_code
left join distributions
    on cohorts.hierarchy_code = distributions.hierarchy_code
    and cohorts.area_code = distributions.area_code
    and cohorts.period_type = distributions.period_type
    and cohorts.period = distributions.period
    and limits.dose_code = distributions.dose_code
