{# Which versions of rows stand: one total order for everything that is sent again, changed and voided
   (docs/architecture.md, docs/decisions/0001). #}

{# The keys whose current version may be another one now: those of new rows, and those in the months that a new file
   replaces. None in a build from nothing, which reads everything. #}
{% macro affected_keys(records, key) -%}
{% if is_full_build() -%}
select {{ key }} from {{ records }} where false
{%- else -%}
select {{ key }} from {{ records }} where batch_no > {{ var('since_batch_no') }}
union
select records.{{ key }}
from {{ records }} as records
inner join (
    select distinct facility_code, report_month
    from {{ records }}
    where batch_no > {{ var('since_batch_no') }} and submission_mode = 'replace'
) as replaced_months using (facility_code, report_month)
{%- endif %}
{%- endmacro %}

{# The CTEs that rank the versions of each key; the one with `newest_rank` 1 is current. `affected` is a query of keys to
   which an incremental build restricts itself. #}
{% macro ranked_versions(records, key, affected) -%}
with records as (
    select * from {{ records }}
    {% if is_incremental() %}
    where {{ key }} in ({{ affected }})
    {% endif %}
),

scopes as (
    select
        facility_code,
        report_month,
        submission_id,
        max(version_at) as version_at,
        max(case when submission_mode = 'replace' then 1 else 0 end) as is_replacement
    from {{ records }}
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
            partition by {{ key }}
            -- The same row in two files is told of one of them, and always of the same.
            order by is_superseded asc, version_at desc, action_rank desc, row_hash desc, submission_id desc
        ) as newest_rank
    from standing
)
{%- endmacro %}
