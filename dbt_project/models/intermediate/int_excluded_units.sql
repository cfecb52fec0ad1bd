-- Where something is left out: the unit and each month that the value counts in. Few, so every build makes them anew.
select distinct facilities.unit_code, values_left_out.month
from {{ ref('int_facility_values') }} as values_left_out
inner join {{ ref('stg_programme__facilities') }} as facilities using (facility_code)
inner join {{ ref('stg_stewardship__exclusions') }} as exclusions
    on exclusions.reporter_code = 'F:' || values_left_out.facility_code
    and exclusions.span_start_month = exclusions.month
    and exclusions.month = values_left_out.month
    and exclusions.measure_code = values_left_out.measure_code

union

select containers.unit_code, {{ month_series('containers.span_start_month', 'containers.month') }} as month
from {{ ref('int_containers') }} as containers
inner join {{ ref('stg_stewardship__exclusions') }} as exclusions
    on containers.reporter_code = exclusions.reporter_code
    and containers.span_start_month = exclusions.span_start_month
    and containers.month = exclusions.month
    and containers.measure_code = exclusions.measure_code
