{{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ forget_affected_persons() }}') }}

-- Where a person lived, as addresses were sent: from the first record that says so until another says otherwise.
with records as (
    select * from {{ ref('int_person_records') }}
    where {{ affected('person_key') }} and given_date is not null
),

addresses as (
    select
        person_key,
        given_date as said_date,
        coalesce(temporary_commune_code, household_commune_code) as commune_code,
        case when temporary_commune_code is null then 'household' else 'temporary' end as residence_kind,
        row_number() over (
            partition by person_key, given_date order by version_at desc, record_key desc
        ) as newest_rank
    from records
    where coalesce(temporary_commune_code, household_commune_code) is not null
),

communes as (
    select
        area_code as commune_code,
        bool_or(hierarchy_code = '63') as is_old,
        bool_or(hierarchy_code = '34') as is_new
    from {{ ref('areas') }}
    where level_code = 'commune'
    group by area_code
),

trees as (
    select valid_from as new_from from {{ ref('hierarchies') }} where hierarchy_code = '34'
),

placed as (
    -- One code can name a commune of either tree: it is read in the tree of its day.
    select
        addresses.person_key,
        addresses.said_date,
        addresses.commune_code,
        addresses.residence_kind,
        case
            when communes.is_old and (addresses.said_date < trees.new_from or not communes.is_new) then '63'
            else '34'
        end as hierarchy_code
    from addresses
    inner join communes on addresses.commune_code = communes.commune_code
    cross join trees
    where addresses.newest_rank = 1
),

successions as (
    select distinct from_code, to_code
    from {{ ref('area_changes') }}
    where from_hierarchy_code = '63' and to_hierarchy_code = '34'
),

followed as (
    select
        *,
        lag(hierarchy_code) over (partition by person_key order by said_date) as hierarchy_before,
        lag(commune_code) over (partition by person_key order by said_date) as commune_before
    from placed
),

moves as (
    -- A commune's own successor is the same place under a new code.
    select
        followed.*,
        case
            when followed.hierarchy_before is null then 0
            when followed.hierarchy_before = followed.hierarchy_code
                then case when followed.commune_before = followed.commune_code then 0 else 1 end
            when successions.from_code is null then 1
            else 0
        end as is_move
    from followed
    left join successions
        on followed.hierarchy_before <> followed.hierarchy_code
        and successions.from_code
            = case when followed.hierarchy_code = '34' then followed.commune_before else followed.commune_code end
        and successions.to_code
            = case when followed.hierarchy_code = '34' then followed.commune_code else followed.commune_before end
),

stays as (
    select
        *,
        sum(is_move) over (partition by person_key order by said_date rows unbounded preceding) as stay_no
    from moves
),

places as (
    select
        person_key,
        stay_no,
        min(said_date) as first_said_date,
        min_by(residence_kind, said_date) as residence_kind,
        min_by(commune_code, said_date) filter (where hierarchy_code = '63') as commune_code_2017,
        min_by(commune_code, said_date) filter (where hierarchy_code = '34') as commune_code_2025
    from stays
    group by person_key, stay_no
)

select
    places.person_key,
    case when places.commune_code_2017 is null then '34' else '63' end as hierarchy_code,
    coalesce(places.commune_code_2017, places.commune_code_2025) as commune_code,
    places.residence_kind,
    case
        when places.stay_no = 0 then least(persons.birth_date, places.first_said_date)
        else places.first_said_date
    end as valid_from,
    lead(places.first_said_date) over (partition by places.person_key order by places.first_said_date) as valid_to,
    case
        -- Both codes are known: the place lies in one commune of either tree, as a facility does.
        when places.commune_code_2017 is not null and places.commune_code_2025 is not null
            then 'C:' || places.commune_code_2017 || ':' || places.commune_code_2025
        when places.commune_code_2017 is not null then 'A:63:' || places.commune_code_2017
        else 'A:34:' || places.commune_code_2025
    end as unit_code
from places
inner join {{ ref('int_persons') }} as persons on places.person_key = persons.person_key
