select * from {{ ref('distributions') }}
