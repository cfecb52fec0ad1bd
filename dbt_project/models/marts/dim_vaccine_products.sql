select * from {{ ref('vaccine_products') }}
