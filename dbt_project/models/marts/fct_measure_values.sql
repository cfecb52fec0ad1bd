{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='month', on_schema_change='fail',
    tags=['monthly']) }}

with unit_values as (
    select * from {{ ref('int_measures_unit_month') }}
    where {{ touched('month') }}
)

select
    unit_ancestors.hierarchy_code,
    unit_ancestors.level_code,
    unit_ancestors.area_code,
    unit_values.month,
    unit_values.span_start_month,
    unit_values.measure_code,
    unit_values.source_code,
    sum(unit_values.value) as value
from unit_values
inner join {{ ref('int_unit_ancestors') }} as unit_ancestors using (unit_code)
group by all
-- Readers ask for one measure at one level: that order lets them skip nearly everything.
order by hierarchy_code, level_code, measure_code, area_code, month
