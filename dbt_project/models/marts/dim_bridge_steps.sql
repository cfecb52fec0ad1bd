select * from {{ ref('bridge_steps') }}
