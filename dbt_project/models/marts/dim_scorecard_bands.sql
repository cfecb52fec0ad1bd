select * from {{ ref('scorecard_bands') }}
