select * from {{ ref('int_indicator_terms') }}
