{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='record_key') }}

{%- set affected = 'select record_key from ' ~ ref('int_affected_record_keys') %}

{{ ranked_versions(ref('stg_lake__dose_records'), 'record_key', affected) }}

select
    record_key,
    action <> 'void' and not is_superseded as is_live,
    submission_id,
    line_no,
    facility_code,
    report_month,
    person_card_key,
    person_code,
    birth_date,
    birth_at,
    birth_order,
    death_date,
    sex,
    household_commune_code,
    temporary_commune_code,
    product_code,
    given_at,
    given_date,
    {{ month_of('given_date') }} as month,
    dose_number,
    dose_status,
    service_type,
    reaction_code,
    is_within_24h,
    contact_opt_out,
    record_origin,
    nullif(trim(lot_number), '') as lot_number,
    lot_expiry_date,
    -- A correction says nothing of when the dose was entered.
    case when action = 'add' then submitted_at end as sent_at,
    {{ woman_key() }} as woman_key,
    {{ mother_key() }} as mother_key,
    version_at
from versions
where newest_rank = 1
