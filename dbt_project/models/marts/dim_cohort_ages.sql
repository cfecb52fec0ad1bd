select * from {{ ref('cohort_ages') }}
