{# Ages and intervals written as text (`6 weeks`, `12 months - 4 days`, `1 year 6 months`), and the calendar rule.

   A text holds years, months, weeks and days, in this order, each at most once, with + (or nothing) or - between
   them. Added to a day, the months come first: when the month reached has no such day, the first day of the month
   after it is taken (31 January + 1 month = 1 March; docs/decisions/0004). The days are added to that. #}

{# An expression that is true when `text` can be read, and null when there is none. #}
{% macro age_is_readable(text) -%}
    ({{ text_matches(_plain(text), '^[0-9]+') }} and {{ text_matches(_plain(text), '^' ~ _age_term('year', '') ~ _age_term('month', _age_sign()) ~ _age_term('week', _age_sign()) ~ _age_term('day', _age_sign()) ~ '$') }})
{%- endmacro %}

{# Months of an age text: 12 a year and 1 a month; 0 when it names none, null when there is no text. #}
{% macro age_months(text) -%}
    (12 * {{ _age_part(text, 'year') }} + {{ _age_part(text, 'month') }})
{%- endmacro %}

{# Days of an age text beside its months: 7 a week and 1 a day. #}
{% macro age_days(text) -%}
    (7 * {{ _age_part(text, 'week') }} + {{ _age_part(text, 'day') }})
{%- endmacro %}

{# The day on which `months` and then `days` have passed since `day`. #}
{% macro add_age(day, months, days) -%}
    {{ add_days(_first_day_when_missing(day, add_months(day, months)), days) }}
{%- endmacro %}

{# The same for an age text. #}
{% macro add_age_text(day, text) -%}
    {{ add_age(day, age_months(text), age_days(text)) }}
{%- endmacro %}

{# `add_months` takes the last day of a month that has no such day. #}
{% macro _first_day_when_missing(day, reached) -%}
    {{ add_days(reached, 'case when day(' ~ reached ~ ') < day(' ~ day ~ ') then 1 else 0 end') }}
{%- endmacro %}

{# Small letters and one kind of minus; birth is an age of 0 days. #}
{% macro _plain(text) -%}
    replace(replace(replace(replace(lower({{ text }}), '−', '-'), '–', '-'), 'sơ sinh', '0 days'), 'birth', '0 days')
{%- endmacro %}

{% macro _age_sign() %}( *[-+])?{% endmacro %}

{# English and Vietnamese names of the unit. #}
{% macro _age_unit(unit) -%}
    {%- set names = {'year': '(years?|tuổi|năm)', 'month': '(months?|tháng)', 'week': '(weeks?|tuần)', 'day': '(days?|ngày)'} -%}
    {{ names[unit] }}
{%- endmacro %}

{% macro _age_term(unit, sign) %}({{ sign }} *[0-9]+ *{{ _age_unit(unit) }})?{% endmacro %}

{# The number before a unit, with its sign; 0 when the unit does not occur. #}
{% macro _age_part(text, unit) -%}
    {%- set number = '([-+]? *[0-9]+) *' ~ _age_unit(unit) -%}
    case when {{ text_matches(_plain(text), number) }}
        then cast(replace(replace({{ text_part(_plain(text), number, 1) }}, ' ', ''), '+', '') as integer)
        when {{ text }} is not null then 0 end
{%- endmacro %}

{% macro days_between(first, last) %}{{ return(adapter.dispatch('days_between', 'niis')(first, last)) }}{% endmacro %}

{% macro duckdb__days_between(first, last) %}cast({{ last }} - {{ first }} as integer){% endmacro %}

{% macro spark__days_between(first, last) %}datediff({{ last }}, {{ first }}){% endmacro %}

{# Regular expressions: whether one occurs in a text, and a group of its first occurrence. #}
{% macro text_matches(text, pattern) %}{{ return(adapter.dispatch('text_matches', 'niis')(text, pattern)) }}{% endmacro %}

{% macro duckdb__text_matches(text, pattern) %}regexp_matches({{ text }}, '{{ pattern }}'){% endmacro %}

{% macro spark__text_matches(text, pattern) %}regexp_like({{ text }}, '{{ pattern }}'){% endmacro %}

{% macro text_part(text, pattern, group) %}{{ return(adapter.dispatch('text_part', 'niis')(text, pattern, group)) }}{% endmacro %}

{% macro duckdb__text_part(text, pattern, group) %}regexp_extract({{ text }}, '{{ pattern }}', {{ group }}){% endmacro %}

{% macro spark__text_part(text, pattern, group) %}regexp_extract({{ text }}, '{{ pattern }}', {{ group }}){% endmacro %}
