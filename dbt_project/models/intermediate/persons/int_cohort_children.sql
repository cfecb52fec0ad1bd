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
        persons.mother_key,
        ages.cohort_age_code,
        {{ add_age('persons.birth_date', 'ages.months', 0) }} as reach_date
    from persons
    cross join {{ ref('cohort_ages') }} as ages
    where
        persons.death_date is null
        or persons.death_date > {{ add_age('persons.birth_date', 'ages.months', 0) }}
),

mother_doses as (
    -- What a mother had before the birth: as many doses as were recorded, or as the last one says it was.
    select
        newborns.mother_key,
        newborns.birth_date,
        greatest(count(*), max(doses.dose_number)) as lifetime_doses,
        max(doses.given_date) as last_date
    from (select distinct mother_key, birth_date from persons where mother_key is not null) as newborns
    inner join {{ ref('int_woman_doses') }} as doses
        on newborns.mother_key = doses.woman_key and doses.given_date <= newborns.birth_date
    group by newborns.mother_key, newborns.birth_date
),

protections as (
    select
        mother_doses.mother_key,
        mother_doses.birth_date,
        coalesce(
            bool_or(
                mother_doses.birth_date < {{ add_age('mother_doses.last_date', '12 * rules.protected_years', 0) }}
            ), false
        ) as is_protected
    from mother_doses
    left join {{ ref('tetanus_protection') }} as rules on mother_doses.lifetime_doses >= rules.lifetime_doses
    group by mother_doses.mother_key, mother_doses.birth_date
)

select
    reached.person_key,
    reached.birth_date,
    reached.birth_at,
    reached.source_code,
    reached.cohort_age_code,
    reached.reach_date,
    protections.is_protected as is_protected_at_birth,
    {{ month_of('reached.reach_date') }} as month,
    -- A child whose address nobody sent is the nation's.
    coalesce(residences.unit_code, 'A:63:VN') as residence_unit_code,
    coalesce(care_places.unit_code, 'A:63:VN') as care_unit_code
from reached
left join protections
    on reached.mother_key = protections.mother_key and reached.birth_date = protections.birth_date
left join {{ ref('int_person_residences') }} as residences
    on reached.person_key = residences.person_key
    and reached.reach_date >= residences.valid_from
    and (residences.valid_to is null or reached.reach_date < residences.valid_to)
left join {{ ref('int_person_care_places') }} as care_places
    on reached.person_key = care_places.person_key
    and reached.reach_date > care_places.valid_from
    and (care_places.valid_to is null or reached.reach_date <= care_places.valid_to)
