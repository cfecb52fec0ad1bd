-- Names and contacts are those of the card that was known last and has one; a name before no name.
with cards as (
    select * from {{ ref('per_cards') }}
),

named as (
    select
        person_key,
        {{ newest_of('full_name', 'known_from', 'card_key') }} as full_name,
        {{ newest_of('mother_name', 'known_from', 'card_key') }} as mother_name,
        {{ newest_of('phone', 'known_from', 'card_key') }} as phone
    from cards
    group by person_key
)

select
    persons.person_key,
    named.full_name,
    {{ search_key('named.full_name') }} as search_key,
    persons.birth_date,
    persons.sex,
    persons.birth_order,
    named.mother_name,
    named.phone,
    persons.contact_opt_out,
    persons.death_date,
    persons.card_count,
    persons.record_count
from {{ ref('int_persons') }} as persons
left join named on persons.person_key = named.person_key
