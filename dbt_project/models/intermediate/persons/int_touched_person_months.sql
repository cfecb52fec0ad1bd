{# Built after everything that is kept by person, before anything that counts persons by month. #}
{%- set known = adapter.get_relation(database=this.database, schema=this.schema, identifier='int_person_measures_unit_month') -%}
{#- What is counted of a row beside its key: a row is another one when any of these is. #}
{%- set of_verdicts = [
    'person_key', 'series_code', 'given_date', 'unit_code', 'status', 'valid_dose_number', 'dose_number', 'given_at',
    'is_flagged_within_24h', 'source_code'
] -%}
{%- set of_children = [
    'birth_date', 'birth_at', 'source_code', 'reach_date', 'month', 'residence_unit_code', 'care_unit_code',
    'is_protected_at_birth'
] %}
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

verdicts_now as (
    select event_key, {{ of_verdicts | join(', ') }} from {{ ref('int_dose_verdicts') }}
    where person_key in (select person_key from affected)
),

-- Keys are unique on both sides, so one join of keys tells what came, what went and what is another.
other_verdicts as (
    select
        verdicts_before.person_key as person_before,
        verdicts_before.given_date as given_before,
        verdicts_now.person_key as person_now,
        verdicts_now.given_date as given_now
    from {{ ref('int_dose_verdicts_before') }} as verdicts_before
    full join verdicts_now on verdicts_before.event_key = verdicts_now.event_key
    where {% for column in of_verdicts %}{{ 'or ' if not loop.first }}verdicts_before.{{ column }} is distinct from verdicts_now.{{ column }}
        {% endfor %}
),

changed_verdicts as (
    select person_before as person_key, given_before as given_date from other_verdicts where person_before is not null
    union all
    select person_now, given_now from other_verdicts where person_now is not null
),

children_now as (
    select person_key, cohort_age_code, {{ of_children | join(', ') }} from {{ ref('int_cohort_children') }}
    where person_key in (select person_key from affected)
),

other_children as (
    select children_before.month as month_before, children_now.month as month_now
    from {{ ref('int_cohort_children_before') }} as children_before
    full join children_now
        on children_before.person_key = children_now.person_key
        and children_before.cohort_age_code = children_now.cohort_age_code
    where {% for column in of_children %}{{ 'or ' if not loop.first }}children_before.{{ column }} is distinct from children_now.{{ column }}
        {% endfor %}
),

changed_children as (
    select month_before as month from other_children where month_before is not null
    union
    select month_now from other_children where month_now is not null
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
