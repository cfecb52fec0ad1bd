-- Rules of batches and marts, which Great Expectations runs, and rules that models compute: one list.
-- What the analyst should do is `action`; what the facility should do, where it can do anything, `facility_action`.
select
    rule_code,
    dataset,
    rule_stage,
    column_name,
    expectation,
    kwargs_json,
    cast(null as double) as lower_limit,
    cast(null as double) as upper_limit,
    cast(null as double) as expected_value,
    cast(null as integer) as minimum_evaluated,
    severity,
    threshold,
    threshold as subject_threshold,
    affects_indicator,
    name_vi,
    name_en,
    rationale_vi,
    rationale_en,
    action_vi,
    action_en,
    facility_action_vi,
    facility_action_en,
    source
from {{ ref('quality_rules') }}

union all

select
    rule_code,
    dataset,
    rule_stage,
    cast(null as string) as column_name,
    expectation,
    cast(null as string) as kwargs_json,
    lower_limit,
    upper_limit,
    expected_value,
    minimum_evaluated,
    severity,
    threshold,
    subject_threshold,
    affects_indicator,
    name_vi,
    name_en,
    rationale_vi,
    rationale_en,
    action_vi,
    action_en,
    facility_action_vi,
    facility_action_en,
    source
from {{ ref('finding_rules') }}
