select * from {{ lake('appointments') }}
{{ known_by_then('version_at') }}
