{{ config(post_hook='{{ drop_steps() }}') }}

-- A report of an area, or for longer than a month, contains what others report inside it. It adds only what they do
-- not explain. Ranks go from the smallest to the largest, so that each is compared with what already stands inside.
{% set spans = [1, 3, 12] %}
{# From a facility to the nation; at one depth an old area lies in a new one, never the other way round. #}
{% set sizes = ['facility', '4:63', '3:63', '3:34', '2:63', '2:34', '1:63', '1:34', '0:63', '0:34'] %}
with
{% call step('containers') %}
select
    report_values.reporter_code,
    report_values.facility_code,
    coalesce(facilities.unit_code, report_values.reporter_code) as unit_code,
    report_values.hierarchy_code,
    report_values.area_code,
    report_values.period_start_month as span_start_month,
    report_values.period_end_month as month,
    cast(
        {{ months_between('report_values.period_start_month', 'report_values.period_end_month') }} + 1 as integer
    ) as span_months,
    case
        when report_values.facility_code is not null then 'facility'
        else levels.depth || ':' || report_values.hierarchy_code
    end as size_code,
    report_values.measure_code,
    report_values.measure_kind,
    report_values.annual_spread,
    report_values.source_code,
    report_values.value as reported_value
from {{ ref('int_report_values_current') }} as report_values
left join {{ ref('stg_programme__facilities') }} as facilities
    on report_values.facility_code = facilities.facility_code
left join {{ ref('areas') }} as areas
    on report_values.hierarchy_code = areas.hierarchy_code and report_values.area_code = areas.area_code
left join {{ ref('area_levels') }} as levels
    on areas.hierarchy_code = levels.hierarchy_code and areas.level_code = levels.level_code
where
    report_values.facility_code is null
    or report_values.period_start_month < report_values.period_end_month
    or report_values.annual_spread <> 'none'
{% endcall %}

{% call step('inside') %}
    {{ containers_inside('containers', ref('int_unit_ancestors')) }}
{% endcall %}

{% call step('overlapping') %}
    {{ containers_overlapping('inside') }}
{% endcall %}

{% call step('leaves') %}
select
    containers.reporter_code,
    containers.span_start_month,
    containers.month,
    containers.measure_code,
    sum(facility_values.value) as value
from containers
inner join {{ ref('int_unit_ancestors') }} as unit_ancestors
    on containers.hierarchy_code = unit_ancestors.hierarchy_code
    and containers.area_code = unit_ancestors.area_code
inner join {{ ref('int_facility_values') }} as facility_values
    on unit_ancestors.unit_code = facility_values.unit_code
    and containers.measure_code = facility_values.measure_code
    and facility_values.month between containers.span_start_month and containers.month
where containers.facility_code is null
group by all

union all

select
    containers.reporter_code,
    containers.span_start_month,
    containers.month,
    containers.measure_code,
    sum(facility_values.value) as value
from containers
inner join {{ ref('int_facility_values') }} as facility_values
    on containers.facility_code = facility_values.facility_code
    and containers.measure_code = facility_values.measure_code
    and facility_values.month between containers.span_start_month and containers.month
group by all
{% endcall %}

{% set ranks = [] %}
{% for span in spans %}
{% set shorter = loop.previtem | default(0) %}
{% for size in sizes %}
{% do ranks.append(
    'weighed.span_months > ' ~ shorter ~ ' and weighed.span_months <= ' ~ span ~ " and weighed.size_code = '" ~ size ~ "'"
) %}
{% endfor %}
{% endfor %}
{{ containers_placed('containers', 'inside', 'overlapping', 'leaves', ranks) }}

select
    reporter_code,
    case when is_additive then unit_code else 'X:' || unit_code end as unit_code,
    span_start_month,
    month,
    span_months,
    measure_code,
    measure_kind,
    annual_spread,
    source_code,
    reported_value,
    parts_value,
    value,
    is_additive,
    reported_value < parts_value as is_below_parts
from placed
