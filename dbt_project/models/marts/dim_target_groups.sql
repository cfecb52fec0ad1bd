select * from {{ ref('target_groups') }}
