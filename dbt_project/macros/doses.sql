{# The codes that records give a dose which was really given. #}
{% macro given_statuses() -%}
    select canonical_value from {{ ref('value_aliases') }} where field_name = 'dose_status' and alias = 'done'
{%- endmacro %}

{# The records of the months in question that count as doses: they stand, and a facility says so itself. What a family
   says counts only when a facility's own record says it too. #}
{% macro counted_records() -%}
    select * from {{ ref('int_dose_records_current') }}
    where
        is_live
        and record_origin = 'facility'
        and cast(dose_status as string) in ({{ given_statuses() }})
        and {{ touched('month') }}
{%- endmacro %}
