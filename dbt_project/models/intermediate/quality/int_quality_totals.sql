-- One row per rule: what it looked at over everything, and how much of it contradicts the rule. A rule that found nothing
-- to look at has a row too, with nothing evaluated.
with record_totals as (
    select
        sum(given_count) as given_count,
        {% for code in record_rules() -%}
        sum({{ code }}_violations) as {{ code }}_violations,
        sum({{ code }}_evaluated) as {{ code }}_evaluated{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_quality_record_counts') }}
),

by_record as (
    {% for code in record_rules() -%}
    select '{{ code }}' as rule_code, {{ code }}_violations as violations, {{ code }}_evaluated as evaluated
    from record_totals
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

by_subject as (
    select subjects.rule_code, sum(subjects.violations) as violations, sum(subjects.evaluated) as evaluated
    from {{ ref('int_quality_subjects') }} as subjects
    group by subjects.rule_code
),

-- Pairs that wait are measured against all that identity linked or asked about.
pair_count as (
    select count(*) as pair_count from {{ ref('stg_identity__person_links') }}
)

select
    rules.rule_code,
    cast(coalesce(by_record.violations, by_subject.violations, 0) as bigint) as violations,
    cast(coalesce(
        by_record.evaluated,
        case
            when rules.rule_stage = 'person' then record_totals.given_count
            when rules.rule_stage = 'identity' then pair_count.pair_count
        end,
        by_subject.evaluated,
        0
    ) as bigint) as evaluated
from {{ ref('finding_rules') }} as rules
cross join record_totals
cross join pair_count
left join by_record on rules.rule_code = by_record.rule_code
left join by_subject on rules.rule_code = by_subject.rule_code
