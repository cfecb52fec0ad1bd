select * from {{ ref('vaccine_doses') }}
