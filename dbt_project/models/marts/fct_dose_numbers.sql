-- Whether the number that a record gives a dose is its true place among the person's doses of the series, by where and
-- when it was given. Only persons born after records began to come from the province are looked at: of the others, doses
-- that were never sent are missing before the first one known.
with national_start as (
    select min(start_month) as start_month from {{ ref('int_registry_starts') }} where level_code = 'nation'
),

unit_starts as (
    select provinces.unit_code, coalesce(starts.start_month, national_start.start_month) as start_month
    from {{ ref('int_unit_ancestors') }} as provinces
    cross join national_start
    left join {{ ref('int_registry_starts') }} as starts
        on provinces.area_code = starts.area_code and starts.level_code = 'province'
    where provinces.hierarchy_code = '34' and provinces.level_code = 'province'
),

unit_doses as (
    select
        year(verdicts.given_date) as given_year,
        verdicts.unit_code,
        doses.dose_code,
        count(*) as dose_count,
        count(*) filter (where verdicts.dose_number <> verdicts.recorded_dose_number) as differing_count
    from {{ ref('int_dose_verdicts') }} as verdicts
    inner join unit_starts
        on verdicts.unit_code = unit_starts.unit_code and verdicts.birth_date >= unit_starts.start_month
    inner join {{ ref('vaccine_doses') }} as doses
        on verdicts.series_code = doses.series_code and verdicts.dose_number = doses.dose_number
    group by all
)

select
    places.hierarchy_code,
    places.level_code,
    places.area_code,
    cast(unit_doses.given_year as integer) as given_year,
    unit_doses.dose_code,
    cast(sum(unit_doses.dose_count) as bigint) as dose_count,
    cast(sum(unit_doses.differing_count) as bigint) as differing_count
from unit_doses
inner join {{ ref('int_unit_ancestors') }} as places on unit_doses.unit_code = places.unit_code
where places.level_code <> 'commune'
group by all
