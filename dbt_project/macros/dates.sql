{# Date arithmetic, one place for every engine. #}

{% macro add_months(day, months) %}{{ return(adapter.dispatch('add_months', 'niis')(day, months)) }}{% endmacro %}

{% macro duckdb__add_months(day, months) %}cast({{ day }} + to_months(cast({{ months }} as integer)) as date){% endmacro %}

{% macro spark__add_months(day, months) %}add_months({{ day }}, cast({{ months }} as int)){% endmacro %}

{% macro add_days(day, days) %}{{ return(adapter.dispatch('add_days', 'niis')(day, days)) }}{% endmacro %}

{% macro duckdb__add_days(day, days) %}({{ day }} + cast({{ days }} as integer)){% endmacro %}

{% macro spark__add_days(day, days) %}date_add({{ day }}, cast({{ days }} as int)){% endmacro %}

{% macro month_of(day) %}cast(date_trunc('month', {{ day }}) as date){% endmacro %}

{% macro months_between(first, last) -%}
    ((year({{ last }}) - year({{ first }})) * 12 + month({{ last }}) - month({{ first }}))
{%- endmacro %}

{# Completed calendar months of age: day numbers are compared, so a month without the day of birth is completed on the
   first of the next one, and a child born on 29 February is one year old on 1 March (docs/decisions/0004). #}
{% macro completed_months(birth, day) -%}
    ({{ months_between(birth, day) }} - case when day({{ day }}) < day({{ birth }}) then 1 else 0 end)
{%- endmacro %}

{# One row per month from `first` to `last`, both first days of months; stands alone in a select. #}
{% macro month_series(first, last) %}{{ return(adapter.dispatch('month_series', 'niis')(first, last)) }}{% endmacro %}

{% macro duckdb__month_series(first, last) -%}
    cast(unnest(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 month)) as date)
{%- endmacro %}

{% macro spark__month_series(first, last) -%}
    explode(sequence(cast({{ first }} as date), cast({{ last }} as date), interval 1 month))
{%- endmacro %}

{% macro as_of_date() %}cast('{{ var("as_of_date") }}' as date){% endmacro %}
