select * from {{ identity('person_links') }}
