{{ config(severity='warn') }}
-- A report that is less than what its parts say is a finding for a steward: the parts stand.
select reporter_code, span_start_month, month, measure_code, reported_value, parts_value
from {{ ref('int_containers') }}
where is_below_parts and annual_spread = 'none'
