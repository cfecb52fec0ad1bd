-- A report of an area, or for longer than a month, contains what others report inside it. It adds only what they do
-- not explain. Ranks go from the smallest to the largest, so that each is compared with what already stands inside.
{% set spans = [1, 3, 12] %}
{# From a facility to the nation; at one depth an old area lies in a new one, never the other way round. #}
{% set sizes = ['facility', '4:63', '3:63', '3:34', '2:63', '2:34', '1:63', '1:34', '0:63', '0:34'] %}
with report_values as (
    select * from {{ ref('int_report_values_current') }}
),

unit_ancestors as (
    select * from {{ ref('int_unit_ancestors') }}
),

containers as (
    select
        report_values.reporter_code,
        report_values.facility_code,
        coalesce(facilities.unit_code, report_values.reporter_code) as unit_code,
        report_values.hierarchy_code,
        report_values.area_code,
        report_values.period_start_month as span_start_month,
        report_values.period_end_month as month,
        {{ months_between('report_values.period_start_month', 'report_values.period_end_month') }} + 1 as span_months,
        case
            when report_values.facility_code is not null then 'facility'
            else levels.depth || ':' || report_values.hierarchy_code
        end as size_code,
        report_values.measure_code,
        report_values.measure_kind,
        report_values.annual_spread,
        report_values.source_code,
        report_values.value as reported_value
    from report_values
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
),

inside as (
    -- Pairs of containers of which the first lies within the second, in place and time.
    select
        outers.reporter_code as outer_reporter_code,
        outers.span_start_month as outer_start_month,
        outers.month as outer_month,
        inners.reporter_code,
        inners.span_start_month,
        inners.month,
        inners.measure_code,
        outers.span_start_month <= inners.span_start_month and inners.month <= outers.month as is_within
    from containers as outers
    inner join unit_ancestors
        on outers.hierarchy_code = unit_ancestors.hierarchy_code and outers.area_code = unit_ancestors.area_code
    inner join containers as inners
        on unit_ancestors.unit_code = inners.unit_code
        and outers.measure_code = inners.measure_code
        and inners.span_start_month <= outers.month
        and outers.span_start_month <= inners.month
    where
        (outers.reporter_code, outers.span_start_month, outers.month)
        <> (inners.reporter_code, inners.span_start_month, inners.month)

    union all

    -- One reporter's month within its own quarter or year; an area's own were found above.
    select
        outers.reporter_code, outers.span_start_month, outers.month,
        inners.reporter_code, inners.span_start_month, inners.month, inners.measure_code, true
    from containers as outers
    inner join containers as inners
        on outers.reporter_code = inners.reporter_code
        and outers.measure_code = inners.measure_code
        and outers.span_start_month <= inners.span_start_month
        and inners.month <= outers.month
        and outers.span_months > inners.span_months
    where outers.facility_code is not null
),

overlapping as (
    -- The larger area knows a shorter time: neither contains the other, so they cannot be added. The one over the
    -- longer time counts where it was reported and nowhere above. An area's own year does contain its own month.
    select distinct inside.reporter_code, inside.span_start_month, inside.month, inside.measure_code
    from inside
    left join inside as reversed
        on inside.reporter_code = reversed.outer_reporter_code
        and inside.span_start_month = reversed.outer_start_month
        and inside.month = reversed.outer_month
        and inside.outer_reporter_code = reversed.reporter_code
        and inside.outer_start_month = reversed.span_start_month
        and inside.outer_month = reversed.month
        and inside.measure_code = reversed.measure_code
        and reversed.is_within
    where not inside.is_within and reversed.reporter_code is null
),

leaves as (
    select
        containers.reporter_code,
        containers.span_start_month,
        containers.month,
        containers.measure_code,
        sum(facility_values.value) as value
    from containers
    inner join unit_ancestors
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
),

weighed as (
    select
        containers.*,
        overlapping.reporter_code is null as is_additive,
        coalesce(leaves.value, 0) as leaf_value
    from containers
    left join leaves using (reporter_code, span_start_month, month, measure_code)
    left join overlapping using (reporter_code, span_start_month, month, measure_code)
),

{% set ranks = [] %}
{% for span in spans %}
{% for size in sizes %}
{% set rank = loop.index0 + (spans.index(span) * sizes | length) %}
-- {{ size }}, spans of {{ span }} month(s)
parts_{{ rank }} as (
    {% if ranks %}
    select
        inside.outer_reporter_code as reporter_code,
        inside.outer_start_month as span_start_month,
        inside.outer_month as month,
        inside.measure_code,
        sum(placed.value) as value
    from inside
    inner join (
        {% for earlier in ranks %}
        select reporter_code, span_start_month, month, measure_code, value from placed_{{ earlier }}
        where is_additive
        {% if not loop.last %}union all{% endif %}
        {% endfor %}
    ) as placed using (reporter_code, span_start_month, month, measure_code)
    where inside.is_within
    group by all
    {% else %}
    select reporter_code, span_start_month, month, measure_code, 0 as value from weighed where false
    {% endif %}
),

placed_{{ rank }} as (
    select
        weighed.*,
        weighed.leaf_value + coalesce(parts.value, 0) as parts_value,
        greatest(0, weighed.reported_value - weighed.leaf_value - coalesce(parts.value, 0)) as value
    from weighed
    left join parts_{{ rank }} as parts using (reporter_code, span_start_month, month, measure_code)
    where
        weighed.span_months > {{ spans[spans.index(span) - 1] if spans.index(span) > 0 else 0 }}
        and weighed.span_months <= {{ span }}
        and weighed.size_code = '{{ size }}'
),
{% do ranks.append(rank) %}
{% endfor %}
{% endfor %}

final as (
    {% for rank in ranks %}
    select * from placed_{{ rank }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

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
from final
