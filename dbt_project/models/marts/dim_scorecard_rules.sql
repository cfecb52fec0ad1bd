select * from {{ ref('scorecard_rules') }}
