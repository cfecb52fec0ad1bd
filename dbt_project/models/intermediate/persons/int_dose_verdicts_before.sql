-- Verdicts as the last build left them, of the persons that this build makes again: what differs shows which months
-- are to be counted again.
{{ rows_before('int_dose_verdicts', {
    'person_key': 'varchar', 'event_key': 'varchar', 'series_code': 'varchar', 'given_date': 'date', 'unit_code': 'varchar',
    'status': 'varchar', 'valid_dose_number': 'integer', 'dose_number': 'integer', 'given_at': 'timestamp',
    'is_flagged_within_24h': 'boolean', 'source_code': 'varchar'
}) }}
