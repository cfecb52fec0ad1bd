select * from {{ ref('rejection_reasons') }}
