{{ config(materialized='view') }}

-- Whether a child is known from its birth on: born after records began to come from the province where it lives.
with unit_provinces as (
    select unit_code, area_code
    from {{ ref('int_unit_ancestors') }}
    where hierarchy_code = '34' and level_code = 'province'
),

national_start as (
    select min(start_month) as start_month from {{ ref('int_registry_starts') }} where level_code = 'nation'
)

select
    cohort.*,
    coalesce(cohort.birth_date >= coalesce(starts.start_month, national_start.start_month), false) as is_followed
from {{ ref('int_cohort_children') }} as cohort
cross join national_start
left join unit_provinces on cohort.residence_unit_code = unit_provinces.unit_code
left join {{ ref('int_registry_starts') }} as starts
    on unit_provinces.area_code = starts.area_code and starts.level_code = 'province'
