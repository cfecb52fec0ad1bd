-- Between period and cohort coverage of a dose: every dose that the period counts and every child that the cohort counts
-- with it, met in one event. A child counts by its n-th event, a period by what was written on the record; where both
-- mean the same event nothing has to be explained, and where only one does, the row says why.
with doses as (
    -- Doses of which children are counted at the very age up to which the period counts.
    select
        doses.dose_code, doses.series_code, doses.dose_number, ages.cohort_age_code,
        doses.coverage_age_limit_months as age_limit_months
    from {{ ref('vaccine_doses') }} as doses
    inner join {{ ref('cohort_ages') }} as ages on doses.coverage_age_limit_months = ages.months
),

statuses as (
    {{ given_statuses() }}
),

months_with_reported_doses as (
    select distinct facility_code, period_start_month as month
    from {{ ref('int_report_values_current') }}
    where
        facility_code is not null
        and period_start_month = period_end_month
        and annual_spread = 'none'
        and measure_kind = 'dose_count'
),

sent as (
    select
        records.record_key,
        cards.person_key,
        facilities.unit_code,
        records.product_code,
        records.dose_number,
        records.given_date,
        {{ completed_months('records.birth_date', 'records.given_date') }} as age_months,
        -- As in int_facility_values: records count where some were sent for the month, else the month's report does.
        coalesce(facility_months.has_records, false) or reported.facility_code is null as is_chosen
    from {{ ref('int_dose_records_current') }} as records
    inner join {{ ref('stg_programme__facilities') }} as facilities on records.facility_code = facilities.facility_code
    left join {{ ref('int_person_cards') }} as cards on records.person_card_key = cards.card_key
    left join {{ ref('int_facility_months') }} as facility_months
        on records.facility_code = facility_months.facility_code and records.month = facility_months.month
    left join months_with_reported_doses as reported
        on records.facility_code = reported.facility_code and records.month = reported.month
    where
        records.is_live
        and cast(records.dose_status as string) in (select canonical_value from statuses)
        and records.record_origin = 'facility'
),

told as (
    -- A record and the dose that it says it was. Its event is the person, the day and the dose, which names the series.
    select
        sent.record_key,
        sent.person_key,
        sent.unit_code,
        sent.given_date,
        doses.dose_code,
        sent.age_months < doses.age_limit_months as is_under,
        sent.age_months < doses.age_limit_months and sent.is_chosen as is_counted
    from sent
    inner join {{ ref('product_series') }} as product_series on sent.product_code = product_series.product_code
    inner join doses
        on product_series.series_code = doses.series_code and sent.dose_number = doses.dose_number
),

told_of_event as (
    -- What the period counts: of several records of one event and dose, the first stands for the event.
    select
        person_key,
        given_date,
        dose_code,
        bool_or(is_under) as is_under,
        count(*) filter (where is_counted) as counted_records,
        min(record_key) filter (where is_counted) as counted_record_key,
        min_by(unit_code, record_key) filter (where is_counted) as place_unit_code
    from told
    where person_key is not null and given_date is not null
    group by person_key, given_date, dose_code
),

recorded as (
    select
        verdicts.person_key,
        verdicts.given_date,
        doses.dose_code,
        coalesce(verdicts.valid_dose_number = doses.dose_number, false) as is_valid_itself
    from {{ ref('int_dose_verdicts') }} as verdicts
    inner join doses
        on verdicts.series_code = doses.series_code and verdicts.recorded_dose_number = doses.dose_number
),

events as (
    -- Both sides in one: most events are the same dose to both.
    select
        coalesce(told_of_event.person_key, recorded.person_key) as person_key,
        coalesce(told_of_event.given_date, recorded.given_date) as given_date,
        coalesce(told_of_event.dose_code, recorded.dose_code) as dose_code,
        told_of_event.person_key is not null as is_told,
        told_of_event.is_under,
        coalesce(told_of_event.counted_records, 0) > 0 as is_counted,
        told_of_event.place_unit_code,
        recorded.person_key is not null as is_recorded,
        recorded.is_valid_itself
    from told_of_event
    full join recorded
        on told_of_event.person_key = recorded.person_key
        and told_of_event.given_date = recorded.given_date
        and told_of_event.dose_code = recorded.dose_code
),

misnumbered as (
    select events.person_key, events.given_date, events.dose_code
    from events
    inner join doses on events.dose_code = doses.dose_code
    inner join {{ ref('int_dose_verdicts') }} as verdicts
        on events.person_key = verdicts.person_key
        and events.given_date = verdicts.given_date
        and doses.series_code = verdicts.series_code
    where events.is_counted and not events.is_recorded
),

valid_elsewhere as (
    -- Another dose of the series may be the valid one of this number.
    select events.person_key, events.given_date, events.dose_code, verdicts.given_date as valid_date
    from events
    inner join doses on events.dose_code = doses.dose_code
    inner join {{ ref('int_dose_verdicts') }} as verdicts
        on events.person_key = verdicts.person_key
        and doses.series_code = verdicts.series_code
        and doses.dose_number = verdicts.valid_dose_number
    where events.is_recorded and not events.is_valid_itself
),

children as (
    select
        children.person_key, children.cohort_age_code, children.reach_date, children.month,
        children.residence_unit_code, children.is_followed
    from {{ ref('int_followed_children') }} as children
    where children.cohort_age_code in (select cohort_age_code from doses)
),

sides as (
    select
        events.dose_code,
        events.place_unit_code,
        cast(year(events.given_date) as integer) as given_year,
        children.residence_unit_code,
        cast(year(children.reach_date) as integer) as reach_year,
        events.is_told,
        events.is_under,
        events.is_counted,
        case
            when not events.is_counted then null
            when children.person_key is null then 'died'
            when misnumbered.person_key is not null then 'other_number_out'
            when events.given_date >= children.reach_date then 'after_age_limit'
            when not children.is_followed then 'not_followed'
            when year(children.reach_date) <> year(events.given_date) then 'other_year_out'
            when children.month >= {{ month_of(as_of_date()) }} then 'not_yet_reached'
        end as out_code,
        events.is_recorded
        and coalesce(children.is_followed, false)
        and children.month < {{ month_of(as_of_date()) }}
        and events.given_date < children.reach_date as is_of_cohort,
        not events.is_valid_itself
        and coalesce(valid_elsewhere.valid_date >= children.reach_date, true) as is_invalid
    from events
    inner join doses on events.dose_code = doses.dose_code
    left join children
        on events.person_key = children.person_key and doses.cohort_age_code = children.cohort_age_code
    left join misnumbered
        on events.person_key = misnumbered.person_key
        and events.given_date = misnumbered.given_date
        and events.dose_code = misnumbered.dose_code
    left join valid_elsewhere
        on events.person_key = valid_elsewhere.person_key
        and events.given_date = valid_elsewhere.given_date
        and events.dose_code = valid_elsewhere.dose_code
),

outs as (
    select dose_code, place_unit_code, given_year, out_code
    from sides
    where out_code is not null

    union all

    select dose_code, unit_code, cast(year(given_date) as integer), 'not_matched_record'
    from told
    where person_key is null and is_counted

    union all

    select told.dose_code, told.unit_code, cast(year(told.given_date) as integer), 'duplicate'
    from told
    inner join told_of_event
        on told.person_key = told_of_event.person_key
        and told.given_date = told_of_event.given_date
        and told.dose_code = told_of_event.dose_code
    where
        told_of_event.counted_records > 1 and told.is_counted and told.record_key <> told_of_event.counted_record_key
),

met as (
    select
        dose_code,
        place_unit_code,
        given_year,
        cast(null as string) as residence_unit_code,
        cast(null as integer) as reach_year,
        out_code,
        cast(null as string) as in_code,
        false as is_invalid
    from outs

    union all

    select
        dose_code,
        place_unit_code,
        given_year,
        residence_unit_code,
        reach_year,
        null as out_code,
        case
            when is_counted and out_code is null then null
            when is_counted then 'other_year_in'
            when not is_told then 'other_number_in'
            when not is_under then 'birth_date_differs'
            else 'report_stands'
        end as in_code,
        is_invalid
    from sides
    where is_of_cohort
)

select
    dose_code, place_unit_code, given_year, residence_unit_code, reach_year, out_code, in_code, is_invalid,
    count(*) as dose_count
from met
group by all
