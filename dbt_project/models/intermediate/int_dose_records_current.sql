{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='record_key') }}

{%- set affected = ref('int_affected_record_keys') %}

with records as (
    select * from {{ ref('stg_lake__dose_records') }}
    {% if is_incremental() %}
    where record_key in (select record_key from {{ affected }})
    {% endif %}
),

scopes as (
    select
        facility_code,
        report_month,
        submission_id,
        max(version_at) as version_at,
        max(case when submission_mode = 'replace' then 1 else 0 end) as is_replacement
    from {{ ref('stg_lake__dose_records') }}
    group by facility_code, report_month, submission_id
),

ranked_scopes as (
    select
        *,
        row_number() over (
            partition by facility_code, report_month order by version_at desc, submission_id desc
        ) as newest_rank
    from scopes
),

newest_replacement as (
    select facility_code, report_month, min(newest_rank) as newest_rank
    from ranked_scopes
    where is_replacement = 1
    group by facility_code, report_month
),

superseded as (
    select ranked_scopes.facility_code, ranked_scopes.report_month, ranked_scopes.submission_id
    from ranked_scopes
    inner join newest_replacement using (facility_code, report_month)
    where ranked_scopes.newest_rank > newest_replacement.newest_rank
),

standing as (
    select
        records.*,
        case records.action when 'void' then 2 when 'change' then 1 else 0 end as action_rank,
        superseded.submission_id is not null as is_superseded
    from records
    left join superseded using (facility_code, report_month, submission_id)
),

versions as (
    select
        *,
        row_number() over (
            -- A superseded version only stands when nothing else of its key does: as a tombstone.
            partition by record_key
            order by is_superseded asc, version_at desc, action_rank desc, row_hash desc
        ) as newest_rank
    from standing
)

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
    version_at
from versions
where newest_rank = 1
