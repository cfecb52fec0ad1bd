-- Every indicator of the registry, and each coverage over every other denominator that its target group has:
-- `<indicator>@<denominator>`. `base_indicator_code` names the registry's row, `denominator_code` the denominator (null
-- where the registry names no denominator of a target group).
select
    case
        when coalesce(denominators.is_own, true) then indicators.indicator_code
        else indicators.indicator_code || '@' || denominators.denominator_code
    end as indicator_code,
    indicators.indicator_kind,
    indicators.label_vi,
    indicators.label_en,
    indicators.short_vi,
    indicators.short_en,
    indicators.definition_vi,
    indicators.definition_en,
    indicators.unit,
    indicators.multiplier,
    indicators.decimals,
    indicators.direction,
    indicators.missing_policy,
    indicators.dose_code,
    -- The registry's own denominator is the headline; another is shown beside it.
    indicators.is_headline and coalesce(denominators.is_own, true) as is_headline,
    indicators.sort_order,
    indicators.who_code,
    indicators.reference,
    indicators.definition_version,
    indicators.valid_from_month,
    indicators.valid_to_month,
    indicators.indicator_code as base_indicator_code,
    denominators.denominator_code
from {{ ref('indicators') }} as indicators
left join {{ ref('int_indicator_denominators') }} as denominators
    on indicators.indicator_code = denominators.indicator_code
