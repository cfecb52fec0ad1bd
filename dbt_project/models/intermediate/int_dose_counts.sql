{{ config(materialized='incremental', incremental_strategy='append', tags=['monthly'],
    pre_hook="{{ forget_touched_months('int_touched_months') }}") }}

with given as (
    -- Few ages and products a facility and month: counting them first keeps the joins below small.
    select
        facility_code,
        month,
        product_code,
        dose_number,
        {{ completed_months('birth_date', 'given_date') }} as age_months,
        count(*) as dose_count
    from ({{ counted_records() }}) as records
    group by all
)

select given.facility_code, given.month, measures.measure_code, cast(sum(given.dose_count) as double) as value
from given
inner join {{ ref('product_series') }} as product_series
    on given.product_code = product_series.product_code
inner join {{ ref('vaccine_doses') }} as vaccine_doses
    on product_series.series_code = vaccine_doses.series_code and given.dose_number = vaccine_doses.dose_number
inner join {{ ref('measures') }} as measures
    on vaccine_doses.dose_code = measures.dose_code
    and measures.measure_kind = 'dose_count'
    and (measures.age_limit_months is null or given.age_months < measures.age_limit_months)
group by given.facility_code, given.month, measures.measure_code
