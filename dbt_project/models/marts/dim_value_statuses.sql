select * from {{ ref('value_statuses') }}
