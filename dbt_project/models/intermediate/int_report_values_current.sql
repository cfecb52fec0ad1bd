{{ config(
    materialized='incremental', incremental_strategy='append', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_months', 'period_end_month') }}"
) }}

with report_values as (
    select * from {{ ref('stg_lake__report_values') }}
    where {{ touched('period_end_month') }}
),

scopes as (
    select
        reporter_code,
        period,
        submission_id,
        max(version_at) as version_at,
        max(case when submission_mode = 'replace' then 1 else 0 end) as is_replacement
    from report_values
    group by reporter_code, period, submission_id
),

ranked_scopes as (
    select
        *,
        row_number() over (
            partition by reporter_code, period order by version_at desc, submission_id desc
        ) as newest_rank
    from scopes
),

newest_replacement as (
    select reporter_code, period, min(newest_rank) as newest_rank
    from ranked_scopes
    where is_replacement = 1
    group by reporter_code, period
),

superseded as (
    select ranked_scopes.reporter_code, ranked_scopes.period, ranked_scopes.submission_id
    from ranked_scopes
    inner join newest_replacement using (reporter_code, period)
    where ranked_scopes.newest_rank > newest_replacement.newest_rank
),

versions as (
    select
        report_values.*,
        row_number() over (
            partition by report_values.reporter_code, report_values.period, report_values.measure_code
            order by
                report_values.version_at desc,
                case report_values.action when 'void' then 2 when 'change' then 1 else 0 end desc,
                report_values.row_hash desc
        ) as newest_rank
    from report_values
    left join superseded using (reporter_code, period, submission_id)
    where superseded.submission_id is null
),

resolved as (
    select
        versions.reporter_code,
        versions.facility_code,
        versions.hierarchy_code,
        versions.area_code,
        versions.period,
        versions.period_start_month,
        versions.period_end_month,
        versions.measure_code,
        versions.source_code,
        -- A blank cell of a received report is zero or unknown, as the registry says of the measure.
        coalesce(versions.value, case when measures.blank_means = 'zero' then 0 end) as value,
        measures.measure_kind,
        measures.annual_spread
    from versions
    inner join {{ ref('measures') }} as measures using (measure_code)
    where versions.newest_rank = 1 and versions.action <> 'void'
)

select * from resolved where value is not null
