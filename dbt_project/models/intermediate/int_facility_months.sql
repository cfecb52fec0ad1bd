{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='month', tags=['monthly']) }}

-- The spine is what is expected, so that a silent facility stays visible.
with facilities as (
    select * from {{ ref('stg_programme__facilities') }}
),

months as (
    select month from {{ ref('int_programme_months') }}
    where {{ touched('month') }}
),

submissions as (
    select submission_id, received_at from {{ ref('stg_lake__submissions') }}
),

receipts as (
    select facility_code, report_month as month, submission_id, submitted_at, true as is_record
    from {{ ref('stg_lake__dose_records') }}
    where {{ touched('report_month') }}

    union all

    select facility_code, period_start_month as month, submission_id, submitted_at, false as is_record
    from {{ ref('stg_lake__report_values') }}
    where
        facility_code is not null
        and period_start_month = period_end_month
        and {{ touched('period_start_month') }}
),

per_submission as (
    select facility_code, month, submission_id, min(submitted_at) as submitted_at, bool_or(is_record) as has_records
    from receipts
    group by facility_code, month, submission_id
),

received as (
    -- Whoever does not say when a file was sent, sent it when it came.
    select
        per_submission.facility_code,
        per_submission.month,
        min(coalesce(per_submission.submitted_at, submissions.received_at)) as first_submitted_at,
        min(per_submission.submitted_at) as first_sent_at,
        bool_or(per_submission.has_records) as has_records
    from per_submission
    left join submissions using (submission_id)
    group by per_submission.facility_code, per_submission.month
),

expected as (
    select facilities.facility_code, months.month
    from facilities
    inner join months
        on months.month >= {{ month_of('facilities.opened_date') }}
        and (facilities.closed_date is null or months.month < facilities.closed_date)
        and months.month < {{ month_of(as_of_date()) }}
),

spine as (
    select facility_code, month from expected
    union
    select facility_code, month from received
)

select
    spine.facility_code,
    facilities.unit_code,
    facilities.source_code,
    spine.month,
    received.facility_code is not null as is_received,
    coalesce(
        cast(received.first_submitted_at as date)
        < {{ add_days(add_months('spine.month', 1), 'deadlines.deadline_days') }},
        false
    ) as is_on_time,
    coalesce(received.has_records, false) as has_records,
    received.first_submitted_at,
    coalesce(received.first_submitted_at = received.first_sent_at, false) as is_dated_by_sender
from spine
inner join facilities using (facility_code)
inner join {{ ref('facility_types') }} as facility_types
    on facilities.facility_type_code = facility_types.facility_type_code
left join received
    on spine.facility_code = received.facility_code and spine.month = received.month
left join {{ ref('reporting_deadlines') }} as deadlines
    on facility_types.level_code = deadlines.level_code
    and spine.month >= deadlines.valid_from
    and (deadlines.valid_to is null or spine.month < deadlines.valid_to)
