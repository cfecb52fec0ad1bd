{{ config(materialized='incremental', incremental_strategy='append', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_person_months') }}") }}

{%- set months = ref('int_touched_person_months') %}

-- What is counted of persons, as rows of `person_measures` say: of children in the month in which they reach an age, of
-- doses in the month in which they were given.
with measures as (
    select
        person_measures.*,
        coalesce(vaccine_doses.series_code, person_measures.series_code) as counted_series_code,
        vaccine_doses.dose_number,
        vaccine_doses.coverage_age_limit_months,
        first_doses.series_code as first_series_code,
        first_doses.dose_number as first_dose_number
    from {{ ref('person_measures') }} as person_measures
    left join {{ ref('vaccine_doses') }} as vaccine_doses on person_measures.dose_code = vaccine_doses.dose_code
    left join {{ ref('vaccine_doses') }} as first_doses on person_measures.first_dose_code = first_doses.dose_code
),

children as (
    select *
    from {{ ref('int_followed_children') }}
    where month in (select month from {{ months }}) and month < {{ month_of(as_of_date()) }}
),

followed as (
    select * from children where is_followed
),

placed as (
    select person_key, cohort_age_code, month, source_code, is_followed, 'residence' as place_basis,
        residence_unit_code as unit_code
    from children
    union all
    select person_key, cohort_age_code, month, source_code, is_followed, 'care' as place_basis, care_unit_code as unit_code
    from children
),

totals as (
    select
        place_basis, cohort_age_code, unit_code, month, source_code,
        count(*) as registered,
        count(*) filter (where is_followed) as followed
    from placed
    group by all
),

-- Of each child and series: doses on record, and valid ones, before the day of reaching the age.
doses_of_child as (
    select
        followed.person_key,
        followed.cohort_age_code,
        verdicts.series_code,
        count(*) as recorded,
        count(verdicts.valid_dose_number) as valid
    from followed
    inner join {{ ref('int_dose_verdicts') }} as verdicts
        on followed.person_key = verdicts.person_key and verdicts.given_date < followed.reach_date
    group by all
),

-- How many children have how many: counted before doses are looked up, so that few rows meet them.
dose_histogram as (
    select
        placed.place_basis, placed.cohort_age_code, placed.unit_code, placed.month, placed.source_code,
        doses_of_child.series_code, doses_of_child.recorded, doses_of_child.valid,
        count(*) as child_count
    from doses_of_child
    inner join placed
        on doses_of_child.person_key = placed.person_key and doses_of_child.cohort_age_code = placed.cohort_age_code
    group by all
),

cohort_doses as (
    select distinct place_basis, cohort_age_code, dose_code, counted_series_code, dose_number
    from measures
    where count_kind in ('unrecorded', 'only_invalid', 'recorded', 'valid')
),

with_dose as (
    select
        cohort_doses.place_basis, cohort_doses.cohort_age_code, cohort_doses.dose_code,
        histogram.unit_code, histogram.month, histogram.source_code,
        sum(histogram.child_count) as recorded,
        sum(case when histogram.valid >= cohort_doses.dose_number then histogram.child_count else 0 end) as valid
    from dose_histogram as histogram
    inner join cohort_doses
        on histogram.place_basis = cohort_doses.place_basis
        and histogram.cohort_age_code = cohort_doses.cohort_age_code
        and histogram.series_code = cohort_doses.counted_series_code
        and histogram.recorded >= cohort_doses.dose_number
    group by all
),

dose_totals as (
    select
        totals.place_basis, totals.cohort_age_code, totals.unit_code, totals.month, totals.source_code,
        cohort_doses.dose_code,
        totals.followed,
        coalesce(with_dose.recorded, 0) as recorded,
        coalesce(with_dose.valid, 0) as valid
    from totals
    inner join cohort_doses
        on totals.place_basis = cohort_doses.place_basis and totals.cohort_age_code = cohort_doses.cohort_age_code
    left join with_dose
        on totals.place_basis = with_dose.place_basis
        and totals.cohort_age_code = with_dose.cohort_age_code
        and totals.unit_code = with_dose.unit_code
        and totals.month = with_dose.month
        and totals.source_code = with_dose.source_code
        and cohort_doses.dose_code = with_dose.dose_code
    where totals.followed > 0
),

-- Children who have one dose on record and not another, of whatever series.
stopped as (
    select
        placed.unit_code,
        placed.month,
        measures.measure_code,
        placed.source_code,
        count(*) as value
    from measures
    inner join doses_of_child as firsts
        on measures.cohort_age_code = firsts.cohort_age_code
        and measures.first_series_code = firsts.series_code
        and firsts.recorded >= measures.first_dose_number
    inner join placed
        on firsts.person_key = placed.person_key
        and firsts.cohort_age_code = placed.cohort_age_code
        and measures.place_basis = placed.place_basis
    left join doses_of_child as seconds
        on firsts.person_key = seconds.person_key
        and firsts.cohort_age_code = seconds.cohort_age_code
        and measures.counted_series_code = seconds.series_code
    where measures.count_kind = 'stopped' and coalesce(seconds.recorded, 0) < measures.dose_number
    group by all
),

-- What the schedule in force for a birth date asks of a child, with its ages as days of the calendar.
birth_dates as (
    select distinct birth_date from followed
),

birth_rules as (
    select
        birth_dates.birth_date,
        rules.series_code,
        rules.dose_number,
        {{ add_age_text('birth_dates.birth_date', 'rules.recommended_age') }} as recommended_date,
        {{ add_age_text('birth_dates.birth_date', 'rules.minimum_age') }} as minimum_date,
        {{ add_age_text('birth_dates.birth_date', 'rules.maximum_age') }} as maximum_date,
        coalesce({{ age_months('rules.minimum_interval') }}, 0) as interval_months,
        coalesce({{ age_days('rules.minimum_interval') }}, 0) as interval_days
    from birth_dates
    inner join {{ ref('int_schedule_doses') }} as rules
        on birth_dates.birth_date >= rules.in_force_from
        and (rules.valid_to is null or birth_dates.birth_date < rules.valid_to)
    where rules.scope = 'national'
),

needed as (
    select
        ages.birth_date, ages.cohort_age_code, birth_rules.series_code,
        max(birth_rules.dose_number) as dose_number
    from (select distinct birth_date, cohort_age_code, reach_date from followed) as ages
    inner join birth_rules
        on ages.birth_date = birth_rules.birth_date and birth_rules.recommended_date < ages.reach_date
    where ages.cohort_age_code in (select cohort_age_code from measures where count_kind like 'not_full_%')
    group by all
),

needed_totals as (
    select birth_date, cohort_age_code, count(*) as series_count
    from needed
    group by birth_date, cohort_age_code
),

met as (
    select
        followed.person_key,
        followed.cohort_age_code,
        count(*) filter (where doses_of_child.recorded >= needed.dose_number) as recorded,
        count(*) filter (where doses_of_child.valid >= needed.dose_number) as valid
    from followed
    inner join needed
        on followed.birth_date = needed.birth_date and followed.cohort_age_code = needed.cohort_age_code
    inner join doses_of_child
        on followed.person_key = doses_of_child.person_key
        and followed.cohort_age_code = doses_of_child.cohort_age_code
        and needed.series_code = doses_of_child.series_code
    group by followed.person_key, followed.cohort_age_code
),

not_full as (
    select
        followed.person_key,
        followed.cohort_age_code,
        coalesce(met.recorded, 0) < needed_totals.series_count as is_short_recorded,
        coalesce(met.valid, 0) < needed_totals.series_count as is_short_valid
    from followed
    inner join needed_totals
        on followed.birth_date = needed_totals.birth_date and followed.cohort_age_code = needed_totals.cohort_age_code
    left join met on followed.person_key = met.person_key and followed.cohort_age_code = met.cohort_age_code
),

birth_doses as (
    select
        followed.person_key,
        followed.cohort_age_code,
        measures.dose_code,
        case
            when followed.birth_at is not null and verdicts.has_given_time
                then case
                    when {{ hours_between('followed.birth_at', 'verdicts.given_at') }}
                        between 0 and {{ person_parameter('birth_dose_hours') }} then 'birth_dose_timed'
                    else 'birth_dose_late'
                end
            when verdicts.is_flagged_within_24h then 'birth_dose_flagged'
            when not verdicts.is_flagged_within_24h then 'birth_dose_late'
            -- Two days after the day of birth more than a day has passed, whatever the hours.
            when {{ days_between('followed.birth_date', 'verdicts.given_date') }} >= 2 then 'birth_dose_late'
            else 'birth_dose_unknown'
        end as count_kind
    from followed
    inner join (
        select distinct cohort_age_code, dose_code, counted_series_code, dose_number
        from measures
        where count_kind like 'birth_dose_%'
    ) as measures on followed.cohort_age_code = measures.cohort_age_code
    inner join {{ ref('int_dose_verdicts') }} as verdicts
        on followed.person_key = verdicts.person_key
        and measures.counted_series_code = verdicts.series_code
        and measures.dose_number = verdicts.recorded_dose_number
        and verdicts.given_date < followed.reach_date
),

caught_up as (
    select followed.person_key, followed.cohort_age_code, measures.dose_code, measures.count_kind
    from followed
    inner join measures
        on followed.cohort_age_code = measures.cohort_age_code and measures.count_kind = 'caught_up'
    inner join {{ ref('int_dose_verdicts') }} as verdicts
        on followed.person_key = verdicts.person_key
        and measures.counted_series_code = verdicts.series_code
        and measures.dose_number = verdicts.recorded_dose_number
        and verdicts.given_date < followed.reach_date
        and verdicts.given_date >= {{ add_age('followed.birth_date', 'measures.coverage_age_limit_months', 0) }}
),

-- Missed opportunities: a visit between the day from which a dose is due and the day on which it is validly given.
watched as (
    select person_key, birth_date, cohort_age_code, reach_date
    from followed
    where cohort_age_code in (select cohort_age_code from measures where count_kind = 'visits')
),

watched_persons as (
    select person_key, birth_date, max(reach_date) as reach_date
    from watched
    group by person_key, birth_date
),

visits as (
    select distinct verdicts.person_key, verdicts.given_date as visit_date
    from {{ ref('int_dose_verdicts') }} as verdicts
    inner join watched_persons on verdicts.person_key = watched_persons.person_key
    where verdicts.given_date < watched_persons.reach_date
),

valid_doses as (
    select verdicts.person_key, verdicts.series_code, verdicts.valid_dose_number, verdicts.given_date
    from {{ ref('int_dose_verdicts') }} as verdicts
    inner join watched_persons on verdicts.person_key = watched_persons.person_key
    where verdicts.valid_dose_number is not null
),

due as (
    select
        watched_persons.person_key,
        case
            when rules.dose_number = 1 then rules.minimum_date
            else greatest(
                rules.minimum_date, {{ add_age('before.given_date', 'rules.interval_months', 'rules.interval_days') }}
            )
        end as due_from,
        rules.maximum_date as due_until,
        own.given_date as done_date
    from watched_persons
    inner join birth_rules as rules on watched_persons.birth_date = rules.birth_date
    left join valid_doses as own
        on watched_persons.person_key = own.person_key
        and rules.series_code = own.series_code
        and rules.dose_number = own.valid_dose_number
    left join valid_doses as before
        on watched_persons.person_key = before.person_key
        and rules.series_code = before.series_code
        and rules.dose_number - 1 = before.valid_dose_number
    where
        rules.minimum_date < watched_persons.reach_date
        and (rules.dose_number = 1 or before.given_date is not null)
),

misses as (
    select visits.person_key, visits.visit_date, due.done_date
    from due
    inner join visits
        on due.person_key = visits.person_key
        and visits.visit_date >= due.due_from
        and (due.done_date is null or visits.visit_date < due.done_date)
        and (due.due_until is null or visits.visit_date < due.due_until)
),

visits_of_child as (
    select watched.person_key, watched.cohort_age_code, count(*) as visit_count
    from watched
    inner join visits on watched.person_key = visits.person_key and visits.visit_date < watched.reach_date
    group by watched.person_key, watched.cohort_age_code
),

misses_of_child as (
    select
        watched.person_key,
        watched.cohort_age_code,
        count(distinct misses.visit_date) as missed_count,
        bool_or(misses.done_date is null or misses.done_date >= watched.reach_date) as is_uncorrected
    from watched
    inner join misses on watched.person_key = misses.person_key and misses.visit_date < watched.reach_date
    group by watched.person_key, watched.cohort_age_code
),

of_child as (
    select person_key, cohort_age_code, 'not_full_recorded' as count_kind, cast(null as string) as dose_code, 1 as value
    from not_full where is_short_recorded
    union all
    select person_key, cohort_age_code, 'not_full_valid', null, 1 from not_full where is_short_valid
    union all
    select person_key, cohort_age_code, count_kind, dose_code, 1 from birth_doses
    union all
    select person_key, cohort_age_code, count_kind, dose_code, 1 from caught_up
    union all
    select person_key, cohort_age_code, 'mother_known', null, 1 from followed where is_protected_at_birth is not null
    union all
    select person_key, cohort_age_code, 'mother_protected', null, 1 from followed where is_protected_at_birth
    union all
    select person_key, cohort_age_code, 'visits', null, visit_count from visits_of_child
    union all
    select person_key, cohort_age_code, 'visits_missed', null, missed_count from misses_of_child
    union all
    select person_key, cohort_age_code, case when is_uncorrected then 'missed_uncorrected' else 'missed_corrected' end,
        null, 1
    from misses_of_child
),

doses_given as (
    select
        verdicts.unit_code,
        {{ month_of('verdicts.given_date') }} as month,
        verdicts.source_code,
        verdicts.series_code,
        verdicts.status,
        -- A dose of a series without a schedule for that birth date is no dose that could be judged.
        verdicts.reason_code not in ('series_unknown', 'no_schedule_for_birth_date', 'birth_date_unknown') as is_judged,
        persons.sex is distinct from 'M'
            and verdicts.dose_number >= 2
            and verdicts.given_date >= {{ add_age('verdicts.birth_date', '12 * ' ~ person_parameter('woman_minimum_age_years'), 0) }}
            as is_later_dose_of_woman
    from {{ ref('int_dose_verdicts') }} as verdicts
    inner join {{ ref('int_persons') }} as persons on verdicts.person_key = persons.person_key
    where {{ month_of('verdicts.given_date') }} in (select month from {{ months }}) and verdicts.unit_code is not null
),

counted as (
    select place_basis, cohort_age_code, 'registered' as count_kind, cast(null as string) as dose_code, unit_code, month,
        source_code, registered as value
    from totals
    union all
    select place_basis, cohort_age_code, 'followed', null, unit_code, month, source_code, followed
    from totals
    where followed > 0
    union all
    select place_basis, cohort_age_code, 'unrecorded', dose_code, unit_code, month, source_code, followed - recorded
    from dose_totals
    where followed > recorded
    union all
    select place_basis, cohort_age_code, 'only_invalid', dose_code, unit_code, month, source_code, recorded - valid
    from dose_totals
    where recorded > valid
    union all
    select place_basis, cohort_age_code, 'recorded', dose_code, unit_code, month, source_code, recorded
    from dose_totals
    where recorded > 0
    union all
    select place_basis, cohort_age_code, 'valid', dose_code, unit_code, month, source_code, valid
    from dose_totals
    where valid > 0
    union all
    select placed.place_basis, placed.cohort_age_code, of_child.count_kind, of_child.dose_code, placed.unit_code,
        placed.month, placed.source_code, sum(of_child.value)
    from of_child
    inner join placed
        on of_child.person_key = placed.person_key and of_child.cohort_age_code = placed.cohort_age_code
    group by all
    union all
    select 'given', null, 'judged', null, unit_code, month, source_code, count(*)
    from doses_given
    where is_judged
    group by all
    union all
    select 'given', null, 'invalid', null, unit_code, month, source_code, count(*)
    from doses_given
    where is_judged and status = 'invalid'
    group by all
    union all
    select 'given', null, measures.count_kind, null, doses_given.unit_code, doses_given.month, doses_given.source_code,
        count(*)
    from doses_given
    inner join measures
        on doses_given.series_code = measures.counted_series_code and measures.count_kind = 'td_women_2plus'
    where doses_given.is_later_dose_of_woman
    group by all
)

select
    counted.unit_code,
    counted.month,
    counted.month as span_start_month,
    measures.measure_code,
    counted.source_code,
    cast(sum(counted.value) as double) as value
from counted
inner join measures
    on counted.count_kind = measures.count_kind
    and counted.place_basis = measures.place_basis
    and coalesce(counted.cohort_age_code, '') = coalesce(measures.cohort_age_code, '')
    and coalesce(counted.dose_code, '') = coalesce(measures.dose_code, '')
group by counted.unit_code, counted.month, measures.measure_code, counted.source_code

union all

select unit_code, month, month as span_start_month, measure_code, source_code, cast(value as double) as value
from stopped
