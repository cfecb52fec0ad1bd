-- Children as the last build left them, of the persons that this build makes again.
{{ rows_before('int_cohort_children', {
    'person_key': 'string', 'birth_date': 'date', 'birth_at': 'timestamp', 'source_code': 'string',
    'cohort_age_code': 'string', 'reach_date': 'date', 'month': 'date', 'residence_unit_code': 'string',
    'care_unit_code': 'string', 'is_protected_at_birth': 'boolean'
}) }}
