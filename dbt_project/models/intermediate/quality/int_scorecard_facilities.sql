-- What a facility's scorecard is made of: one row a facility, year and rule of `scorecard_rules`, with all that the rule
-- looked at, in order or not. A file that tells of several facilities is nobody's own.
with rules as (
    select scorecard_rules.component_code, scorecard_rules.rule_code, finding_rules.rule_stage
    from {{ ref('scorecard_rules') }} as scorecard_rules
    inner join {{ ref('finding_rules') }} as finding_rules on scorecard_rules.rule_code = finding_rules.rule_code
),

yearly as (
    select
        facility_code,
        year(month) as score_year,
        sum(given_count) as given_count,
        {% for code in record_rules() -%}
        sum({{ code }}_violations) as {{ code }}_violations,
        sum({{ code }}_evaluated) as {{ code }}_evaluated{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('int_quality_record_counts') }}
    group by facility_code, year(month)
),

hits as (
    select facility_code, year(month) as score_year, rule_code, count(*) as violations
    from {{ ref('int_quality_person_hits') }}
    group by facility_code, year(month), rule_code
),

file_facilities as (
    select submission_id, min(facility_code) as facility_code, year(min(first_month)) as score_year
    from {{ ref('rpt_submission_places') }}
    group by submission_id
    having count(distinct facility_code) = 1 and count(*) = count(facility_code)
),

judged as (
    {% for code in record_rules() -%}
    select
        facility_code,
        score_year,
        '{{ code }}' as rule_code,
        {{ code }}_violations as violations,
        {{ code }}_evaluated as evaluated
    from yearly

    union all

    {% endfor -%}
    select
        yearly.facility_code,
        yearly.score_year,
        rules.rule_code,
        coalesce(hits.violations, 0) as violations,
        greatest(yearly.given_count, coalesce(hits.violations, 0)) as evaluated
    from yearly
    inner join rules on rules.rule_stage = 'person'
    left join hits
        on yearly.facility_code = hits.facility_code
        and yearly.score_year = hits.score_year
        and rules.rule_code = hits.rule_code

    union all

    select
        subjects.facility_code,
        cast(substring(subjects.period, 1, 4) as bigint) as score_year,
        subjects.rule_code,
        subjects.violations,
        subjects.evaluated
    from {{ ref('int_quality_subjects') }} as subjects
    inner join rules on subjects.rule_code = rules.rule_code and rules.rule_stage = 'facility'
    where subjects.facility_code is not null and subjects.period is not null

    union all

    select
        file_facilities.facility_code,
        file_facilities.score_year,
        subjects.rule_code,
        subjects.violations,
        subjects.evaluated
    from {{ ref('int_quality_subjects') }} as subjects
    inner join file_facilities on subjects.subject_code = file_facilities.submission_id
    where subjects.subject_kind = 'submission'
)

select
    judged.facility_code,
    cast(judged.score_year as integer) as score_year,
    rules.component_code,
    judged.rule_code,
    cast(sum(judged.violations) as bigint) as violations,
    cast(sum(judged.evaluated) as bigint) as evaluated
from judged
inner join rules on judged.rule_code = rules.rule_code
where judged.evaluated > 0
group by judged.facility_code, judged.score_year, rules.component_code, judged.rule_code
