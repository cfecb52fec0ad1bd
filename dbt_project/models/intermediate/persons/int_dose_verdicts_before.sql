-- Verdicts as the last build left them, of the persons that this build makes again: what differs shows which months
-- are to be counted again.
{{ rows_before('int_dose_verdicts', {
    'person_key': 'string', 'event_key': 'string', 'series_code': 'string', 'given_date': 'date', 'unit_code': 'string',
    'status': 'string', 'valid_dose_number': 'integer', 'dose_number': 'integer', 'given_at': 'timestamp',
    'is_flagged_within_24h': 'boolean', 'source_code': 'string'
}) }}
