select * from {{ ref('anomaly_causes') }}
