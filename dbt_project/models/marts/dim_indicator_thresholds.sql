select * from {{ ref('indicator_thresholds') }}
