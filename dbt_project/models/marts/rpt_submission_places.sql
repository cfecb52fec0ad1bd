{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='submission_id',
    on_schema_change='fail') }}

-- Which place and month a file says something of, and of what: a submission never changes, so only new ones are read.
with records as (
    select
        submission_id,
        facility_code,
        cast(null as string) as hierarchy_code,
        cast(null as string) as area_code,
        -- A record taken back need not say when the dose was given.
        coalesce({{ month_of('given_date') }}, report_month) as first_month,
        coalesce({{ month_of('given_date') }}, report_month) as last_month,
        product_code as content
    from {{ ref('stg_lake__dose_records') }}
    where batch_no > {{ var('since_batch_no') }}
),

report_values as (
    select
        submission_id,
        facility_code,
        hierarchy_code,
        area_code,
        period_start_month as first_month,
        period_end_month as last_month,
        measure_code as content
    from {{ ref('stg_lake__report_values') }}
    where batch_no > {{ var('since_batch_no') }}
),

contents as (
    select *, true as is_records from records
    union all
    select *, false as is_records from report_values
)

select
    submission_id,
    facility_code,
    hierarchy_code,
    area_code,
    first_month,
    last_month,
    is_records,
    count(*) as row_count,
    {{ joined_codes('content') }} as contents
from contents
group by submission_id, facility_code, hierarchy_code, area_code, first_month, last_month, is_records
