{# Where each person stands in each series on a day: due, overdue, complete, or why not to be invited.
   The words and the spans are rows of `due_states`; how ages are added stands in ages.sql. #}

{# series_states is a query with one row per person and series that the schedule asks of its birth date:
   person_key, series_code, state_code, dose_code and dose_number (the next dose; null when complete), earliest_date
   (minimum age, and minimum interval since the last valid dose), recommended_date, limit_date (from when the dose is no
   longer given) and limit_kind (schedule, catch_up), days_overdue, last_valid_number, last_valid_date, decision_status
   and decided_date (a contraindication, refusal or deferral that stands), declared_count, last_declared_date.

   persons   a relation or a query in brackets: person_key, birth_date, death_date
   events    person_key, series_code, given_date, is_confirmed, status, valid_dose_number
   records   person_key, product_code, given_date, dose_status
   schedule  dose_code, series_code, dose_number, recommended_age, minimum_age, maximum_age, minimum_interval,
             catch_up_age, scope, in_force_from, valid_to (both of the birth date)
   product_series, states   the seeds
   day       an expression of a date

   A dose of partial scope is asked of those alone whose dose before it was of partial scope as well: elsewhere nobody
   offers it. What happened after `day` is not known on it. #}
{% macro series_states(persons, events, records, schedule, product_series, states, day) -%}
with due_persons as (
    select person_key, birth_date, death_date
    from {{ persons }} as persons
    where birth_date <= {{ day }}
),

due_doses as (
    select
        dose_code,
        series_code,
        dose_number,
        scope,
        in_force_from,
        coalesce(valid_to, date '9999-12-31') as in_force_to,
        {{ age_months('recommended_age') }} as recommended_months,
        {{ age_days('recommended_age') }} as recommended_days,
        {{ age_months('minimum_age') }} as minimum_months,
        {{ age_days('minimum_age') }} as minimum_days,
        {{ age_months('minimum_interval') }} as interval_months,
        {{ age_days('minimum_interval') }} as interval_days,
        {{ age_months('maximum_age') }} as maximum_months,
        {{ age_days('maximum_age') }} as maximum_days,
        {{ age_months('catch_up_age') }} as catch_up_months,
        {{ age_days('catch_up_age') }} as catch_up_days
    from {{ schedule }} as schedule
),

due_spans as (
    select
        state_code,
        dose_status,
        {{ age_months('span') }} as span_months,
        {{ age_days('span') }} as span_days
    from {{ states }} as states
),

due_given as (
    select
        person_key,
        series_code,
        max(case when is_confirmed then valid_dose_number end) as last_valid_number,
        max(case when is_confirmed and status = 'valid' then given_date end) as last_valid_date,
        max(case when is_confirmed then given_date end) as last_given_date,
        sum(case when is_confirmed then 0 else 1 end) as declared_count,
        max(case when is_confirmed then null else given_date end) as last_declared_date
    from {{ events }} as events
    where given_date <= {{ day }}
    group by person_key, series_code
),

due_decided as (
    select
        records.person_key,
        product_series.series_code,
        due_spans.state_code,
        records.given_date as decided_date,
        records.dose_status,
        due_spans.span_months,
        due_spans.span_days,
        row_number() over (
            partition by records.person_key, product_series.series_code
            order by records.given_date desc, records.dose_status asc
        ) as newest_rank
    from {{ records }} as records
    inner join {{ product_series }} as product_series on records.product_code = product_series.product_code
    inner join due_spans on cast(records.dose_status as string) = due_spans.dose_status
    where records.given_date <= {{ day }}
),

due_series as (
    select
        due_persons.person_key,
        due_persons.birth_date,
        due_persons.death_date,
        due_doses.series_code,
        coalesce(due_given.last_valid_number, 0) as last_valid_number,
        due_given.last_valid_date,
        due_given.last_given_date,
        cast(coalesce(due_given.declared_count, 0) as bigint) as declared_count,
        due_given.last_declared_date
    from due_persons
    inner join due_doses
        on due_doses.dose_number = 1
        and due_persons.birth_date >= due_doses.in_force_from
        and due_persons.birth_date < due_doses.in_force_to
    left join due_given
        on due_persons.person_key = due_given.person_key and due_doses.series_code = due_given.series_code
    where due_doses.scope = 'national' or due_given.last_valid_number > 0
),

due_next as (
    select
        due_series.*,
        next_doses.dose_code,
        next_doses.dose_number,
        decided.state_code as decided_state,
        decided.decided_date,
        decided.dose_status as decision_status,
        {{ add_age('decided.decided_date', 'decided.span_months', 'decided.span_days') }} as resume_date,
        greatest(
            {{ add_age('due_series.birth_date', 'next_doses.minimum_months', 'next_doses.minimum_days') }},
            {{ add_age('due_series.last_valid_date', 'next_doses.interval_months', 'next_doses.interval_days') }}
        ) as earliest_date,
        {{ add_age('due_series.birth_date', 'next_doses.recommended_months', 'next_doses.recommended_days') }}
            as recommended_by_age,
        {{ add_age('due_series.birth_date', 'next_doses.maximum_months', 'next_doses.maximum_days') }} as maximum_date,
        {{ add_age('due_series.birth_date', 'next_doses.catch_up_months', 'next_doses.catch_up_days') }} as catch_up_date
    from due_series
    left join due_doses as last_doses
        on due_series.series_code = last_doses.series_code
        and due_series.last_valid_number = last_doses.dose_number
        and due_series.birth_date >= last_doses.in_force_from
        and due_series.birth_date < last_doses.in_force_to
    left join due_doses as next_doses
        on due_series.series_code = next_doses.series_code
        and due_series.last_valid_number + 1 = next_doses.dose_number
        and due_series.birth_date >= next_doses.in_force_from
        and due_series.birth_date < next_doses.in_force_to
        and (next_doses.scope = 'national' or last_doses.scope = 'partial')
    left join due_decided as decided
        on due_series.person_key = decided.person_key
        and due_series.series_code = decided.series_code
        and decided.newest_rank = 1
        -- A dose that was given after all ends what was decided before it.
        and (due_series.last_given_date is null or due_series.last_given_date < decided.decided_date)
),

due_dates as (
    select
        due_next.*,
        greatest(recommended_by_age, earliest_date) as recommended_date,
        least(maximum_date, catch_up_date) as limit_date,
        case
            when maximum_date <= coalesce(catch_up_date, maximum_date) then 'schedule'
            when catch_up_date is not null then 'catch_up'
        end as limit_kind
    from due_next
),

due_standing as (
    select
        due_dates.*,
        case
            when death_date <= {{ day }} then 'dead'
            when dose_code is null then 'complete'
            -- A dose that could be given only when it is too late will not be given.
            when limit_date <= {{ day }} or limit_date <= earliest_date then 'too_old'
            when decided_state is not null and (resume_date is null or {{ day }} < resume_date) then decided_state
            when {{ day }} >= {{ add_age('recommended_date', 'overdue.span_months', 'overdue.span_days') }} then 'overdue'
            when {{ day }} >= recommended_date then 'due'
            else 'upcoming'
        end as state_code
    from due_dates
    left join due_spans as overdue on overdue.state_code = 'overdue'
)

select
    person_key,
    series_code,
    state_code,
    dose_code,
    dose_number,
    earliest_date,
    recommended_date,
    limit_date,
    limit_kind,
    case
        when state_code in ('due', 'overdue') then {{ days_between('recommended_date', day) }}
    end as days_overdue,
    last_valid_number,
    last_valid_date,
    decision_status,
    decided_date,
    declared_count,
    last_declared_date
from due_standing
{%- endmacro %}
