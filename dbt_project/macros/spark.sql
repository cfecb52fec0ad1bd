{# What dbt-spark does otherwise than this project needs; nothing here is asked on DuckDB. #}

{# A CSV file with a header, all columns text, an empty cell being none. #}
{% macro csv_file(path) -%}
    csv.`{{ path }}` with ('header' = 'true', 'quote' = '"', 'escape' = '"', 'multiLine' = 'true')
{%- endmacro %}

{# Text without a length is `string` there. #}
{% macro spark__cast(field, type) %}cast({{ field }} as {{ _spark_type(type) }}){% endmacro %}

{% macro _spark_type(type) %}{{ 'string' if type | lower == 'varchar' else type }}{% endmacro %}

{# The engine reads the seed's file itself: rows sent as text of a statement take minutes for the areas, and an
   apostrophe in one ends the statement. The types are those of the seed. #}
{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set sql -%}
    create table {{ this.render() }} {{ file_format_clause() }} as
    select
        {% for name in agate_table.column_names -%}
        cast({{ name }} as {{ _spark_type(types[name]) }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ csv_file(model['root_path'] ~ '/' ~ model['original_file_path']) }}
    {%- endset -%}
    {%- call statement('_') -%}{{ sql }}{%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark__load_csv_rows(model, agate_table) %}{{ return('') }}{% endmacro %}

{# Parquet tables cannot be changed by rows: on Spark every build is from nothing (docs/decisions). #}
{% macro is_incremental() %}{{ return(adapter.dispatch('is_incremental', 'niis')()) }}{% endmacro %}

{% macro default__is_incremental() %}{{ return(dbt.is_incremental()) }}{% endmacro %}

{% macro spark__is_incremental() -%}
    {%- if not is_full_build() -%}
    {{ exceptions.raise_compiler_error('On Spark the warehouse is built from nothing: leave since_batch_no at 0.') }}
    {%- endif -%}
    {{ return(false) }}
{%- endmacro %}

{% materialization incremental, adapter = 'spark' %}
    {{ return(materialization_table_spark()) }}
{% endmaterialization %}
