{{ config(materialized='incremental', incremental_strategy='append', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_months') }}") }}

-- Everything that adds up: what facilities count, what larger reports add, and how much of what is expected is in.
with facility_values as (
    select * from {{ ref('int_facility_values') }}
    where {{ touched('month') }}
),

facility_months as (
    select * from {{ ref('int_facility_months') }}
    where {{ touched('month') }}
),

containers as (
    select * from {{ ref('int_containers') }}
),

{{ unit_month_measures(touched) }}

select * from measured
