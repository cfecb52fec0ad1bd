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
    having count(*) >= {{ rule_limit('reports_missing', 'minimum_evaluated') }}
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

-- The months at the end of what is expected in which nothing came, of facilities that used to vaccinate.
silent as (
    select
        months.facility_code,
        count(*) as expected_months,
        count(*) filter (where last_months.last_month is not null and months.month > last_months.last_month) as silent_months,
        max(usual.monthly_doses) as monthly_doses
    from {{ ref('int_facility_months') }} as months
    inner join usual on months.facility_code = usual.facility_code
    inner join (
        select facility_code, max(month) as last_month
        from {{ ref('int_facility_months') }}
        where is_received
        group by facility_code
    ) as last_months on months.facility_code = last_months.facility_code
    where usual.monthly_doses >= {{ rule_limit('facility_silent', 'lower_limit') }}
    group by months.facility_code
    having
        count(*) filter (where months.month > last_months.last_month) = 0
        or count(*) filter (where months.month > last_months.last_month) >= {{ rule_limit('facility_silent', 'minimum_evaluated') }}
),

-- More doses used in a year than the opened vials hold, by vaccine. A vial may be opened in one month and used in the next,
-- and of a few vials chance says more than the facility.
products_used as (
    select
        used.facility_code,
        cast(year(used.period_end_month) as string) as period,
        sum(used.value) as value,
        sum(opened.value * products.doses_per_vial) as expected
    from {{ ref('int_report_values_current') }} as used
    inner join {{ ref('int_report_values_current') }} as opened
        on used.reporter_code = opened.reporter_code and used.period = opened.period
    inner join {{ ref('vaccine_products') }} as products
        on used.measure_code = 'doses_used_' || products.product_code
        and opened.measure_code = 'vials_opened_' || products.product_code
    where used.facility_code is not null and used.period_start_month = used.period_end_month
    group by used.facility_code, year(used.period_end_month), products.product_code
    having sum(used.value) >= {{ rule_limit('doses_over_vials', 'minimum_evaluated') }}
),

vials as (
    select
        facility_code,
        period,
        sum(case when value > expected then 1 else 0 end) as violations,
        count(*) as evaluated,
        sum(value) as value,
        sum(expected) as expected
    from products_used
    group by facility_code, period
),

reconciled as (
    select facility_code, month, sum(recorded_value) as recorded_value, sum(reported_value) as reported_value
    from {{ ref('rpt_reconciliation') }}
    group by facility_code, month
),

-- Numbers that end in 0 or 5, of those with two digits at least.
digits as (
    select
        reported.facility_code,
        cast(year(reported.period_end_month) as string) as period,
        count(*) as value_count,
        {{ percent('count(*) filter (where cast(reported.value as bigint) % 5 = 0)', 'count(*)') }} as round_share,
        max(rules.expected_value) as expected_value,
        max(rules.upper_limit) as upper_limit
    from {{ ref('int_report_values_current') }} as reported
    inner join {{ ref('finding_rules') }} as rules on rules.rule_code = 'digit_preference'
    where
        reported.facility_code is not null
        and reported.value >= rules.lower_limit
        and reported.measure_kind in ('dose_count', 'vial')
    group by reported.facility_code, year(reported.period_end_month)
    having count(*) >= max(rules.minimum_evaluated)
),

-- A measure that comes in part of a facility's months: the months of a year are those of the measure that came most often.
sent as (
    select facility_code, year(period_end_month) as sent_year, measure_code, count(value) as month_count
    from {{ ref('int_report_values_current') }}
    where
        facility_code is not null and period_start_month = period_end_month and measure_kind in ('dose_count', 'vial')
    group by facility_code, year(period_end_month), measure_code
),

months_sent as (
    select sent.*, max(month_count) over (partition by facility_code, sent_year) as sent_months
    from sent
),

incomplete as (
    select
        facility_code,
        cast(sent_year as string) as period,
        -- Of several measures none is named.
        case
            when count(*) filter (where month_count < sent_months) = 1
                then max(case when month_count < sent_months then measure_code end)
        end as measure_code,
        sum(sent_months - month_count) as violations,
        sum(sent_months) as evaluated
    from months_sent
    where
        sent_months >= {{ rule_limit('measure_missing', 'minimum_evaluated') }}
        and 100 * month_count >= sent_months * {{ rule_limit('measure_missing', 'lower_limit') }}
    group by facility_code, sent_year
),

-- What somebody counted again from the register or cards stands beside the report and is never in its place.
recounted as (
    select
        recounts.facility_code,
        recounts.period,
        reported.measure_code,
        recounts.value,
        reported.value as expected,
        recounts.value < reported.value * related.lower_ratio or recounts.value > reported.value * related.upper_ratio
            as is_found
    from {{ ref('int_report_values_current') }} as recounts
    inner join {{ ref('related_measures') }} as related
        on related.rule_code = 'recount_differs' and recounts.measure_code = related.second_measure_code
    inner join {{ ref('int_report_values_current') }} as reported
        on recounts.reporter_code = reported.reporter_code
        and recounts.period = reported.period
        and related.first_measure_code = reported.measure_code
    where recounts.facility_code is not null and recounts.value is not null and reported.value is not null
),

of_measures as (
    select
        'outlier_value' as rule_code, facility_code, period, measure_code, case when is_found then 1 else 0 end as violations,
        1 as evaluated, value, expected, case when is_found then abs(value - expected) else 0 end as effect
    from {{ ref('int_quality_outlier_values') }}

    union all

    select
        'recount_differs' as rule_code, facility_code, period, measure_code, case when is_found then 1 else 0 end as violations,
        1 as evaluated, value, expected, abs(value - expected) as effect
    from recounted
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
        'measure_missing' as rule_code,
        'facility' as subject_kind,
        facility_code as subject_code,
        period,
        facility_code,
        violations,
        evaluated,
        cast(null as double) as value,
        cast(null as double) as expected,
        cast(0 as double) as effect
    from incomplete

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

    union all

    -- Silent by what it used to do: a facility that closed for good is told by the register and is not expected.
    select
        'facility_silent' as rule_code,
        'facility' as subject_kind,
        silent.facility_code as subject_code,
        cast(null as string) as period,
        silent.facility_code,
        silent.silent_months as violations,
        silent.expected_months as evaluated,
        cast(0 as double) as value,
        silent.silent_months * silent.monthly_doses as expected,
        silent.silent_months * silent.monthly_doses as effect
    from silent

    union all

    select
        'doses_over_vials' as rule_code,
        'facility' as subject_kind,
        facility_code as subject_code,
        period,
        facility_code,
        violations,
        evaluated,
        value,
        expected,
        case when violations > 0 then greatest(value - expected, 0) else 0 end as effect
    from vials

    union all

    select
        'records_unlike_report' as rule_code,
        'facility' as subject_kind,
        facility_code as subject_code,
        {{ period_of_month('month') }} as period,
        facility_code,
        case
            when recorded_value < reported_value * limits.lower_limit / 100
                or recorded_value > reported_value * limits.upper_limit / 100 then 1
            else 0
        end as violations,
        1 as evaluated,
        recorded_value as value,
        reported_value as expected,
        abs(recorded_value - reported_value) as effect
    from reconciled
    cross join (
        select lower_limit, upper_limit from {{ ref('finding_rules') }} where rule_code = 'records_unlike_report'
    ) as limits

    union all

    select
        'digit_preference' as rule_code,
        'facility' as subject_kind,
        facility_code as subject_code,
        period,
        facility_code,
        case
            when (round_share - expected_value) / sqrt(expected_value * (100 - expected_value) / value_count) > upper_limit
                then 1
            else 0
        end as violations,
        1 as evaluated,
        round_share as value,
        expected_value as expected,
        cast(0 as double) as effect
    from digits
)

select
    judged.rule_code,
    judged.subject_kind,
    judged.subject_code,
    judged.period,
    case when facilities.facility_code is not null then '34' end as hierarchy_code,
    facilities.commune_code_2025 as area_code,
    judged.facility_code,
    incomplete.measure_code,
    cast(null as string) as indicator_code,
    cast(judged.violations as bigint) as violations,
    cast(judged.evaluated as bigint) as evaluated,
    judged.value,
    judged.expected,
    judged.effect
from judged
left join {{ ref('stg_programme__facilities') }} as facilities on judged.facility_code = facilities.facility_code
left join incomplete
    on judged.rule_code = 'measure_missing'
    and judged.facility_code = incomplete.facility_code
    and judged.period = incomplete.period

union all

select
    of_measures.rule_code,
    'facility' as subject_kind,
    of_measures.facility_code || ':' || of_measures.measure_code as subject_code,
    of_measures.period,
    case when facilities.facility_code is not null then '34' end as hierarchy_code,
    facilities.commune_code_2025 as area_code,
    of_measures.facility_code,
    of_measures.measure_code,
    cast(null as string) as indicator_code,
    cast(of_measures.violations as bigint) as violations,
    cast(of_measures.evaluated as bigint) as evaluated,
    of_measures.value,
    of_measures.expected,
    of_measures.effect
from of_measures
left join {{ ref('stg_programme__facilities') }} as facilities on of_measures.facility_code = facilities.facility_code

union all

select
    rule_code,
    'area' as subject_kind,
    hierarchy_code || ':' || area_code || ':' || series_code as subject_code,
    period,
    hierarchy_code,
    area_code,
    cast(null as string) as facility_code,
    measure_code,
    indicator_code,
    violations,
    evaluated,
    value,
    expected,
    effect
from {{ ref('int_quality_areas') }}
