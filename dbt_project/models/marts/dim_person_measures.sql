select * from {{ ref('person_measures') }}
