-- Where people live and where they are vaccinated. One injection is one, whatever it contains.
with injections as (
    select distinct person_key, given_date, product_code, residence_unit_code, unit_code
    from {{ ref('int_dose_verdicts') }}
    where unit_code is not null
),

unit_flows as (
    select year(given_date) as given_year, residence_unit_code, unit_code, count(*) as injection_count
    from injections
    group by all
),

levels as (
    select unit_code, hierarchy_code, level_code, area_code
    from {{ ref('int_unit_ancestors') }}
    where level_code in ('province', 'district')
)

select
    places.hierarchy_code,
    places.level_code,
    cast(unit_flows.given_year as integer) as given_year,
    -- Without an address, or with one that lies in no single area of this tree.
    coalesce(residences.area_code, 'unknown') as residence_area_code,
    places.area_code as place_area_code,
    cast(sum(unit_flows.injection_count) as bigint) as injection_count
from unit_flows
inner join levels as places on unit_flows.unit_code = places.unit_code
left join levels as residences
    on unit_flows.residence_unit_code = residences.unit_code
    and places.hierarchy_code = residences.hierarchy_code
    and places.level_code = residences.level_code
group by all
