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
    select canonical_value from {{ ref('value_aliases') }} where field_name = 'dose_status' and alias = 'done'
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
    -- A record and the dose that it says it was.
    select
        sent.record_key,
        sent.person_key,
        sent.person_key || '|' || doses.series_code || '|' || cast(sent.given_date as string) as event_key,
        sent.unit_code,
        sent.given_date,
        doses.dose_code,
        sent.age_months < doses.age_limit_months as is_under,
        sent.is_chosen
    from sent
    inner join {{ ref('product_series') }} as product_series on sent.product_code = product_series.product_code
    inner join doses
        on product_series.series_code = doses.series_code and sent.dose_number = doses.dose_number
),

counted as (
    -- What the period counts; of several records of one event and dose, one stands for the event.
    select
        *,
        row_number() over (
            partition by coalesce(event_key, record_key), dose_code order by record_key
        ) as copy_no
    from told
    where is_under and is_chosen
),

told_of_event as (
    select event_key, dose_code, bool_or(is_under) as is_under
    from told
    where event_key is not null
    group by event_key, dose_code
),

children as (
    select
        children.person_key, children.cohort_age_code, children.reach_date, children.month,
        children.residence_unit_code, children.is_followed
    from {{ ref('int_followed_children') }} as children
    where children.cohort_age_code in (select cohort_age_code from doses)
),

period_side as (
    select
        counted.event_key,
        counted.dose_code,
        counted.unit_code as place_unit_code,
        year(counted.given_date) as given_year,
        children.residence_unit_code,
        year(children.reach_date) as reach_year,
        case
            when counted.person_key is null then 'not_matched_record'
            when counted.copy_no > 1 then 'duplicate'
            when children.person_key is null then 'died'
            when verdicts.recorded_dose_number <> doses.dose_number then 'other_number_out'
            when counted.given_date >= children.reach_date then 'after_age_limit'
            when not children.is_followed then 'not_followed'
            when year(children.reach_date) <> year(counted.given_date) then 'other_year_out'
            when children.month >= {{ month_of(as_of_date()) }} then 'not_yet_reached'
        end as out_code
    from counted
    inner join doses on counted.dose_code = doses.dose_code
    left join {{ ref('int_dose_verdicts') }} as verdicts on counted.event_key = verdicts.event_key
    left join children
        on counted.person_key = children.person_key and doses.cohort_age_code = children.cohort_age_code
),

cohort_side as (
    select
        verdicts.event_key,
        doses.dose_code,
        children.residence_unit_code,
        year(children.reach_date) as reach_year,
        year(verdicts.given_date) as given_year,
        valid_doses.event_key is null as is_invalid
    from {{ ref('int_dose_verdicts') }} as verdicts
    inner join doses
        on verdicts.series_code = doses.series_code and verdicts.recorded_dose_number = doses.dose_number
    inner join children
        on verdicts.person_key = children.person_key and doses.cohort_age_code = children.cohort_age_code
    left join {{ ref('int_dose_verdicts') }} as valid_doses
        on verdicts.person_key = valid_doses.person_key
        and verdicts.series_code = valid_doses.series_code
        and doses.dose_number = valid_doses.valid_dose_number
        and valid_doses.given_date < children.reach_date
    where
        children.is_followed
        and children.month < {{ month_of(as_of_date()) }}
        and verdicts.given_date < children.reach_date
),

met as (
    select
        period_side.dose_code,
        period_side.place_unit_code,
        cast(period_side.given_year as integer) as given_year,
        cast(null as string) as residence_unit_code,
        cast(null as integer) as reach_year,
        period_side.out_code,
        cast(null as string) as in_code,
        false as is_invalid
    from period_side
    where period_side.out_code is not null

    union all

    select
        cohort_side.dose_code,
        period_side.place_unit_code,
        cast(cohort_side.given_year as integer) as given_year,
        cohort_side.residence_unit_code,
        cast(cohort_side.reach_year as integer) as reach_year,
        null as out_code,
        case
            when period_side.event_key is not null and period_side.out_code is null then null
            when period_side.event_key is not null then 'other_year_in'
            when told_of_event.event_key is null then 'other_number_in'
            when not told_of_event.is_under then 'birth_date_differs'
            else 'report_stands'
        end as in_code,
        cohort_side.is_invalid
    from cohort_side
    left join period_side
        on cohort_side.event_key = period_side.event_key
        and cohort_side.dose_code = period_side.dose_code
        and coalesce(period_side.out_code, '') <> 'duplicate'
    left join told_of_event
        on cohort_side.event_key = told_of_event.event_key and cohort_side.dose_code = told_of_event.dose_code
)

select
    dose_code, place_unit_code, given_year, residence_unit_code, reach_year, out_code, in_code, is_invalid,
    count(*) as dose_count
from met
group by all
