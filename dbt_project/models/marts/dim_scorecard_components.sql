select * from {{ ref('scorecard_components') }}
