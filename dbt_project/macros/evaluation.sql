{# Verdicts on doses: valid, invalid or extra, with a reason, by a schedule that is data.
   The rules in words are in docs/decisions/0005-valid-doses.md; the reasons are rows of `verdict_reasons`.

   evaluate_doses(doses, schedule, rounds) is a query with one row per row of `doses`: person_key, series_code,
   event_key, status, reason_code, valid_dose_number, age_days, interval_days (days since the valid dose before it),
   place (of the dose among all of its person and series, from 1).

   doses     a relation or a query in brackets: person_key, series_code, event_key (unique), birth_date, given_date, and
             optionally sequence (integer, tells apart doses of one day), product_code, death_date
   schedule  the same: series_code, dose_number (1, 2, 3 ... without a gap), and optionally minimum_age, maximum_age,
             minimum_interval, minimum_interval_from_first, not_needed_from_age (texts as in ages.sql), allowed_products
             (codes separated by |), valid_from, valid_to (of the birth date, the latter exclusive)
   products  the same, or none: product_code, minimum_age, maximum_age
   rounds    the highest dose number of the schedule
   grace_days  days by which minimum ages and intervals may be missed
   without   names of optional columns that the relations do not have

   No recursion: round k looks among the doses after the last valid one for the first that satisfies dose k. #}
{% macro evaluate_doses(doses, schedule, rounds, grace_days=0, products=none, without=[]) -%}
with evaluated_schedule as (
    select
        series_code,
        dose_number,
        {% for name in ['minimum_age', 'maximum_age', 'minimum_interval', 'minimum_interval_from_first', 'not_needed_from_age'] -%}
        {{ _age_columns(_optional(name, 'string', without), name) }},
        {% endfor -%}
        '|' || replace({{ _optional('allowed_products', 'string', without) }}, ' ', '') || '|' as allowed_products,
        coalesce({{ _optional('valid_from', 'date', without) }}, date '0001-01-01') as valid_from,
        coalesce({{ _optional('valid_to', 'date', without) }}, date '9999-12-31') as valid_to
    from {{ schedule }} as schedule
),

evaluated_products as (
    {% if products is none -%}
    select cast(null as string) as product_code, {{ _no_age('minimum_age') }}, {{ _no_age('maximum_age') }} where false
    {%- else -%}
    select product_code, {{ _age_columns('minimum_age', 'minimum_age') }}, {{ _age_columns('maximum_age', 'maximum_age') }}
    from {{ products }} as products
    {%- endif %}
),

evaluated_series as (
    select distinct series_code from evaluated_schedule
),

evaluated_cohorts as (
    select series_code, valid_from, valid_to from evaluated_schedule where dose_number = 1
),

ordered_doses as (
    select
        doses.person_key,
        doses.series_code,
        doses.event_key,
        doses.birth_date,
        doses.given_date,
        {{ _optional('product_code', 'string', without, 'doses') }} as product_code,
        row_number() over (
            partition by doses.person_key, doses.series_code
            order by doses.given_date, coalesce({{ _optional('sequence', 'integer', without, 'doses') }}, 2147483647), doses.event_key
        ) as place,
        case
            when doses.birth_date is null then 'birth_date_unknown'
            when doses.given_date < doses.birth_date then 'before_birth'
            when doses.given_date > {{ _optional('death_date', 'date', without, 'doses') }} then 'after_death'
            when evaluated_series.series_code is null then 'series_unknown'
            when evaluated_cohorts.series_code is null then 'no_schedule_for_birth_date'
        end as exclusion
    from {{ doses }} as doses
    left join evaluated_series on doses.series_code = evaluated_series.series_code
    left join evaluated_cohorts
        on doses.series_code = evaluated_cohorts.series_code
        and doses.birth_date >= evaluated_cohorts.valid_from
        and doses.birth_date < evaluated_cohorts.valid_to
),

waiting_1 as (
    select
        person_key,
        series_code,
        event_key,
        birth_date,
        given_date,
        product_code,
        place,
        cast(null as date) as first_valid_date,
        cast(null as date) as last_valid_date,
        0 as last_valid_number
    from ordered_doses
    where exclusion is null
),
{% for number in range(1, rounds + 1) %}
{{ _judged(number, grace_days) }},

bounded_{{ number }} as (
    -- A dose that passes the number over is later than any that could satisfy it: with a valid one, it is the boundary.
    select
        judged_{{ number }}.*,
        min(case when reason_code in ('valid', 'passed') then place end)
            over (partition by person_key, series_code) as boundary,
        min(case when reason_code = 'valid' then given_date end)
            over (partition by person_key, series_code) as valid_date
    from judged_{{ number }}
),

waiting_{{ number + 1 }} as (
    select
        person_key,
        series_code,
        event_key,
        birth_date,
        given_date,
        product_code,
        place,
        coalesce(first_valid_date, valid_date) as first_valid_date,
        coalesce(valid_date, last_valid_date) as last_valid_date,
        case when valid_date is null then last_valid_number else {{ number }} end as last_valid_number
    from bounded_{{ number }}
    where place > boundary or (place = boundary and reason_code = 'passed')
),
{% endfor %}
verdicts as (
    select person_key, series_code, event_key, place, exclusion as reason_code, cast(null as integer) as valid_dose_number,
        {{ days_between('birth_date', 'given_date') }} as age_days, cast(null as integer) as interval_days
    from ordered_doses
    where exclusion is not null
    {% for number in range(1, rounds + 1) %}
    union all
    select person_key, series_code, event_key, place, reason_code, case when reason_code = 'valid' then {{ number }} end,
        {{ days_between('birth_date', 'given_date') }}, {{ days_between('last_valid_date', 'given_date') }}
    from bounded_{{ number }}
    where boundary is null or place < boundary or (place = boundary and reason_code = 'valid')
    {% endfor %}
    union all
    select person_key, series_code, event_key, place, {{ _extra_reason(rounds) }}, null,
        {{ days_between('birth_date', 'given_date') }}, {{ days_between('last_valid_date', 'given_date') }}
    from waiting_{{ rounds + 1 }}
)

select
    person_key,
    series_code,
    event_key,
    case
        when reason_code = 'valid' then 'valid'
        when reason_code in ('series_complete', 'not_needed_at_age', 'extra_same_day') then 'extra'
        else 'invalid'
    end as status,
    reason_code,
    valid_dose_number,
    age_days,
    interval_days,
    place
from verdicts
{%- endmacro %}

{# What each waiting dose is to dose `number`: `valid`, `passed` (the number is no longer needed at this age), `extra`
   reasons where the series has no such number, or why it does not satisfy it. #}
{% macro _judged(number, grace_days) -%}
judged_{{ number }} as (
    select
        waiting_{{ number }}.*,
        case
            when schedule.series_code is null then {{ _extra_reason(number - 1) }}
            when {{ _is_past('birth_date', 'not_needed_from_age') }} then 'passed'
            when given_date = last_valid_date then 'same_day'
            when position('|' || waiting_{{ number }}.product_code || '|' in schedule.allowed_products) = 0
                then 'wrong_product'
            when {{ _is_short('birth_date', 'minimum_age', grace_days, 'products') }}
                or {{ _is_past('birth_date', 'maximum_age', 'products') }} then 'wrong_product_for_age'
            when {{ _is_past('birth_date', 'maximum_age') }} then 'too_old'
            when {{ _is_short('birth_date', 'minimum_age', grace_days) }} then 'too_early'
            when {{ _is_short('last_valid_date', 'minimum_interval', grace_days) }} then 'interval_too_short'
            when {{ _is_short('first_valid_date', 'minimum_interval_from_first', grace_days) }}
                then 'interval_from_first_too_short'
            else 'valid'
        end as reason_code
    from waiting_{{ number }}
    left join evaluated_schedule as schedule
        on waiting_{{ number }}.series_code = schedule.series_code
        and schedule.dose_number = {{ number }}
        and birth_date >= schedule.valid_from
        and birth_date < schedule.valid_to
    left join evaluated_products as products on waiting_{{ number }}.product_code = products.product_code
)
{%- endmacro %}

{# Why a dose behind the last number of its series does not count; `last_number` is that number or any after it. #}
{% macro _extra_reason(last_number) -%}
    case
        when given_date = last_valid_date then 'extra_same_day'
        when last_valid_number = {{ last_number }} then 'series_complete'
        else 'not_needed_at_age'
    end
{%- endmacro %}

{# A limit that is not there makes the comparison null, which is not true. #}
{% macro _is_past(since, name, relation='schedule') -%}
    given_date >= {{ add_age(since, relation ~ '.' ~ name ~ '_months', relation ~ '.' ~ name ~ '_days') }}
{%- endmacro %}

{% macro _is_short(since, name, grace_days, relation='schedule') -%}
    given_date < {{ add_age(since, relation ~ '.' ~ name ~ '_months', relation ~ '.' ~ name ~ '_days - ' ~ grace_days) }}
{%- endmacro %}

{% macro _age_columns(text, name) -%}
    {{ age_months(text) }} as {{ name }}_months, {{ age_days(text) }} as {{ name }}_days
{%- endmacro %}

{% macro _no_age(name) -%}
    cast(null as integer) as {{ name }}_months, cast(null as integer) as {{ name }}_days
{%- endmacro %}

{% macro _optional(name, type, without, relation=none) -%}
    {%- if name in without -%}cast(null as {{ type }})
    {%- elif relation is none -%}{{ name }}
    {%- else -%}{{ relation }}.{{ name }}
    {%- endif -%}
{%- endmacro %}
