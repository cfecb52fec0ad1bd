select * from {{ ref('indicator_terms') }}
