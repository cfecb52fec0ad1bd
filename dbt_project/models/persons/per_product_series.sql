select product_code, series_code
from {{ ref('product_series') }}
