-- Doses against tetanus of women, by the name and telephone under which their children know them.
select
    records.woman_key,
    records.given_date,
    max(records.dose_number) as dose_number
from {{ ref('int_dose_records_current') }} as records
inner join {{ ref('product_series') }} as product_series on records.product_code = product_series.product_code
where
    records.is_live
    and records.woman_key is not null
    and records.record_origin = 'facility'
    and product_series.series_code in (
        select series_code from {{ ref('person_measures') }} where count_kind = 'td_women_2plus'
    )
    and cast(records.dose_status as string) in (
        {{ given_statuses() }}
    )
group by records.woman_key, records.given_date
