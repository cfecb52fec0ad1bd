{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_person_months') }}") }}

-- How much of a value rests on former communes that were split: of the measures that indicators are divided by, or
-- that they count. Above the communes nothing does, because all parts of a commune lie in one area there.
{%- set months = ref('int_touched_person_months') %}
with measures as (
    select distinct parts.measure_code
    from {{ ref('dim_indicator_parts') }} as parts
    inner join {{ ref('dim_indicators') }} as indicators using (indicator_code)
    where parts.part_role = {{ divided_by('indicators') }}
)

select
    splits.hierarchy_code,
    areas.level_code,
    splits.area_code,
    unit_values.month,
    unit_values.measure_code,
    sum(unit_values.value * splits.share) as value
from {{ ref('int_person_measures_unit_month') }} as unit_values
inner join measures on unit_values.measure_code = measures.measure_code
inner join {{ ref('int_unit_splits') }} as splits on unit_values.unit_code = splits.unit_code
inner join {{ ref('areas') }} as areas
    on splits.hierarchy_code = areas.hierarchy_code and splits.area_code = areas.area_code
where {{ 'unit_values.month in (select month from ' ~ months ~ ')' if is_incremental() else 'true' }}
group by all
