{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_months') }}") }}

-- What each facility reported of a month and counts, as its forms show it. Doses of its records are in the breakdowns.
select facility_code, month, measure_code, source_code, value
from {{ ref('int_facility_values') }}
where not is_recorded and {{ touched('month') }}
