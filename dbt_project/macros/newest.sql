{# The value of a column in the last row, by an order, that has one. #}

{% macro newest_of(column, order, tie) %}{{ return(adapter.dispatch('newest_of', 'niis')(column, order, tie)) }}{% endmacro %}

{% macro duckdb__newest_of(column, order, tie) -%}
    arg_max({{ column }}, row({{ order }}, {{ tie }})) filter (where {{ column }} is not null)
{%- endmacro %}

{% macro spark__newest_of(column, order, tie) -%}
    max_by({{ column }}, struct({{ order }}, {{ tie }})) filter (where {{ column }} is not null)
{%- endmacro %}
