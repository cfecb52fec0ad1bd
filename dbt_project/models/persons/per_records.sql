select
    records.person_key,
    records.record_key,
    records.person_card_key,
    records.facility_code,
    records.product_code,
    records.given_at,
    records.given_date,
    records.dose_number,
    records.dose_status,
    records.service_type,
    records.reaction_code,
    records.record_origin,
    records.submission_id,
    records.line_no,
    submissions.original_name,
    submissions.received_at,
    records.version_at
from {{ ref('int_person_records') }} as records
inner join {{ ref('stg_lake__submissions') }} as submissions on records.submission_id = submissions.submission_id
