select * from {{ ref('reporting_deadlines') }}
