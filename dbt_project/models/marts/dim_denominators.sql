select * from {{ ref('denominators') }}
