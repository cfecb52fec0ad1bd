select first.person_key, first.valid_from, second.valid_from as second_valid_from
from {{ ref('int_person_residences') }} as first
inner join {{ ref('int_person_residences') }} as second
    on first.person_key = second.person_key
    and first.valid_from < second.valid_from
    and (first.valid_to is null or second.valid_from < first.valid_to)
