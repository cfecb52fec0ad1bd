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

{# What was known at the end of a day, by the senders' times; everything when no day is given (decision 8). #}
{% macro known_by_then(moment) -%}
{% if var('known_until') %}where {{ moment }} < {{ add_days("cast('" ~ var('known_until') ~ "' as date)", 1) }}{% endif %}
{%- endmacro %}
