select * from {{ ref('dose_windows') }}
