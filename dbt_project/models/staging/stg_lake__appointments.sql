select * from {{ lake('appointments') }}
