{# The values of units as values of every area above them: hierarchy_code, level_code, area_code, month,
   span_start_month, measure_code, source_code, value.

   Sums climb the tree a level at a time: each level adds up the one below it, so that a value is read once a level and
   not once for every area above it.

   splits  rows of `int_unit_splits`: a unit of it stands in several areas of a tree, in each with its share #}
{% macro climb(unit_values, condition, splits=none) -%}
{%- set keys = 'month, span_start_month, measure_no, source_no' %}
{%- set depths = [4, 3, 2, 1, 0] %}
with unit_values as (
    select * from {{ unit_values }}
    where {{ condition }}
),

-- Codes become numbers on the way up, in the order that readers want: grouping and sorting texts takes twice as long.
areas as (
    select
        areas.hierarchy_code,
        areas.area_code,
        areas.parent_code,
        areas.level_code,
        levels.depth,
        cast(dense_rank() over (order by areas.hierarchy_code, areas.level_code) as integer) as level_no,
        cast(
            row_number() over (order by areas.hierarchy_code, areas.level_code, areas.area_code) as integer
        ) as area_no
    from {{ ref('areas') }} as areas
    inner join {{ ref('area_levels') }} as levels
        on areas.hierarchy_code = levels.hierarchy_code and areas.level_code = levels.level_code
),

parents as (
    select areas.area_no, above.area_no as parent_no
    from areas
    inner join areas as above
        on areas.hierarchy_code = above.hierarchy_code and areas.parent_code = above.area_code
),

measure_numbers as (
    select measure_code, cast(row_number() over (order by measure_code) as integer) as measure_no
    from (select distinct measure_code from unit_values) as measured
),

source_numbers as (
    select source_code, cast(row_number() over (order by source_code) as integer) as source_no
    from (select distinct source_code from unit_values) as given
),

reached as (
    select
        unit_areas.unit_code,
        unit_areas.share,
        areas.area_no,
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

places as (
    -- A report that can be added to nothing (X:) stands at its own area and does not climb.
    select unit_code, area_no, depth, share, unit_code not like 'X:%' as is_climbing
    from reached
    where lowest_rank = 1
),

numbered as (
    select
        unit_values.unit_code,
        unit_values.month,
        unit_values.span_start_month,
        measure_numbers.measure_no,
        source_numbers.source_no,
        unit_values.value
    from unit_values
    inner join measure_numbers on unit_values.measure_code = measure_numbers.measure_code
    inner join source_numbers on unit_values.source_code = source_numbers.source_code
),

lowest as (
    select
        places.area_no,
        places.depth,
        {{ keys }},
        numbered.value * places.share as value,
        case when places.is_climbing then numbered.value * places.share end as climbing_value
    from numbered
    inner join places on numbered.unit_code = places.unit_code
),

{% for depth in depths %}
level_{{ depth }} as (
    select area_no, {{ keys }}, sum(value) as value, sum(climbing_value) as climbing_value
    from (
        select area_no, {{ keys }}, value, climbing_value
        from lowest
        where depth = {{ depth }}
        {% if not loop.first %}
        union all
        select parents.parent_no as area_no, {{ keys }}, below.climbing_value as value, below.climbing_value
        from level_{{ depth + 1 }} as below
        inner join parents on below.area_no = parents.area_no
        where below.climbing_value is not null
        {% endif %}
    ) as parts
    group by all
),

{% endfor %}
final as (
    {% for depth in depths %}
    select area_no, {{ keys }}, value from level_{{ depth }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

ordered as (
    -- Readers ask for one measure at one level: that order lets them skip nearly everything.
    select final.*
    from final
    inner join areas on final.area_no = areas.area_no
    order by areas.level_no, final.measure_no, final.area_no, final.month
)

select
    areas.hierarchy_code,
    areas.level_code,
    areas.area_code,
    ordered.month,
    ordered.span_start_month,
    measure_numbers.measure_code,
    source_numbers.source_code,
    ordered.value
from ordered
inner join areas on ordered.area_no = areas.area_no
inner join measure_numbers on ordered.measure_no = measure_numbers.measure_no
inner join source_numbers on ordered.source_no = source_numbers.source_no
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
