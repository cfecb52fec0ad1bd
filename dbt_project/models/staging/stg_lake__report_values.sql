select * from {{ lake('report_values') }}
{{ known_by_then('version_at') }}
