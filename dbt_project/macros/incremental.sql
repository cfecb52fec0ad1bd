{# A build from nothing reads everything; another reads what the batches after `since_batch_no` touch. #}

{% macro is_full_build() %}{{ return(var('since_batch_no') | int == 0) }}{% endmacro %}

{% macro touched(column) -%}
    {# The reference stands outside the condition, or dbt would not see it when it parses. #}
    {%- set months = ref('int_touched_months') -%}
    {%- if is_incremental() %}{{ column }} in (select month from {{ months }}){% else %}true{% endif -%}
{%- endmacro %}

{# For values over the twelve months that end with `column`: any of them may have been touched. #}
{% macro touched_spans(column) -%}
    {%- set months = ref('int_touched_months') -%}
    {%- if is_incremental() -%}
    exists (
        select 1
        from {{ months }} as touched
        where touched.month between {{ add_months(column, -11) }} and {{ column }}
    )
    {%- else %}true{% endif -%}
{%- endmacro %}

{# For models kept by month whose months may come out empty: what stands for them goes first. #}
{% macro forget_touched_months(months) -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where month in (select month from {{ ref(months) }})
    {%- endif -%}
{%- endmacro %}
