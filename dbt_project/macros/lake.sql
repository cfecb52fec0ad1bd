{# What differs between engines: reading the lake, the register and who is who. #}

{% macro lake(dataset) %}{{ return(adapter.dispatch('lake', 'niis')(dataset)) }}{% endmacro %}

{% macro duckdb__lake(dataset) %}read_parquet('{{ var("lake_path") }}/{{ dataset }}/**/*.parquet'){% endmacro %}

{# Parts lie in the dataset's folder or in one below it. #}
{% macro spark__lake(dataset) %}parquet.`{{ var("lake_path") }}/{{ dataset }}/{*.parquet,*/*.parquet}`{% endmacro %}

{% macro facility_register() %}{{ return(adapter.dispatch('facility_register', 'niis')()) }}{% endmacro %}

{% macro duckdb__facility_register() -%}
    read_csv('{{ var("facilities_path") }}', header = true, delim = ',', quote = '"', all_varchar = true)
{%- endmacro %}

{% macro spark__facility_register() %}{{ csv_file(var('facilities_path')) }}{% endmacro %}

{% macro identity(name) %}{{ return(adapter.dispatch('identity', 'niis')(name)) }}{% endmacro %}

{% macro duckdb__identity(name) %}read_parquet('{{ var("identity_path") }}/{{ name }}.parquet'){% endmacro %}

{% macro spark__identity(name) %}parquet.`{{ var("identity_path") }}/{{ name }}.parquet`{% endmacro %}

{# What stewards leave out of adjusted values; nothing where no file is named. #}
{% macro exclusions() -%}
{%- if var('exclusions_file') -%}{{ return(adapter.dispatch('exclusions', 'niis')()) }}{%- else -%}
(
    select
        cast(null as string) as reporter_code, cast(null as string) as period, cast(null as date) as span_start_month,
        cast(null as date) as month, cast(null as string) as measure_code, cast(null as timestamp) as decided_at
    where false
)
{%- endif -%}
{%- endmacro %}

{% macro duckdb__exclusions() %}read_parquet('{{ var("exclusions_file") }}'){% endmacro %}

{% macro spark__exclusions() %}parquet.`{{ var("exclusions_file") }}`{% endmacro %}

{# What was known at the end of a day, by the senders' times; everything when no day is given (decision 8). #}
{% macro known_by_then(moment) -%}
{% if var('known_until') %}where {{ moment }} < {{ add_days("cast('" ~ var('known_until') ~ "' as date)", 1) }}{% endif %}
{%- endmacro %}
