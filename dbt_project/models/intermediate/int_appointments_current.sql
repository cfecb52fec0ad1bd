{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='appointment_key') }}

{%- set appointments = ref('stg_lake__appointments') %}

{{ ranked_versions(appointments, 'appointment_key', affected_keys(appointments, 'appointment_key')) }}

select
    appointment_key,
    action <> 'void' and not is_superseded as is_live,
    submission_id,
    line_no,
    facility_code,
    report_month,
    person_code,
    full_name,
    birth_date,
    phone,
    product_code,
    dose_number,
    appointment_date,
    appointment_status,
    version_at
from versions
where newest_rank = 1
