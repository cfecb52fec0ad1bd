{# Reports that contain others: of an area what lies in it, of a year its months. Such a report adds only what its parts
   do not explain, and where nothing inside it is known, all of it (docs/decisions/0003).

   The three texts below are used together, by `int_containers` and by `niis compute`, over
   containers      reporter_code, facility_code (null: an area), unit_code, hierarchy_code, area_code,
                   span_start_month, month (the last), span_months, measure_code, reported_value, and any others
   unit_ancestors  unit_code, hierarchy_code, area_code: the areas that a unit lies in, and itself #}

{# Pairs of containers of one measure that touch; `is_within`: the second lies within the first, in place and time. #}
{% macro containers_inside(containers, unit_ancestors) -%}
    select
        outers.reporter_code as outer_reporter_code,
        outers.span_start_month as outer_start_month,
        outers.month as outer_month,
        inners.reporter_code,
        inners.span_start_month,
        inners.month,
        inners.measure_code,
        outers.span_start_month <= inners.span_start_month and inners.month <= outers.month as is_within
    from {{ containers }} as outers
    inner join {{ unit_ancestors }} as unit_ancestors
        on outers.hierarchy_code = unit_ancestors.hierarchy_code and outers.area_code = unit_ancestors.area_code
    inner join {{ containers }} as inners
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
    from {{ containers }} as outers
    inner join {{ containers }} as inners
        on outers.reporter_code = inners.reporter_code
        and outers.measure_code = inners.measure_code
        and outers.span_start_month <= inners.span_start_month
        and inners.month <= outers.month
        and outers.span_months > inners.span_months
    where outers.facility_code is not null
{%- endmacro %}

{# The larger area knows a shorter time: neither contains the other, so they cannot be added. The one over the longer
   time counts where it was reported and nowhere above. An area's own year does contain its own month. #}
{% macro containers_overlapping(inside) -%}
    select distinct inside.reporter_code, inside.span_start_month, inside.month, inside.measure_code
    from {{ inside }} as inside
    left join {{ inside }} as reversed
        on inside.reporter_code = reversed.outer_reporter_code
        and inside.span_start_month = reversed.outer_start_month
        and inside.month = reversed.outer_month
        and inside.outer_reporter_code = reversed.reporter_code
        and inside.outer_start_month = reversed.span_start_month
        and inside.outer_month = reversed.month
        and inside.measure_code = reversed.measure_code
        and reversed.is_within
    where not inside.is_within and reversed.reporter_code is null
{%- endmacro %}

{# The steps weighed and placed_<n>, and the common table expression placed: each container with `parts_value` (what is
   known inside it), `value` (what it adds) and `is_additive`.

   leaves  a relation of values that are no containers: reporter_code (of the container around), span_start_month,
           month, measure_code, value
   ranks   conditions on `weighed` from the smallest to the largest: each container satisfies one of them, and what lies
           within it an earlier one #}
{% macro containers_placed(containers, inside, overlapping, leaves, ranks) -%}
{% call step('weighed') %}
select
    weighed.*,
    case
        {% for condition in ranks -%}
        when {{ condition }} then {{ loop.index0 }}
        {% endfor -%}
    end as rank_no
from (
    select
        containers.*,
        overlapping.reporter_code is null as is_additive,
        leaves.value as leaf_value
    from {{ containers }} as containers
    left join {{ leaves }} as leaves using (reporter_code, span_start_month, month, measure_code)
    left join {{ overlapping }} as overlapping using (reporter_code, span_start_month, month, measure_code)
) as weighed
{% endcall %}

{%- set occurring = step_values('weighed', 'rank_no').split(',') %}
{%- set placed_ranks = [] %}
{% for rank in range(ranks | length) if rank == 0 or occurring == [''] or rank | string in occurring %}
{% call step('placed_' ~ rank) %}
with parts as (
    {% if placed_ranks %}
    select
        inside.outer_reporter_code as reporter_code,
        inside.outer_start_month as span_start_month,
        inside.outer_month as month,
        inside.measure_code,
        sum(placed.value) as value
    from {{ inside }} as inside
    inner join (
        {% for earlier in placed_ranks %}
        select reporter_code, span_start_month, month, measure_code, value from placed_{{ earlier }}
        where is_additive
        {% if not loop.last %}union all{% endif %}
        {% endfor %}
    ) as placed using (reporter_code, span_start_month, month, measure_code)
    where inside.is_within
    group by all
    {% else %}
    select reporter_code, span_start_month, month, measure_code, reported_value as value from weighed where false
    {% endif %}
)

select
    weighed.*,
    coalesce(weighed.leaf_value, 0) + coalesce(parts.value, 0) as parts_value,
    case
        when weighed.leaf_value is null and parts.value is null then weighed.reported_value
        else greatest(0, weighed.reported_value - coalesce(weighed.leaf_value, 0) - coalesce(parts.value, 0))
    end as value,
    weighed.leaf_value is not null or parts.value is not null as has_parts
from weighed
left join parts using (reporter_code, span_start_month, month, measure_code)
where weighed.rank_no = {{ rank }}
{% endcall %}
{% set _ = placed_ranks.append(rank) %}
{% endfor %}

placed as (
    {% for rank in placed_ranks %}
    select * from placed_{{ rank }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)
{%- endmacro %}
