select * from {{ ref('breakdown_categories') }}
