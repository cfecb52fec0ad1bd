-- What the rules found, one row a rule and subject: what a steward works on. Nothing of single persons; the records and
-- pairs behind a finding are in `per_findings`.
with found as (
    select
        {{ finding_key('subjects.rule_code', 'subjects.subject_kind', 'subjects.subject_code', 'subjects.period') }} as finding_key,
        subjects.*,
        rules.affects_indicator,
        rules.severity,
        rules.detail_vi,
        rules.detail_en
    from {{ ref('int_quality_subjects') }} as subjects
    inner join {{ ref('finding_rules') }} as rules on subjects.rule_code = rules.rule_code
    where
        subjects.violations > 0
        and cast(subjects.violations as double) / subjects.evaluated > rules.subject_threshold
)

select
    finding_key,
    rule_code,
    subject_kind,
    subject_code,
    hierarchy_code,
    area_code,
    facility_code,
    period,
    measure_code,
    coalesce(indicator_code, affects_indicator) as indicator_code,
    violations,
    evaluated,
    value,
    expected,
    severity,
    effect,
    {% for language in ['vi', 'en'] -%}
    replace(replace(replace(replace(
        detail_{{ language }},
        '{violations}', {{ number_text('violations', language) }}),
        '{evaluated}', {{ number_text('evaluated', language) }}),
        '{value}', coalesce({{ number_text('value', language) }}, '-')),
        '{expected}', coalesce({{ number_text('expected', language) }}, '-')) as detail_{{ language }}{{ ',' if not loop.last }}
    {% endfor %}
from found
order by finding_key
