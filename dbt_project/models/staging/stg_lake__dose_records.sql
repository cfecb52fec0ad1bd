select * from {{ lake('dose_records') }}
