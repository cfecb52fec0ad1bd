-- What leaving values out adds to each measure (mostly a negative number): the same sums without them, less the sums with
-- them, where the two differ. What a larger report adds is not worked out again: it does not fill what is left out.
with affected as (
    select unit_code, month from {{ ref('int_excluded_units') }}
),

exclusions as (
    select * from {{ ref('stg_stewardship__exclusions') }}
),

facility_values as (
    select facility_values.*
    from {{ ref('int_facility_values') }} as facility_values
    inner join affected using (unit_code, month)
    where not exists (
        select 1
        from exclusions
        where exclusions.reporter_code = 'F:' || facility_values.facility_code
            and exclusions.span_start_month = exclusions.month
            and exclusions.month = facility_values.month
            and exclusions.measure_code = facility_values.measure_code
    )
),

facility_months as (
    select facility_months.*
    from {{ ref('int_facility_months') }} as facility_months
    inner join affected using (unit_code, month)
),

containers as (
    -- Of every unit, because the reports of areas above say where a dose is offered; none when nothing is left out.
    select containers.*
    from {{ ref('int_containers') }} as containers
    where exists (select 1 from affected)
        and not exists (
            select 1
            from exclusions
            where exclusions.reporter_code = containers.reporter_code
                and exclusions.span_start_month = containers.span_start_month
                and exclusions.month = containers.month
                and exclusions.measure_code = containers.measure_code
        )
),

{{ unit_month_measures(every_month) }},

signed as (
    select measured.unit_code, measured.month, measured.span_start_month, measured.measure_code, measured.source_code,
        measured.value
    from measured
    inner join affected using (unit_code, month)

    union all

    select raw.unit_code, raw.month, raw.span_start_month, raw.measure_code, raw.source_code, -raw.value
    from {{ ref('int_measures_unit_month') }} as raw
    inner join affected using (unit_code, month)
)

select unit_code, month, span_start_month, measure_code, source_code, sum(value) as value
from signed
group by all
having sum(value) <> 0
