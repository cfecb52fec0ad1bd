{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_months') }}") }}

-- Who paid for the doses that facilities' records tell of, of which sex and how old the persons were. Only what counts
-- is here: where a facility's own report stands in place of records, nobody says so much. By facility, which lies in one
-- commune of either tree: readers add up to any area, and nothing is stored for each area above. A combination is one
-- row here and gives a dose to each of its series when readers ask for one.
with facility_months as (
    select distinct facility_code, month
    from {{ ref('int_facility_values') }}
    where is_recorded and {{ touched('month') }}
),

given as (
    select
        facility_code,
        month,
        product_code,
        dose_number,
        coalesce(service_type, 'unknown') as service_type,
        coalesce(sex, 'unknown') as sex,
        {{ completed_months('birth_date', 'given_date') }} as age_months,
        count(*) as dose_count
    from ({{ counted_records() }}) as records
    group by all
),

ages as (
    select given_ages.age_months, categories.category_code
    from (select distinct age_months from given) as given_ages
    inner join {{ ref('breakdown_categories') }} as categories
        on categories.breakdown_code = 'age_group'
        and (categories.from_months = 0 or given_ages.age_months >= categories.from_months)
        and (categories.to_months is null or given_ages.age_months < categories.to_months)
)

select
    given.facility_code,
    given.month,
    given.product_code,
    given.dose_number,
    given.service_type,
    given.sex,
    ages.category_code as age_group,
    cast(sum(given.dose_count) as bigint) as dose_count
from given
inner join facility_months on given.facility_code = facility_months.facility_code and given.month = facility_months.month
inner join ages on given.age_months = ages.age_months
group by all
-- Readers ask for one dose at a time: a few products with a number.
order by given.product_code, given.dose_number, given.month, given.facility_code
