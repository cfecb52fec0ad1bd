-- One row a reason. Neither the value nor the line is published: both can name a person; the receipt has them.
with rejected as (
    select
        submission_id,
        line_no,
        {{ unnest_together({'reason_codes': 'reason_code', 'field_names': 'field_name'}) }}
    from {{ ref('stg_lake__rejected_rows') }}
)

select rejected.submission_id, rejected.line_no, rejected.reason_code, rejected.field_name
from rejected
