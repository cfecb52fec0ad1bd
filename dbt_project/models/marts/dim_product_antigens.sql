select * from {{ ref('product_antigens') }}
