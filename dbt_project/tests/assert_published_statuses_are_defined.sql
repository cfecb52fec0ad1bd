select distinct facts.value_status
from {{ ref('fct_indicator_values') }} as facts
left join {{ ref('value_statuses') }} as statuses on facts.value_status = statuses.value_status
where facts.level_code = 'nation'
    and (statuses.value_status is null or statuses.has_value <> (facts.value is not null))
