select * from {{ ref('hierarchies') }}
