-- What the period counts and the steps add up to is what the cohort counts: first of doses on record, then of valid ones.
with kinds as (
    select bridge.*, steps.step_kind
    from {{ ref('fct_coverage_bridge') }} as bridge
    inner join {{ ref('bridge_steps') }} as steps on bridge.step_code = steps.step_code
),

middles as (
    select sort_order from {{ ref('bridge_steps') }} where step_kind = 'subtotal'
)

select
    kinds.hierarchy_code,
    kinds.area_code,
    kinds.year,
    kinds.dose_code,
    sum(case when step_kind in ('start', 'step') and kinds.sort_order < middles.sort_order then value else 0 end)
        - sum(case when step_kind = 'subtotal' then value else 0 end) as recorded_difference,
    sum(case when step_kind in ('start', 'step') then value else 0 end)
        - sum(case when step_kind = 'end' then value else 0 end) as valid_difference
from kinds
cross join middles
group by kinds.hierarchy_code, kinds.area_code, kinds.year, kinds.dose_code
having
    abs(
        sum(case when step_kind in ('start', 'step') and kinds.sort_order < middles.sort_order then value else 0 end)
        - sum(case when step_kind = 'subtotal' then value else 0 end)
    ) > 0.001
    or abs(
        sum(case when step_kind in ('start', 'step') then value else 0 end)
        - sum(case when step_kind = 'end' then value else 0 end)
    ) > 0.001
