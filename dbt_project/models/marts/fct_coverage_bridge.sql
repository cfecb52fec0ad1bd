-- From what period coverage counts of a dose to what cohort coverage counts, in the same area and year. Every step is
-- counted for itself, and so are both ends: that they meet is a property of the data, which a test holds.
with flows as (
    select * from {{ ref('int_bridge_doses') }}
),

doses as (
    select
        doses.dose_code, doses.coverage_age_limit_months, ages.cohort_age_code,
        targets.measure_code as target_measure_code
    from {{ ref('vaccine_doses') }} as doses
    inner join {{ ref('cohort_ages') }} as ages on doses.coverage_age_limit_months = ages.months
    left join {{ ref('target_groups') }} as targets on doses.target_group_code = targets.target_group_code
),

period_measures as (
    select measures.measure_code, doses.dose_code
    from {{ ref('measures') }} as measures
    inner join doses
        on measures.dose_code = doses.dose_code and measures.age_limit_months = doses.coverage_age_limit_months
    where measures.measure_kind = 'dose_count'
),

-- Doses of which only a number is known: no record, and so no person, stands behind them.
of_reports as (
    select
        facilities.unit_code, year(reported.period_start_month) as year, period_measures.dose_code,
        'report_only' as step_code, -reported.value as value
    from {{ ref('int_report_values_current') }} as reported
    inner join period_measures on reported.measure_code = period_measures.measure_code
    inner join {{ ref('stg_programme__facilities') }} as facilities on reported.facility_code = facilities.facility_code
    left join {{ ref('int_facility_months') }} as facility_months
        on reported.facility_code = facility_months.facility_code
        and reported.period_start_month = facility_months.month
    where
        reported.period_start_month = reported.period_end_month
        and not coalesce(facility_months.has_records, false)

    union all

    select containers.unit_code, year(containers.month), period_measures.dose_code, 'larger_report_only', -containers.value
    from {{ ref('int_containers') }} as containers
    inner join period_measures on containers.measure_code = period_measures.measure_code
    where containers.annual_spread = 'none' and year(containers.span_start_month) = year(containers.month)
),

of_places as (
    select place_unit_code as unit_code, given_year as year, dose_code, out_code as step_code, -dose_count as value
    from flows
    where out_code is not null
    union all
    select residence_unit_code, reach_year, dose_code, in_code, dose_count
    from flows
    where in_code is not null
    union all
    select residence_unit_code, reach_year, dose_code, 'invalid', -dose_count
    from flows
    where is_invalid
    union all
    select residence_unit_code, reach_year, dose_code, 'cohort_recorded', dose_count
    from flows
    where out_code is null
    union all
    select residence_unit_code, reach_year, dose_code, 'cohort_valid', dose_count
    from flows
    where out_code is null and not is_invalid
),

unit_steps as (
    select unit_code, cast(year as integer) as year, dose_code, step_code, sum(value) as value
    from of_places
    group by all
),

report_steps as (
    select unit_code, cast(year as integer) as year, dose_code, step_code, sum(value) as value
    from of_reports
    group by all
),

ancestors as (
    select unit_code, hierarchy_code, level_code, area_code from {{ ref('int_unit_ancestors') }}
),

homes as (
    -- Who lives in a commune that was split lives in each of its parts with its share, as in the measures of persons.
    select unit_code, hierarchy_code, level_code, area_code, cast(1 as double) as share from ancestors
    union all
    select splits.unit_code, splits.hierarchy_code, areas.level_code, splits.area_code, splits.share
    from {{ ref('int_unit_splits') }} as splits
    inner join {{ ref('areas') }} as areas
        on splits.hierarchy_code = areas.hierarchy_code and splits.area_code = areas.area_code
),

stays as (
    -- Of one event, in one year: where it was given and where the child lives. In the same unit nothing differs.
    select place_unit_code, residence_unit_code, given_year as year, dose_code, sum(dose_count) as dose_count
    from flows
    where out_code is null and in_code is null and place_unit_code <> residence_unit_code
    group by all
),

moves as (
    select
        places.hierarchy_code, places.level_code, places.area_code, stays.year, stays.dose_code,
        -- An address that lies in no single area of this level and tree is none there.
        case when homes.area_code is null then 'no_residence' else 'lives_elsewhere' end as step_code,
        -stays.dose_count * coalesce(homes.share, 1) as value
    from stays
    inner join ancestors as places on stays.place_unit_code = places.unit_code
    left join homes
        on stays.residence_unit_code = homes.unit_code
        and places.hierarchy_code = homes.hierarchy_code
        and places.level_code = homes.level_code
    where homes.area_code is null or homes.area_code <> places.area_code

    union all

    select homes.hierarchy_code, homes.level_code, homes.area_code, stays.year, stays.dose_code,
        'vaccinated_elsewhere', stays.dose_count * homes.share
    from stays
    inner join homes on stays.residence_unit_code = homes.unit_code
    left join ancestors as places
        on stays.place_unit_code = places.unit_code
        and homes.hierarchy_code = places.hierarchy_code
        and homes.level_code = places.level_code
    where places.area_code is null or homes.area_code <> places.area_code
),

period_values as (
    select hierarchy_code, level_code, area_code, year(month) as year, measure_code, sum(value) as value
    from {{ ref('fct_reported_measure_values') }}
    where
        year(span_start_month) = year(month)
        and (
            measure_code in (select measure_code from period_measures)
            or measure_code in (select target_measure_code from doses)
        )
    group by all
),

child_units as (
    select residence_unit_code as unit_code, year(reach_date) as year, cohort_age_code,
        count(*) as registered, count(*) filter (where is_followed) as followed
    from {{ ref('int_followed_children') }}
    where month < {{ month_of(as_of_date()) }} and cohort_age_code in (select cohort_age_code from doses)
    group by all
),

child_areas as (
    select homes.hierarchy_code, homes.level_code, homes.area_code, child_units.year,
        child_units.cohort_age_code, sum(child_units.registered * homes.share) as registered,
        sum(child_units.followed * homes.share) as followed
    from child_units
    inner join homes on child_units.unit_code = homes.unit_code
    group by all
),

area_steps as (
    select period_values.hierarchy_code, period_values.level_code, period_values.area_code, period_values.year,
        period_measures.dose_code, 'period_doses' as step_code, period_values.value
    from period_values
    inner join period_measures on period_values.measure_code = period_measures.measure_code
    union all
    select homes.hierarchy_code, homes.level_code, homes.area_code, unit_steps.year, unit_steps.dose_code,
        unit_steps.step_code, unit_steps.value * homes.share
    from unit_steps
    inner join homes on unit_steps.unit_code = homes.unit_code
    union all
    select ancestors.hierarchy_code, ancestors.level_code, ancestors.area_code, report_steps.year,
        report_steps.dose_code, report_steps.step_code, report_steps.value
    from report_steps
    inner join ancestors on report_steps.unit_code = ancestors.unit_code
    union all
    select hierarchy_code, level_code, area_code, year, dose_code, step_code, value from moves
    union all
    select child_areas.hierarchy_code, child_areas.level_code, child_areas.area_code, child_areas.year,
        doses.dose_code, 'children_registered', child_areas.registered
    from child_areas
    inner join doses on child_areas.cohort_age_code = doses.cohort_age_code
    union all
    select child_areas.hierarchy_code, child_areas.level_code, child_areas.area_code, child_areas.year,
        doses.dose_code, 'children_followed', child_areas.followed
    from child_areas
    inner join doses on child_areas.cohort_age_code = doses.cohort_age_code
    union all
    select period_values.hierarchy_code, period_values.level_code, period_values.area_code, period_values.year,
        doses.dose_code, 'target', period_values.value
    from period_values
    inner join doses on period_values.measure_code = doses.target_measure_code
),

summed as (
    select hierarchy_code, level_code, area_code, cast(year as integer) as year, dose_code, step_code,
        cast(sum(value) as double) as value
    from area_steps
    -- Of communes only the headline doses: the others would be more than half of all rows.
    where
        level_code <> 'commune'
        or dose_code in (select dose_code from {{ ref('indicators') }} where is_headline and dose_code is not null)
    group by all
),

bridges as (
    -- Where no person is known, a report is all that could be bridged: to nothing.
    select hierarchy_code, level_code, area_code, year, dose_code,
        coalesce(max(case when step_code = 'period_doses' then value end), 0) as period_doses,
        coalesce(max(case when step_code = 'cohort_recorded' then value end), 0) as cohort_recorded,
        coalesce(max(case when step_code = 'cohort_valid' then value end), 0) as cohort_valid,
        max(case when step_code = 'target' and value > 0 then value end) as target,
        max(case when step_code = 'children_registered' and value > 0 then value end) as registered,
        max(case when step_code = 'children_followed' and value > 0 then value end) as followed
    from summed
    group by all
    having
        max(
            case
                when step_code not in (
                    'period_doses', 'report_only', 'larger_report_only', 'target', 'children_registered',
                    'children_followed'
                ) then 1
            end
        ) = 1
),

stated as (
    -- Both ends are stated, also where they are 0.
    select hierarchy_code, level_code, area_code, year, dose_code, 'period_doses' as step_code, period_doses as value
    from bridges
    union all
    select hierarchy_code, level_code, area_code, year, dose_code, 'cohort_recorded', cohort_recorded from bridges
    union all
    select hierarchy_code, level_code, area_code, year, dose_code, 'cohort_valid', cohort_valid from bridges
    union all
    select hierarchy_code, level_code, area_code, year, dose_code, 'denominator', registered - target from bridges
    where registered is not null and target is not null
    union all
    select hierarchy_code, level_code, area_code, year, dose_code, 'denominator_followed',
        coalesce(followed, 0) - registered
    from bridges
    where registered is not null
    union all
    select hierarchy_code, level_code, area_code, year, dose_code, step_code, value
    from summed
    where step_code not in ('period_doses', 'cohort_recorded', 'cohort_valid') and value <> 0
)

select
    stated.hierarchy_code,
    stated.level_code,
    stated.area_code,
    stated.year,
    stated.dose_code,
    stated.step_code,
    steps.sort_order,
    stated.value,
    -- Doses and children over the target of the period, then the one numerator over one denominator after the other.
    case
        when bridges.target is null or bridges.registered is null or bridges.followed is null then null
        when steps.step_kind in ('start', 'step', 'subtotal') then {{ percent('stated.value', 'bridges.target') }}
        when stated.step_code = 'denominator'
            then {{ percent('bridges.cohort_valid', 'bridges.registered') }}
                - {{ percent('bridges.cohort_valid', 'bridges.target') }}
        when stated.step_code = 'denominator_followed'
            then {{ percent('bridges.cohort_valid', 'bridges.followed') }}
                - {{ percent('bridges.cohort_valid', 'bridges.registered') }}
        when steps.step_kind = 'end' then {{ percent('stated.value', 'bridges.followed') }}
    end as percentage_points
from stated
inner join bridges
    on stated.hierarchy_code = bridges.hierarchy_code
    and stated.area_code = bridges.area_code
    and stated.year = bridges.year
    and stated.dose_code = bridges.dose_code
inner join {{ ref('bridge_steps') }} as steps on stated.step_code = steps.step_code
order by stated.hierarchy_code, stated.level_code, stated.dose_code, stated.area_code, stated.year, steps.sort_order
