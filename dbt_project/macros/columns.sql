{# Columns and lists, where engines write the same thing in other words. #}

{# Every column of a relation but some. #}
{% macro columns_except(relation, names) %}{{ return(adapter.dispatch('columns_except', 'niis')(relation, names)) }}{% endmacro %}

{% macro duckdb__columns_except(relation, names) %}{{ relation }}.* exclude ({{ names | join(', ') }}){% endmacro %}

{% macro spark__columns_except(relation, names) %}{{ relation }}.* except ({{ names | join(', ') }}){% endmacro %}

{# One row per position of lists that are equally long: a map from the list to the name of its element. #}
{% macro unnest_together(lists) %}{{ return(adapter.dispatch('unnest_together', 'niis')(lists)) }}{% endmacro %}

{% macro duckdb__unnest_together(lists) -%}
    {% for list, name in lists.items() %}unnest({{ list }}) as {{ name }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{% macro spark__unnest_together(lists) -%}
    inline(arrays_zip({{ lists.keys() | join(', ') }})) as ({{ lists.values() | join(', ') }})
{%- endmacro %}
