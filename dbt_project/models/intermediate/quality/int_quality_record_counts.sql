{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_months') }}") }}

-- One pass over the records of a month: for each rule how many it looked at, and how many contradict it.
with records as (
    {{ checked_records(touched('records.month')) }}
)

select
    facility_code,
    month,
    count(*) filter (where is_given) as given_count,
    {% for code, (looked_at, contradicts) in record_rules().items() -%}
    count(*) filter (where {{ looked_at }}) as {{ code }}_evaluated,
    count(*) filter (where {{ looked_at }} and {{ contradicts }}) as {{ code }}_violations{{ ',' if not loop.last }}
    {% endfor %}
from records
group by facility_code, month
