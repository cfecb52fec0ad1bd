select
    person_cards.card_key,
    person_cards.person_key,
    cards.person_code,
    cards.national_id,
    cards.full_name,
    cards.birth_date,
    cards.sex,
    cards.mother_name,
    cards.phone,
    cards.household_commune_code,
    cards.temporary_commune_code,
    cards.birth_order,
    cards.known_from
from {{ ref('int_person_cards') }} as person_cards
inner join {{ ref('int_sent_cards') }} as cards on person_cards.card_key = cards.card_key
