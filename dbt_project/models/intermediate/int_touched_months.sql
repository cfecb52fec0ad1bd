{# Built after the programme's months, before anything that is kept by month. #}
{%- set known = adapter.get_relation(database=this.database, schema=this.schema, identifier='int_facility_months') -%}
with records as (
    select * from {{ ref('stg_lake__dose_records') }}
),

report_values as (
    select * from {{ ref('stg_lake__report_values') }}
),

affected as (
    select * from {{ ref('int_affected_record_keys') }}
),

spans as (
    select distinct period_start_month, period_end_month
    from report_values
    where batch_no > {{ var('since_batch_no') }}
),

direct as (
    {% if is_full_build() %}
    select distinct {{ month_of('given_date') }} as month from records where given_date is not null
    union
    select distinct report_month as month from records
    union
    {% else %}
    -- Every month in which any version of an affected record lies: where it was, and where it is.
    select distinct {{ month_of('records.given_date') }} as month
    from records
    inner join affected using (record_key)
    where records.given_date is not null
    union
    select distinct report_month as month from records where batch_no > {{ var('since_batch_no') }}
    union
    {% endif %}
    select {{ month_series('period_start_month', 'period_end_month') }} as month
    from spans
    union
    select month from {{ ref('int_programme_months') }}
    {% if known and not is_full_build() %}
    where month not in (select month from {{ known }})
    {% endif %}
    {% for month in var('rebuild_months') %}
    union
    select cast('{{ month }}' as date) as month
    {% endfor %}
),

wide as (
    -- A report over a longer time stands at its last month and changes with each month inside it.
    select distinct report_values.period_end_month as month
    from report_values
    inner join direct
        on direct.month between report_values.period_start_month and report_values.period_end_month
    where report_values.period_start_month < report_values.period_end_month
)

select month from direct
union
select month from wide
