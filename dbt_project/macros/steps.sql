{# A step of a long calculation: a CTE where the engine works a CTE out once however often it is named, else a table of
   its own. Spark works it out at each mention, so that a chain of thirty, each looking back at all before it, never ends.

   with
   {% call step('pairs') %} select ... {% endcall %}
   {% call step('sums') %} select ... from pairs ... {% endcall %}
   final as (select ... from pairs ... from sums ...)

   Names are those of no other step of the project. `drop_steps()` is the model's post-hook. #}
{% macro step(name) %}{{ return(adapter.dispatch('step', 'niis')(name, caller())) }}{% endmacro %}

{% macro duckdb__step(name, query) -%}
{{ name }} as (
{{ query }}
),
{%- endmacro %}

{% macro spark__step(name, query) -%}
    {%- if execute -%}
    {%- do run_query('drop table if exists ' ~ _step_table(name)) -%}
    {%- do run_query('create table ' ~ _step_table(name) ~ ' using parquet as ' ~ query) -%}
    {%- do run_query('create or replace temporary view ' ~ name ~ ' as select * from ' ~ _step_table(name)) -%}
    {%- endif -%}
{%- endmacro %}

{# What a column of a step holds, separated by commas, where that can be asked before the next step is written; else
   nothing. #}
{% macro step_values(name, column) %}{{ return(adapter.dispatch('step_values', 'niis')(name, column)) }}{% endmacro %}

{% macro duckdb__step_values(name, column) %}{{ return('') }}{% endmacro %}

{% macro spark__step_values(name, column) -%}
    {%- if not execute -%}{{ return('') }}{%- endif -%}
    {{ return(run_query('select distinct ' ~ column ~ ' from ' ~ _step_table(name)).columns[0].values() | join(',')) }}
{%- endmacro %}

{% macro drop_steps() %}{{ return(adapter.dispatch('drop_steps', 'niis')()) }}{% endmacro %}

{% macro duckdb__drop_steps() %}{% endmacro %}

{% macro spark__drop_steps() -%}
    {%- if execute -%}
    {%- for row in run_query('show tables in ' ~ this.schema ~ " like '" ~ _step_table('*').split('.')[1] ~ "'") if not row['isTemporary'] -%}
    {%- do run_query('drop view if exists ' ~ row['tableName'].split('__')[1]) -%}
    {%- do run_query('drop table if exists ' ~ this.schema ~ '.' ~ row['tableName']) -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro _step_table(name) %}{{ this.schema }}.{{ this.identifier }}__{{ name }}{% endmacro %}
