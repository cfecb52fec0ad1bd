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

{# The distinct codes of a group in one text: sorted, between commas, with a comma at either end, so that `,code,` finds one. #}
{% macro joined_codes(column) %}{{ return(adapter.dispatch('joined_codes', 'niis')(column)) }}{% endmacro %}

{% macro duckdb__joined_codes(column) -%}
    ',' || coalesce(string_agg(distinct {{ column }}, ',' order by {{ column }}), '') || ','
{%- endmacro %}

{% macro spark__joined_codes(column) -%}
    ',' || array_join(sort_array(collect_set({{ column }})), ',') || ','
{%- endmacro %}
