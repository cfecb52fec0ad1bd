select * from {{ identity('person_redirects') }}
