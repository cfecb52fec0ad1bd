{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_person_months') }}") }}
-- depends_on: {{ ref('int_unit_ancestors') }}
-- depends_on: {{ ref('int_unit_splits') }}
{%- set months = ref('int_touched_person_months') %}
{%- set touched_months = 'month in (select month from ' ~ months ~ ')' if is_incremental() else 'true' %}

{{ climb(ref('int_person_measures_unit_month'), touched_months, ref('int_unit_splits')) }}
