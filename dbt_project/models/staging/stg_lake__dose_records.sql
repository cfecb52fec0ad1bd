select * from {{ lake('dose_records') }}
{{ known_by_then('version_at') }}
