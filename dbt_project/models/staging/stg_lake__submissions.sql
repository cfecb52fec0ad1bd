select * from {{ lake('submissions') }}
