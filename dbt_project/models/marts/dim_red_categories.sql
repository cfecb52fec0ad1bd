select * from {{ ref('red_categories') }}
