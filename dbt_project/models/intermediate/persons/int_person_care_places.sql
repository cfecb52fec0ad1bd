{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ forget_affected_persons() }}') }}

-- Where a person was seen: the place of the newest facility record, until another place follows.
with records as (
    select * from {{ ref('int_person_records') }}
    where {{ affected('person_key') }} and given_date is not null and record_origin = 'facility' and unit_code is not null
),

days as (
    select
        person_key,
        given_date,
        unit_code,
        row_number() over (partition by person_key, given_date order by unit_code) as day_rank
    from records
),

followed as (
    select
        person_key,
        given_date,
        unit_code,
        lag(unit_code) over (partition by person_key order by given_date) as unit_before
    from days
    where day_rank = 1
)

select
    followed.person_key,
    followed.unit_code,
    case when followed.unit_before is null then least(persons.birth_date, followed.given_date) else followed.given_date end
        as valid_from,
    lead(followed.given_date) over (partition by followed.person_key order by followed.given_date) as valid_to
from followed
inner join {{ ref('int_persons') }} as persons on followed.person_key = persons.person_key
where followed.unit_before is null or followed.unit_before <> followed.unit_code
