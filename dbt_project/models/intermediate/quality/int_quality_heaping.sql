-- How many births and doses of a facility's year fall on the first, the fifteenth or the last day of a month.
with records as (
    select facility_code, cast(year(month) as integer) as record_year, given_date, birth_date, person_card_key
    from {{ ref('int_dose_records_current') }}
    where is_live and record_origin = 'facility' and given_date is not null
),

-- A session is one choice of a day, however many children came.
days as (
    select distinct 'given_day_heaping' as rule_code, facility_code, record_year, given_date as judged_date, person_card_key
    from records
    union all
    select distinct 'birth_day_heaping' as rule_code, facility_code, record_year, birth_date as judged_date, person_card_key
    from records
)

select
    rule_code,
    facility_code,
    record_year,
    count(*) as day_count,
    count(*) filter (
        where day(judged_date) in (1, 15) or month({{ add_days('judged_date', 1) }}) <> month(judged_date)
    ) as heaped_count
from days
group by rule_code, facility_code, record_year
