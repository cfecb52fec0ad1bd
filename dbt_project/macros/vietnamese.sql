{# Text as Vietnamese readers sort and search it. #}

{% macro search_key(text) %}{{ return(adapter.dispatch('search_key', 'niis')(text)) }}{% endmacro %}

{# strip_accents leaves đ alone: it is a letter of its own, not a d with a mark. #}
{% macro duckdb__search_key(text) %}lower(replace(replace(strip_accents(nfc_normalize({{ text }})), 'Đ', 'D'), 'đ', 'd')){% endmacro %}

{% macro sort_key(text) %}{{ return(adapter.dispatch('sort_key', 'niis')(text)) }}{% endmacro %}

{% macro duckdb__sort_key(text) %}icu_sort_key({{ text }}, 'vi'){% endmacro %}
