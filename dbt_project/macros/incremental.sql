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

{# For models kept by month: what stands for a month goes before its new rows come, since a month may come out empty.
   (dbt's own `delete+insert` deletes only the months that come again.) #}
{% macro forget_touched_months(months, column='month') -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where {{ column }} in (select month from {{ ref(months) }})
    {%- endif -%}
{%- endmacro %}

{# The same for models kept by period, of whatever kind, that ends with or holds a touched month. #}
{% macro forget_touched_periods() -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where period_end_month in (
        select periods.period_end_month
        from {{ ref('dim_period_months') }} as periods
        inner join {{ ref('int_touched_months') }} as touched on periods.month = touched.month
    )
    {%- endif -%}
{%- endmacro %}
