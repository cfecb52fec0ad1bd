{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='month', on_schema_change='fail',
    tags=['monthly']) }}

{{ climb(ref('int_reporting_streaks'), touched_spans('month')) }}
