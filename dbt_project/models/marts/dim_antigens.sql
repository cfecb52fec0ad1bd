select * from {{ ref('antigens') }}
