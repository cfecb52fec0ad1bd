{{ config(materialized='view') }}

-- One row per rule and record that contradicts it, whether or not its facility has so many that it is a finding.
with records as (
    select checked.*, cards.person_key
    from (
        {{ checked_records('true') }}
    ) as checked
    inner join {{ ref('int_person_cards') }} as cards on checked.person_card_key = cards.card_key
)

{% for code, (looked_at, contradicts) in record_rules().items() -%}
select person_key, record_key, facility_code, month, '{{ code }}' as rule_code
from records
where {{ looked_at }} and {{ contradicts }}
union all
{% endfor -%}
select person_key, record_key, facility_code, month, rule_code
from {{ ref('int_quality_person_hits') }}
