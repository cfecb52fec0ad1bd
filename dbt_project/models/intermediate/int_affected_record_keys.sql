-- Keys whose current version may be another one now.
{{ affected_keys(ref('stg_lake__dose_records'), 'record_key') }}
