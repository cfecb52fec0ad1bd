{{ config(materialized='view', tags=['monthly']) }}

-- What is reported and what is counted of persons: one engine for both, made again by different months.
select hierarchy_code, level_code, area_code, month, span_start_month, measure_code, source_code, value
from {{ ref('fct_reported_measure_values') }}
union all
select hierarchy_code, level_code, area_code, month, span_start_month, measure_code, source_code, value
from {{ ref('fct_person_measure_values') }}
