select * from {{ lake('rejected_rows') }}
