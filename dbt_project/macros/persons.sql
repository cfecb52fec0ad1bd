{# What is kept by person: only persons whom new records or a changed identity touch are made again. #}

{% macro affected(column) -%}
    {# The reference stands outside the condition, or dbt would not see it when it parses. #}
    {%- set persons = ref('int_affected_persons') -%}
    {%- if is_incremental() %}{{ column }} in (select person_key from {{ persons }}){% else %}true{% endif -%}
{%- endmacro %}

{# Run before the rows are appended: a person that was merged into another leaves none behind. #}
{% macro forget_affected_persons() -%}
    {%- if is_incremental() -%}
    delete from {{ this }} where person_key in (select person_key from {{ ref('int_affected_persons') }})
    {%- endif -%}
{%- endmacro %}

{# The rows that the last build left of the persons that this build makes again; none when all are made again. #}
{% macro rows_before(model, columns) -%}
    {%- set known = adapter.get_relation(database=this.database, schema=this.schema, identifier=model) -%}
    {%- set persons = ref('int_affected_persons') -%}
    {%- if known and not is_full_build() -%}
    select {{ columns.keys() | join(', ') }}
    from {{ known }}
    where person_key in (select person_key from {{ persons }})
    {%- else -%}
    select {% for name, type in columns.items() %}cast(null as {{ type }}) as {{ name }}{{ ', ' if not loop.last }}{% endfor %}
    where false
    {%- endif -%}
{%- endmacro %}

{# The value of a column in the newest row that has one. #}
{% macro newest(column) %}{{ newest_of(column, 'version_at', 'record_key') }}{% endmacro %}

{# Hours between two times, whose seconds do not count. #}
{% macro hours_between(first, last) %}{{ return(adapter.dispatch('hours_between', 'niis')(first, last)) }}{% endmacro %}

{% macro duckdb__hours_between(first, last) %}(date_diff('minute', {{ first }}, {{ last }}) / 60.0){% endmacro %}

{% macro spark__hours_between(first, last) -%}
    (timestampdiff(minute, date_trunc('minute', {{ first }}), date_trunc('minute', {{ last }})) / 60.0)
{%- endmacro %}

{# A number of the registry's `person_parameters`. #}
{% macro person_parameter(code) -%}
    (select value from {{ ref('person_parameters') }} where parameter_code = '{{ code }}')
{%- endmacro %}

{# A woman in her own records, and in those of her newborn: the same name and telephone. Only where one can be asked for,
   because text is dear: of women old enough, and of children in their first months. #}
{% macro woman_key() -%}
    case
        when phone is not null and given_date >= {{ add_age('birth_date', '12 * ' ~ person_parameter('woman_minimum_age_years'), 0) }}
            then md5({{ search_key('full_name') }} || '|' || phone)
    end
{%- endmacro %}

{% macro mother_key() -%}
    case
        when phone is not null and given_date < {{ add_age('birth_date', person_parameter('mother_known_months'), 0) }}
            then md5({{ search_key('mother_name') }} || '|' || phone)
    end
{%- endmacro %}
