-- Of the children born in a year who have reached an age, how many had a dose before it. A child joins each point that
-- it has reached, so that the youngest of a year do not pull its curve down.
with children as (
    select
        children.person_key,
        children.residence_unit_code,
        year(children.birth_date) as birth_year,
        children.birth_date,
        {{ completed_months('children.birth_date', month_of(as_of_date())) }} as observed_months
    from {{ ref('int_followed_children') }} as children
    inner join {{ ref('cohort_ages') }} as ages on children.cohort_age_code = ages.cohort_age_code
    -- Residence is that of the first birthday, or the last known before.
    where children.is_followed and ages.months = 12
),

places as (
    select unit_areas.unit_code, unit_areas.hierarchy_code, ancestors.ancestor_level_code as level_code,
        ancestors.ancestor_code as area_code
    from {{ ref('int_unit_areas') }} as unit_areas
    inner join {{ ref('int_area_ancestors') }} as ancestors
        on unit_areas.hierarchy_code = ancestors.hierarchy_code and unit_areas.area_code = ancestors.area_code
    where ancestors.ancestor_level_code in ('nation', 'region', 'province')
),

child_counts as (
    select residence_unit_code, birth_year, observed_months, count(*) as child_count
    from children
    where observed_months >= 1
    group by all
),

area_children as (
    select places.hierarchy_code, places.level_code, places.area_code, child_counts.birth_year,
        child_counts.observed_months, sum(child_counts.child_count) as child_count
    from child_counts
    inner join places on child_counts.residence_unit_code = places.unit_code
    group by all
),

dose_counts as (
    select
        children.residence_unit_code,
        children.birth_year,
        children.observed_months,
        verdicts.series_code,
        verdicts.recorded_dose_number,
        verdicts.valid_dose_number,
        greatest({{ completed_months('verdicts.birth_date', 'verdicts.given_date') }}, 0) as age_months,
        count(*) as dose_count
    from children
    inner join {{ ref('int_dose_verdicts') }} as verdicts on children.person_key = verdicts.person_key
    where children.observed_months >= 1
    group by all
),

area_doses as (
    select places.hierarchy_code, places.area_code, dose_counts.birth_year, dose_counts.observed_months,
        dose_counts.series_code, dose_counts.recorded_dose_number, dose_counts.valid_dose_number,
        dose_counts.age_months, sum(dose_counts.dose_count) as dose_count
    from dose_counts
    inner join places on dose_counts.residence_unit_code = places.unit_code
    group by all
),

of_dose as (
    select area_doses.*, doses.dose_code,
        area_doses.dose_count as recorded_count,
        0 as valid_count
    from area_doses
    inner join {{ ref('vaccine_doses') }} as doses
        on area_doses.series_code = doses.series_code and area_doses.recorded_dose_number = doses.dose_number
    union all
    select area_doses.*, doses.dose_code, 0, area_doses.dose_count
    from area_doses
    inner join {{ ref('vaccine_doses') }} as doses
        on area_doses.series_code = doses.series_code and area_doses.valid_dose_number = doses.dose_number
),

by_age as (
    select hierarchy_code, area_code, birth_year, dose_code, observed_months, age_months,
        sum(recorded_count) as recorded_count, sum(valid_count) as valid_count
    from of_dose
    group by all
),

points as (
    select cast(position as integer) as age_months
    from (select row_number() over (order by area_code) as position from {{ ref('areas') }}) as numbers
    where position <= (select max(months) from {{ ref('cohort_ages') }})
),

denominators as (
    select area_children.hierarchy_code, area_children.level_code, area_children.area_code, area_children.birth_year,
        points.age_months, sum(area_children.child_count) as child_count
    from area_children
    inner join points on area_children.observed_months >= points.age_months
    group by all
),

numerators as (
    select by_age.hierarchy_code, by_age.area_code, by_age.birth_year, by_age.dose_code, points.age_months,
        sum(by_age.recorded_count) as recorded_count, sum(by_age.valid_count) as valid_count
    from by_age
    inner join points on by_age.observed_months >= points.age_months and by_age.age_months < points.age_months
    group by all
)

select
    denominators.hierarchy_code,
    denominators.level_code,
    denominators.area_code,
    cast(denominators.birth_year as integer) as birth_year,
    numerators.dose_code,
    denominators.age_months,
    cast(denominators.child_count as bigint) as child_count,
    cast(numerators.recorded_count as bigint) as recorded_count,
    cast(numerators.valid_count as bigint) as valid_count,
    {{ percent('numerators.recorded_count', 'denominators.child_count') }} as recorded_pct,
    {{ percent('numerators.valid_count', 'denominators.child_count') }} as valid_pct
from denominators
inner join numerators
    on denominators.hierarchy_code = numerators.hierarchy_code
    and denominators.area_code = numerators.area_code
    and denominators.birth_year = numerators.birth_year
    and denominators.age_months = numerators.age_months
