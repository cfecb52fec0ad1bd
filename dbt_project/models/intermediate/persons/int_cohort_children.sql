{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ forget_affected_persons() }}') }}
-- depends_on: {{ ref('int_cohort_children_before') }}

-- A child counts once an age: in the month in which it reaches it, where it lives and is cared for on that day.
with persons as (
    select * from {{ ref('int_persons') }}
    where {{ affected('person_key') }}
),

reached as (
    select
        persons.person_key,
        persons.birth_date,
        persons.birth_at,
        persons.source_code,
        ages.cohort_age_code,
        {{ add_age('persons.birth_date', 'ages.months', 0) }} as reach_date
    from persons
    cross join {{ ref('cohort_ages') }} as ages
    where
        persons.death_date is null
        or persons.death_date > {{ add_age('persons.birth_date', 'ages.months', 0) }}
)

select
    reached.*,
    {{ month_of('reached.reach_date') }} as month,
    -- A child whose address nobody sent is the nation's.
    coalesce(residences.unit_code, 'A:63:VN') as residence_unit_code,
    coalesce(care_places.unit_code, 'A:63:VN') as care_unit_code
from reached
left join {{ ref('int_person_residences') }} as residences
    on reached.person_key = residences.person_key
    and reached.reach_date >= residences.valid_from
    and (residences.valid_to is null or reached.reach_date < residences.valid_to)
left join {{ ref('int_person_care_places') }} as care_places
    on reached.person_key = care_places.person_key
    and reached.reach_date > care_places.valid_from
    and (care_places.valid_to is null or reached.reach_date <= care_places.valid_to)
