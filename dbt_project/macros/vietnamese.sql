{# Text as Vietnamese readers sort and search it. #}

{% macro search_key(text) %}{{ return(adapter.dispatch('search_key', 'niis')(text)) }}{% endmacro %}

{# strip_accents leaves đ alone: it is a letter of its own, not a d with a mark. #}
{% macro duckdb__search_key(text) %}lower(replace(replace(strip_accents(nfc_normalize({{ text }})), 'Đ', 'D'), 'đ', 'd')){% endmacro %}

{# commons-lang3 comes with Spark; `reflect` hands it the word null where there is no text. #}
{% macro spark__search_key(text) -%}
    case when {{ text }} is not null then lower(replace(replace(
        reflect('org.apache.commons.lang3.StringUtils', 'stripAccents', {{ text }}), 'Đ', 'D'), 'đ', 'd')) end
{%- endmacro %}

{% macro sort_key(text) %}{{ return(adapter.dispatch('sort_key', 'niis')(text)) }}{% endmacro %}

{% macro duckdb__sort_key(text) %}icu_sort_key({{ text }}, 'vi'){% endmacro %}

{% macro spark__sort_key(text) %}({{ text }} collate vi){% endmacro %}
