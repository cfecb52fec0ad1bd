-- depends_on: {{ ref('stg_lake__submissions') }}
select * from {{ lake('rejected_rows') }}
{%- if var('known_until') %}
where submission_id in (select submission_id from {{ ref('stg_lake__submissions') }})
{%- endif %}
