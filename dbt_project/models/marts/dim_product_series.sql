select * from {{ ref('product_series') }}
