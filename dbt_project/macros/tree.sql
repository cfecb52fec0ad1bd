{# The values of units as values of every area above them: hierarchy_code, level_code, area_code, month,
   span_start_month, measure_code, source_code, value.

   Sums climb the tree a level at a time: each level adds up the one below it, so that a value is read once a level and
   not once for every area above it.

   splits  rows of `int_unit_splits`: a unit of it stands in several areas of a tree, in each with its share #}
{% macro climb(unit_values, condition, splits=none) -%}
{%- set keys = 'month, span_start_month, measure_code, source_code' %}
{%- set depths = [4, 3, 2, 1, 0] %}
with unit_values as (
    select * from {{ unit_values }}
    where {{ condition }}
),

areas as (
    select areas.hierarchy_code, areas.area_code, areas.parent_code, areas.level_code, levels.depth
    from {{ ref('areas') }} as areas
    inner join {{ ref('area_levels') }} as levels
        on areas.hierarchy_code = levels.hierarchy_code and areas.level_code = levels.level_code
),

reached as (
    select
        unit_areas.unit_code,
        unit_areas.hierarchy_code,
        unit_areas.area_code,
        unit_areas.share,
        areas.depth,
        -- The parts of a split commune lie at one depth, below all that they share.
        rank() over (
            partition by unit_areas.unit_code, unit_areas.hierarchy_code order by areas.depth desc
        ) as lowest_rank
    from (
        select unit_code, hierarchy_code, area_code, cast(1 as double) as share from {{ ref('int_unit_ancestors') }}
        {% if splits %}
        union all
        select unit_code, hierarchy_code, area_code, share from {{ splits }}
        {% endif %}
    ) as unit_areas
    inner join areas using (hierarchy_code, area_code)
),

lowest as (
    -- A report that can be added to nothing (X:) stands at its own area and does not climb.
    select
        reached.hierarchy_code,
        reached.area_code,
        reached.depth,
        {{ keys }},
        unit_values.value * reached.share as value,
        case when unit_values.unit_code not like 'X:%' then unit_values.value * reached.share end as climbing_value
    from unit_values
    inner join reached using (unit_code)
    where reached.lowest_rank = 1
),

{% for depth in depths %}
level_{{ depth }} as (
    select hierarchy_code, area_code, {{ keys }}, sum(value) as value, sum(climbing_value) as climbing_value
    from (
        select hierarchy_code, area_code, {{ keys }}, value, climbing_value
        from lowest
        where depth = {{ depth }}
        {% if not loop.first %}
        union all
        select
            below.hierarchy_code,
            areas.parent_code as area_code,
            {{ keys }},
            below.climbing_value as value,
            below.climbing_value
        from level_{{ depth + 1 }} as below
        inner join areas on below.hierarchy_code = areas.hierarchy_code and below.area_code = areas.area_code
        where below.climbing_value is not null
        {% endif %}
    ) as parts
    group by all
),

{% endfor %}
final as (
    {% for depth in depths %}
    select hierarchy_code, area_code, {{ keys }}, value from level_{{ depth }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    areas.hierarchy_code,
    areas.level_code,
    areas.area_code,
    final.month,
    final.span_start_month,
    final.measure_code,
    final.source_code,
    final.value
from final
inner join areas on final.hierarchy_code = areas.hierarchy_code and final.area_code = areas.area_code
-- Readers ask for one measure at one level: that order lets them skip nearly everything.
order by areas.hierarchy_code, areas.level_code, final.measure_code, areas.area_code, final.month
{%- endmacro %}

{# Every area above an area, and the area itself, in a common table expression `climbed` of a recursive query: any depth,
   and a level that ended is only data. `areas`: hierarchy_code, area_code, parent_code. #}
{% macro climbed_areas(areas) -%}
    select hierarchy_code, area_code, area_code as ancestor_code, parent_code
    from {{ areas }}

    union all

    select climbed.hierarchy_code, climbed.area_code, parents.area_code as ancestor_code, parents.parent_code
    from climbed
    inner join {{ areas }} as parents
        on climbed.hierarchy_code = parents.hierarchy_code and climbed.parent_code = parents.area_code
{%- endmacro %}
