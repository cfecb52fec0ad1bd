{{ config(materialized='view', tags=['monthly']) }}

-- What is reported, what is counted of persons, and who reported month after month: one engine for all, made again by
-- different months.
select hierarchy_code, level_code, area_code, month, span_start_month, measure_code, source_code, value
from {{ ref('fct_reported_measure_values') }}
union all
select hierarchy_code, level_code, area_code, month, span_start_month, measure_code, source_code, value
from {{ ref('fct_person_measure_values') }}
union all
select hierarchy_code, level_code, area_code, month, span_start_month, measure_code, source_code, value
from {{ ref('fct_reporting_values') }}
