-- Keys whose current version may be another one now: those of new rows, and those in the months that a new file replaces.
{%- set records = ref('stg_lake__dose_records') %}
{% if is_full_build() %}

select record_key from {{ records }} where false

{% else %}

with records as (
    select record_key, facility_code, report_month, submission_mode, batch_no
    from {{ records }}
),

new_rows as (
    select * from records where batch_no > {{ var('since_batch_no') }}
),

replaced_months as (
    select distinct facility_code, report_month from new_rows where submission_mode = 'replace'
)

select record_key from new_rows
union
select records.record_key
from records
inner join replaced_months using (facility_code, report_month)

{% endif %}
