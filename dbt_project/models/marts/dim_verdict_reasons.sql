select * from {{ ref('verdict_reasons') }}
