select * from {{ ref('person_parameters') }}
