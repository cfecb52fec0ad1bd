{{ config(materialized='view') }}

-- Access against utilisation, by each rule of `red_rules`, with the limits beside the result. A dropout of zero is a
-- good one; a negative dropout is no utilisation at all, and its area is to be reviewed.
with pairs as (
    select
        access.hierarchy_code,
        access.level_code,
        access.area_code,
        access.period_type,
        access.period,
        rules.rule_code,
        rules.access_minimum,
        rules.utilisation_limit,
        rules.is_limit_good,
        access.value as access_value,
        utilisation.value as utilisation_value,
        access.value >= rules.access_minimum as is_access_good,
        case
            when utilisation.value < 0 then null
            when rules.is_limit_good then utilisation.value <= rules.utilisation_limit
            else utilisation.value < rules.utilisation_limit
        end as is_utilisation_good
    from {{ ref('dim_red_rules') }} as rules
    inner join {{ ref('fct_indicator_values') }} as access on rules.access_indicator_code = access.indicator_code
    inner join {{ ref('fct_indicator_values') }} as utilisation
        on rules.utilisation_indicator_code = utilisation.indicator_code
        and access.hierarchy_code = utilisation.hierarchy_code
        and access.level_code = utilisation.level_code
        and access.area_code = utilisation.area_code
        and access.period_type = utilisation.period_type
        and access.period = utilisation.period
    where access.value is not null and utilisation.value is not null
)

select
    pairs.hierarchy_code,
    pairs.level_code,
    pairs.area_code,
    pairs.period_type,
    pairs.period,
    pairs.rule_code,
    pairs.access_minimum,
    pairs.utilisation_limit,
    pairs.is_limit_good,
    pairs.access_value,
    pairs.utilisation_value,
    categories.category_code
from pairs
inner join {{ ref('dim_red_categories') }} as categories
    on (pairs.is_utilisation_good is null and categories.is_utilisation_good is null)
    or (
        pairs.is_access_good = categories.is_access_good
        and pairs.is_utilisation_good = categories.is_utilisation_good
    )
