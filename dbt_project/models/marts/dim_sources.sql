select * from {{ ref('sources') }}
