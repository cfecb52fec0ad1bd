select * from {{ ref('red_rules') }}
