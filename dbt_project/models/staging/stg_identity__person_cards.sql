select * from {{ identity('person_cards') }}
