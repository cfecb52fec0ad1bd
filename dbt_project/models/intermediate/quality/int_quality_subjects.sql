-- One row per rule and what it judged, in one shape. Of rules of records, only facilities and months with a violation:
-- what was looked at and is in order is in the totals.
with record_counts as (
    select * from {{ ref('int_quality_record_counts') }}
),

by_record as (
    {% for code in record_rules() -%}
    select
        '{{ code }}' as rule_code,
        facility_code,
        month,
        {{ code }}_violations as violations,
        {{ code }}_evaluated as evaluated
    from record_counts
    where {{ code }}_violations > 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

hits as (
    select rule_code, facility_code, month, count(*) as violations
    from {{ ref('int_quality_person_hits') }}
    group by rule_code, facility_code, month
),

by_person as (
    select
        hits.rule_code,
        hits.facility_code,
        hits.month,
        hits.violations,
        greatest(record_counts.given_count, hits.violations) as evaluated
    from hits
    inner join record_counts on hits.facility_code = record_counts.facility_code and hits.month = record_counts.month
),

monthly as (
    select * from by_record
    union all
    select * from by_person
),

heaped as (
    select
        heaping.rule_code,
        heaping.facility_code,
        cast(heaping.record_year as string) as period,
        heaping.day_count,
        {{ percent('heaping.heaped_count', 'heaping.day_count') }} as share,
        rules.expected_value as expected_share,
        -- Standard errors of a proportion above the share of such days in a year.
        ({{ percent('heaping.heaped_count', 'heaping.day_count') }} - rules.expected_value)
        / sqrt(rules.expected_value * (100 - rules.expected_value) / heaping.day_count) > rules.upper_limit as is_found,
        heaping.heaped_count - rules.expected_value * heaping.day_count / 100 as excess
    from {{ ref('int_quality_heaping') }} as heaping
    inner join {{ ref('finding_rules') }} as rules on heaping.rule_code = rules.rule_code
    where heaping.day_count >= rules.minimum_evaluated
),

reporting as (
    select
        facility_code,
        cast(year(month) as string) as period,
        count(*) as expected_count,
        count(*) filter (where is_received) as received_count,
        count(*) filter (where is_received and not is_on_time) as late_count
    from {{ ref('int_facility_months') }}
    group by facility_code, year(month)
),

-- How many doses a month of a facility is worth: what a missing month may hide.
usual as (
    select facility_code, avg(given_count) as monthly_doses
    from record_counts
    group by facility_code
),

files as (
    select
        submission_id,
        line_count - header_count - blank_count as row_count,
        rejected_count
    from {{ ref('stg_lake__submissions') }}
    where line_count is not null
),

pairs as (
    select
        substring(md5(card_key_a || '|' || card_key_b), 1, 20) as pair_key,
        score
    from {{ ref('stg_identity__person_links') }}
    where decision = 'review'
),

judged as (
    select
        rule_code,
        'facility' as subject_kind,
        facility_code as subject_code,
        {{ period_of_month('month') }} as period,
        facility_code,
        violations,
        evaluated,
        cast(null as double) as value,
        cast(null as double) as expected,
        cast(violations as double) as effect
    from monthly

    union all

    select
        rule_code,
        'facility' as subject_kind,
        facility_code as subject_code,
        period,
        facility_code,
        case when is_found then 1 else 0 end as violations,
        1 as evaluated,
        share as value,
        expected_share as expected,
        case when is_found then excess else 0 end as effect
    from heaped

    union all

    select
        'reports_missing' as rule_code,
        'facility' as subject_kind,
        reporting.facility_code as subject_code,
        reporting.period,
        reporting.facility_code,
        reporting.expected_count - reporting.received_count as violations,
        reporting.expected_count as evaluated,
        cast(null as double) as value,
        cast(null as double) as expected,
        (reporting.expected_count - reporting.received_count) * coalesce(usual.monthly_doses, 0) as effect
    from reporting
    left join usual on reporting.facility_code = usual.facility_code

    union all

    select
        'reports_late' as rule_code,
        'facility' as subject_kind,
        facility_code as subject_code,
        period,
        facility_code,
        late_count as violations,
        received_count as evaluated,
        cast(null as double) as value,
        cast(null as double) as expected,
        cast(0 as double) as effect
    from reporting
    where received_count > 0

    union all

    select
        'lines_rejected' as rule_code,
        'submission' as subject_kind,
        submission_id as subject_code,
        cast(null as string) as period,
        cast(null as string) as facility_code,
        rejected_count as violations,
        row_count as evaluated,
        cast(null as double) as value,
        cast(null as double) as expected,
        cast(rejected_count as double) as effect
    from files
    where row_count > 0

    union all

    select
        'identity_waiting' as rule_code,
        'person_pair' as subject_kind,
        pair_key as subject_code,
        cast(null as string) as period,
        cast(null as string) as facility_code,
        1 as violations,
        1 as evaluated,
        score as value,
        cast(null as double) as expected,
        cast(1 as double) as effect
    from pairs
)

select
    judged.rule_code,
    judged.subject_kind,
    judged.subject_code,
    judged.period,
    case when facilities.facility_code is not null then '34' end as hierarchy_code,
    facilities.commune_code_2025 as area_code,
    judged.facility_code,
    cast(null as string) as measure_code,
    cast(judged.violations as bigint) as violations,
    cast(judged.evaluated as bigint) as evaluated,
    judged.value,
    judged.expected,
    judged.effect
from judged
left join {{ ref('stg_programme__facilities') }} as facilities on judged.facility_code = facilities.facility_code

union all

select
    rule_code,
    'area' as subject_kind,
    hierarchy_code || ':' || area_code || ':' || measure_code as subject_code,
    period,
    hierarchy_code,
    area_code,
    cast(null as string) as facility_code,
    measure_code,
    violations,
    evaluated,
    value,
    expected,
    effect
from {{ ref('int_quality_areas') }}
