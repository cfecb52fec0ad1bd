-- depends_on: {{ ref('stg_lake__dose_records') }}
-- depends_on: {{ ref('stg_lake__report_values') }}
-- depends_on: {{ ref('stg_lake__appointments') }}
select * from {{ lake('submissions') }}
{%- if var('known_until') %}
-- A file is known once a row of it is; a file that was refused says of no row when it was sent.
where submission_id in (
    select submission_id from {{ ref('stg_lake__dose_records') }}
    union all
    select submission_id from {{ ref('stg_lake__report_values') }}
    union all
    select submission_id from {{ ref('stg_lake__appointments') }}
)
{%- endif %}
