{# Built after everything that is kept by person, before anything that counts persons by month. #}
{%- set known = adapter.get_relation(database=this.database, schema=this.schema, identifier='int_person_measures_unit_month') -%}
{%- set verdict_columns -%}
person_key, event_key, series_code, given_date, unit_code, status, valid_dose_number, dose_number, given_at,
is_flagged_within_24h, source_code
{%- endset -%}
{%- set child_columns -%}
person_key, birth_date, birth_at, source_code, cohort_age_code, reach_date, month, residence_unit_code, care_unit_code,
is_protected_at_birth
{%- endset -%}
-- depends_on: {{ ref('int_dose_verdicts') }}
-- depends_on: {{ ref('int_cohort_children') }}
-- depends_on: {{ ref('int_registry_starts') }}
-- depends_on: {{ ref('int_programme_months') }}
-- depends_on: {{ ref('person_measures') }}
-- depends_on: {{ ref('int_affected_persons') }}
-- depends_on: {{ ref('int_registry_starts_before') }}
-- depends_on: {{ ref('int_cohort_children_before') }}
-- depends_on: {{ ref('int_dose_verdicts_before') }}
{% if is_full_build() or not known %}

select month from {{ ref('int_programme_months') }}

{% else %}

with affected as (
    select person_key from {{ ref('int_affected_persons') }}
),

verdicts_before as (
    select {{ verdict_columns }} from {{ ref('int_dose_verdicts_before') }}
),

verdicts_now as (
    select {{ verdict_columns }} from {{ ref('int_dose_verdicts') }}
    where person_key in (select person_key from affected)
),

changed_verdicts as (
    (select * from verdicts_before except select * from verdicts_now)
    union all
    (select * from verdicts_now except select * from verdicts_before)
),

children_before as (
    select {{ child_columns }} from {{ ref('int_cohort_children_before') }}
),

children_now as (
    select {{ child_columns }} from {{ ref('int_cohort_children') }}
    where person_key in (select person_key from affected)
),

changed_children as (
    (select * from children_before except select * from children_now)
    union all
    (select * from children_now except select * from children_before)
),

changed_since as (
    select person_key, min(given_date) as given_date
    from changed_verdicts
    group by person_key
),

changed_starts as (
    select count(*) as change_count
    from {{ ref('int_registry_starts') }} as starts
    full join {{ ref('int_registry_starts_before') }} as starts_before using (level_code, area_code)
    where starts.start_month is distinct from starts_before.start_month
),

touched as (
    select month from changed_children
    union
    select {{ month_of('given_date') }} from changed_verdicts
    union
    -- A dose counts for every age that was reached after it.
    select children_now.month
    from children_now
    inner join changed_since using (person_key)
    where children_now.reach_date > changed_since.given_date
    union
    select months.month
    from {{ ref('int_programme_months') }} as months
    cross join changed_starts
    where changed_starts.change_count > 0
    union
    -- Months that are over since the last build.
    select month from {{ ref('int_programme_months') }}
    where month not in (
        select known.month
        from {{ known }} as known
        inner join {{ ref('person_measures') }} as measures using (measure_code)
        where measures.count_kind = 'registered'
    )
    {% for month in var('rebuild_months') %}
    union
    select cast('{{ month }}' as date) as month
    {% endfor %}
)

select touched.month
from touched
inner join {{ ref('int_programme_months') }} as months on touched.month = months.month

{% endif %}
