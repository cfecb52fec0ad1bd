-- Over which denominators an indicator can be read: one row per indicator and denominator. An indicator that divides by
-- the measure of a target group can divide by what any other denominator has for that group.
with own_terms as (
    select
        indicators.indicator_code,
        terms.measure_code,
        terms.offset_years,
        vaccine_doses.target_group_code
    from {{ ref('indicators') }} as indicators
    inner join {{ ref('indicator_terms') }} as terms using (indicator_code)
    left join {{ ref('vaccine_doses') }} as vaccine_doses using (dose_code)
    where
        indicators.indicator_kind = 'coverage'
        and indicators.missing_policy = 'full_target'
        and terms.term_role = 'denominator'
),

single_terms as (
    select indicator_code, min(measure_code) as measure_code, min(target_group_code) as target_group_code
    from own_terms
    group by indicator_code
    having count(*) = 1 and min(offset_years) = 0
),

groups_of_measures as (
    -- Of an indicator without a dose, the group is the one that its measure counts.
    select measure_code, min(target_group_code) as target_group_code
    from {{ ref('target_groups') }}
    group by measure_code
    having count(*) = 1
),

grouped as (
    select
        single_terms.indicator_code,
        single_terms.measure_code as own_measure_code,
        coalesce(single_terms.target_group_code, groups_of_measures.target_group_code) as target_group_code
    from single_terms
    left join groups_of_measures using (measure_code)
)

select
    grouped.indicator_code,
    measures.denominator_code,
    grouped.own_measure_code = measures.measure_code as is_own,
    measures.measure_code,
    measures.weight,
    measures.offset_years
from grouped
-- Who divides by something else than the measure of the group keeps to that.
inner join {{ ref('target_groups') }} as target_groups
    on grouped.target_group_code = target_groups.target_group_code
    and grouped.own_measure_code = target_groups.measure_code
inner join {{ ref('denominator_measures') }} as measures
    on grouped.target_group_code = measures.target_group_code
