select * from {{ lake('report_values') }}
