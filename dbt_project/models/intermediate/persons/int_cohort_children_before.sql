-- Children as the last build left them, of the persons that this build makes again.
{{ rows_before('int_cohort_children', {
    'person_key': 'varchar', 'birth_date': 'date', 'birth_at': 'timestamp', 'source_code': 'varchar',
    'cohort_age_code': 'varchar', 'reach_date': 'date', 'month': 'date', 'residence_unit_code': 'varchar',
    'care_unit_code': 'varchar', 'is_protected_at_birth': 'boolean'
}) }}
