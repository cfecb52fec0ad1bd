{# Rules of `finding_rules` that one record is judged by. Each has what it looks at and what contradicts it, over the
   columns of `checked_records`; limits are those of the rule's row. A rule of a record is a row of the seed and a line here. #}
{% macro record_rules() -%}
{{ return({
    'given_after_death': ['is_given and death_date is not null', 'given_date > death_date'],
    'given_after_lot_expiry': ['is_given and lot_expiry_date is not null', 'given_date > lot_expiry_date'],
    'test_name': ['full_name is not null', 'is_test_name'],
    'unnamed_late': ['full_name is not null and age_days > unnamed_late_limit', 'is_unnamed'],
    'mother_missing': ['age_days < mother_missing_limit', 'mother_name is null'],
    'mother_is_child': ['mother_name is not null and full_name is not null', 'is_own_mother'],
    'lot_missing': ['is_given', 'lot_number is null'],
    'lot_several': ['is_given and lot_number is not null', 'has_several_lots'],
    'lot_format': ['is_given and lot_number is not null and not has_several_lots', 'not is_lot_well_formed'],
    'entry_late': ['is_given and sent_at is not null', 'entry_days > entry_late_limit'],
}) }}
{%- endmacro %}

{# A limit of a rule, as one value. #}
{% macro rule_limit(code, column) -%}
    (select {{ column }} from {{ ref('finding_rules') }} where rule_code = '{{ code }}')
{%- endmacro %}

{# One row per record that stands and that a facility sent, with what the rules ask of it. `condition` chooses records. #}
{% macro checked_records(condition) -%}
    select
        records.record_key,
        records.person_card_key,
        records.facility_code,
        records.month,
        cast(records.dose_status as string) in (
            {{ given_statuses() }}
        ) as is_given,
        records.birth_date,
        records.given_date,
        records.death_date,
        records.lot_number,
        records.lot_expiry_date,
        records.sent_at,
        {{ days_between('records.birth_date', 'records.given_date') }} as age_days,
        {{ days_between('records.given_date', 'cast(records.sent_at as date)') }} as entry_days,
        {{ text_matches('records.lot_number', rule_pattern('lot_several')) }} as has_several_lots,
        {{ text_matches('records.lot_number', rule_pattern('lot_format')) }} as is_lot_well_formed,
        cards.full_name,
        cards.mother_name,
        cards.is_test_name,
        cards.is_unnamed,
        cards.is_own_mother,
        {{ rule_limit('unnamed_late', 'lower_limit') }} as unnamed_late_limit,
        {{ rule_limit('mother_missing', 'upper_limit') }} as mother_missing_limit,
        {{ rule_limit('entry_late', 'upper_limit') }} as entry_late_limit
    from {{ ref('int_dose_records_current') }} as records
    inner join {{ ref('int_quality_cards') }} as cards on records.person_card_key = cards.card_key
    where records.is_live and records.record_origin = 'facility' and {{ condition }}
{%- endmacro %}

{# Patterns of text, which engines want as literals. Several lots in one field: two codes with a mark or a word between
   them. A well-formed lot: four to twenty letters, digits, dashes and points. #}
{% macro rule_pattern(code) -%}
{{ return({
    'lot_several': '[0-9A-Za-z] *[,;+&/] *[0-9A-Za-z]',
    'lot_format': '^[0-9A-Za-z][0-9A-Za-z.-]{3,19}$',
}[code]) }}
{%- endmacro %}

{# The first twenty hex digits of a digest of what makes a finding the same one in every run. #}
{% macro finding_key(rule_code, subject_kind, subject_code, period) -%}
    substring(md5({{ rule_code }} || '|' || {{ subject_kind }} || '|' || {{ subject_code }} || '|' || coalesce({{ period }}, '')), 1, 20)
{%- endmacro %}

{# A month as its period is written: 2024-03. #}
{% macro period_of_month(month) %}substring(cast({{ month }} as string), 1, 7){% endmacro %}

{# A number in a sentence: whole numbers without decimals, others with two, after a comma in Vietnamese. #}
{% macro number_text(value, language) -%}
    case
        when {{ value }} = round({{ value }}, 0) then cast(cast({{ value }} as bigint) as string)
        else replace(cast(round({{ value }}, 2) as string), '.', '{{ ',' if language == 'vi' else '.' }}')
    end
{%- endmacro %}
